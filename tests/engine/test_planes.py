"""Planes that lie one upon another."""

import pytest
import torch
from torch.nn import functional

from engine.planes import _averaged_by_products, averaged, largest


@pytest.mark.parametrize(
    ("sides", "wanted"), [((7, 9), (3, 4)), ((32, 40), (32, 32)), ((5, 6), (8, 9)), ((8, 4), (4, 2))]
)
def test_means_over_parts_are_those_of_torch(sides: tuple[int, int], wanted: tuple[int, int]) -> None:
    planes = torch.rand(2, 3, *sides, generator=torch.Generator().manual_seed(0))
    expected = functional.adaptive_avg_pool2d(planes, wanted)
    assert torch.equal(averaged(planes, *wanted), expected)
    assert torch.allclose(_averaged_by_products(planes, *wanted), expected, atol=1e-6)


def test_the_largest_is_that_of_argmax_and_the_first_of_equals() -> None:
    planes = torch.rand(2, 300, 5, 7, generator=torch.Generator().manual_seed(0)).mul(8).round()
    found = largest(planes)
    assert torch.equal(planes.gather(1, found[:, None])[:, 0], planes.amax(1))
    equal = (planes == planes.amax(1, keepdim=True)).float()
    assert torch.equal(found, (equal * torch.arange(300, 0, -1)[:, None, None]).argmax(1))


def test_one_plane_is_the_largest_everywhere() -> None:
    assert not largest(torch.ones(1, 3, 4)).any()
