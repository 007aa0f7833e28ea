"""Networks are pulled back to what they were when the anchor was dropped, by the part of the way that is asked for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.methods.magic.anchor import Anchor


def moved() -> tuple[Anchor, nn.Linear, torch.Tensor, torch.Tensor]:
    """A network away from its anchor, and its weights there and here."""
    network, anchor = nn.Linear(3, 2), Anchor()
    anchor.drop({"known": network})
    there = network.weight.detach().clone()
    with torch.no_grad():
        network.weight.add_(1.0)
    return anchor, network, there, network.weight.detach().clone()


@pytest.mark.parametrize("part", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_it_goes_a_part_of_the_way(part: float, as_tensor: bool) -> None:
    """A step that a card has captured reads it from a tensor."""
    anchor, network, there, here = moved()
    anchor.pull("known", network, torch.tensor(part) if as_tensor else part)
    torch.testing.assert_close(network.weight.detach(), here + part * (there - here))


def test_what_it_does_not_know_stays() -> None:
    anchor, network, _, here = moved()
    anchor.pull("other", network, 1.0)
    assert network.weight.equal(here)


def test_it_stays_where_it_was_dropped_and_learns_nothing() -> None:
    anchor, network, there, _ = moved()
    for _ in range(60):
        anchor.pull("known", network, 0.5)
    torch.testing.assert_close(network.weight.detach(), there)
    assert network.weight.requires_grad
