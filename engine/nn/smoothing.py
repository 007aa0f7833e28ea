"""Decisions averaged over their surroundings, so that pieces stay whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

_REACH = 3.0
"""Deviations; beyond, the Gaussian counts as nothing."""


def reach_px(deviation_px: float) -> int:
    """How far a pixel is felt."""
    return math.ceil(_REACH * deviation_px)


def smoothed(planes: Tensor, deviation_px: float) -> Tensor:
    """[B, K, H, W] under a Gaussian window, float32; beyond the edges they go on. The same planes where it is 0."""
    radius = reach_px(deviation_px)
    if not radius:
        return planes
    places = torch.arange(-radius, radius + 1, device=planes.device, dtype=torch.float32)
    window = torch.exp(-0.5 * (places / deviation_px) ** 2)  # [2 r + 1]
    window = window / window.sum()
    with torch.autocast(planes.device.type, enabled=False):
        shares = window.tolist()
        x = functional.pad(planes.float(), (radius, radius, 0, 0), mode="replicate")
        x = _summed(x, shares, 3)
        return _summed(functional.pad(x, (0, 0, radius, radius), mode="replicate"), shares, 2)


def _summed(x: Tensor, shares: list[float], axis: int) -> Tensor:
    """A plane's neighbours along an axis, each by its share: several times faster than a convolution of one channel."""
    length = x.shape[axis] - len(shares) + 1
    total = x.narrow(axis, 0, length) * shares[0]
    for place, share in enumerate(shares[1:], 1):
        total.add_(x.narrow(axis, place, length), alpha=share)
    return total
