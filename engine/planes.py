"""What is asked of many planes that lie one upon another."""

from __future__ import annotations

import torch
from torch import Tensor


def largest(planes: Tensor) -> Tensor:
    """Which plane is the largest at each place, the first of equals: [..., N, h, w] to int64 [..., h, w].

    As `argmax`, which takes ten times as long over a dimension whose values do not lie beside one another.
    """
    first, *others = planes.unbind(-3)
    most, index = first.clone(), torch.zeros_like(first, dtype=torch.uint8 if len(others) < 255 else torch.int16)
    for place, plane in enumerate(others, start=1):
        index.masked_fill_(plane > most, place)
        torch.maximum(most, plane, out=most)
    return index.long()
