"""What is asked of many planes that lie one upon another."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def averaged(planes: Tensor, height: int, width: int) -> Tensor:
    """Means of height x width parts, as equal as they can be: [B, C, H, W] to [B, C, height, width].

    As `adaptive_avg_pool2d`, which Apple's processors only have for sides that the new ones divide (pytorch #96056).
    """
    sides = planes.shape[2:]
    if planes.device.type == "cpu" or not (sides[0] % height or sides[1] % width):
        return functional.adaptive_avg_pool2d(planes, (height, width))
    return _averaged_by_products(planes, height, width)


def _averaged_by_products(planes: Tensor, height: int, width: int) -> Tensor:
    rows, columns = (_parts(*each, planes) for each in zip(planes.shape[2:], (height, width), strict=True))
    with torch.autocast(planes.device.type, enabled=False):
        return rows @ planes.float() @ columns.T


def _parts(side: int, count: int, like: Tensor) -> Tensor:
    """How much each place weighs in each mean, float32 [count, side], on the device of `like`."""
    place, part = torch.arange(side, device=like.device), torch.arange(count, device=like.device)[:, None]
    first, last = part * side // count, ((part + 1) * side + count - 1) // count
    inside = ((place >= first) & (place < last)).float()
    return inside / inside.sum(1, keepdim=True)


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
