"""How a coordinate goes on beyond the end of an image: repeated or mirrored. Used for templates, masks and contents."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Edge = Literal["wrap", "mirror"]


def tiled_place(place: int, length: int, edge: Edge) -> int:
    """`tiled` of a single coordinate, without the cost of a tensor."""
    if edge == "wrap":
        return place % length
    place %= 2 * length
    return min(place, 2 * length - 1 - place)


def tiled(index: Tensor, length: int | Tensor, edge: Edge) -> Tensor:
    """Maps any integer coordinate into [0, length): by repetition (`wrap`) or by reflection (`mirror`)."""
    if edge == "wrap":
        return index % length
    index = index % (2 * length)
    return torch.minimum(index, 2 * length - 1 - index)
