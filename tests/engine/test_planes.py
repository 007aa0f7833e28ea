"""Planes that lie one upon another."""

import torch

from engine.planes import largest


def test_the_largest_is_that_of_argmax_and_the_first_of_equals() -> None:
    planes = torch.rand(2, 300, 5, 7, generator=torch.Generator().manual_seed(0)).mul(8).round()
    found = largest(planes)
    assert torch.equal(planes.gather(1, found[:, None])[:, 0], planes.amax(1))
    equal = (planes == planes.amax(1, keepdim=True)).float()
    assert torch.equal(found, (equal * torch.arange(300, 0, -1)[:, None, None]).argmax(1))


def test_one_plane_is_the_largest_everywhere() -> None:
    assert not largest(torch.ones(1, 3, 4)).any()
