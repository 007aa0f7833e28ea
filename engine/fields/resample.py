"""Planes at another scale: cubic interpolation of any box, which crops of it agree with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.box import Box

_REACH = 2
"""Pixels to each side that the cubic kernel reads where it enlarges."""


@dataclass(frozen=True)
class Zoom:
    """How a plane lies on another one: the middle of its pixel p is at (p + 0.5) / scale + origin there.

    Args:
        down, right: how many of its pixels there are to one of the other, more than 0.
        top, left: where it begins, in pixels of the other.
    """

    down: float
    right: float
    top: float = 0.0
    left: float = 0.0

    @property
    def is_identity(self) -> bool:
        return self == Zoom(1.0, 1.0)

    @property
    def keeps_scale(self) -> bool:
        return self.down == 1.0 and self.right == 1.0


def needed(box: Box, zoom: Zoom) -> Box:
    """The box of the other plane that `resampled` reads for a box of this one."""
    (top, bottom), (left, right) = (
        _span(start, count, scale, origin)
        for start, count, scale, origin in (
            (box.top, box.height, zoom.down, zoom.top),
            (box.left, box.width, zoom.right, zoom.left),
        )
    )
    return Box(top, left, bottom - top, right - left)


def resampled(plane: Tensor, at: Box, box: Box, zoom: Zoom) -> Tensor:
    """Catmull and Rom's cubic: each pixel from 4 x 4 where it enlarges, from as many more as it shrinks.

    The weights of a pixel add up to 1 and may be negative. Tap by tap, always in the same order, so that a value does
    not depend on the box that it is asked in.

    Args:
        plane: float [C, h, w], which lies at `at` of the other plane, around `needed(box, zoom)`.

    Returns:
        [C, box.height, box.width]
    """
    if zoom.is_identity:
        rows, columns = box.within(at)
        return plane[:, rows, columns]
    lines = None
    for index, weight in _taps(box.top, box.height, at.top, zoom.down, zoom.top):
        part = plane[:, index.to(plane.device)] * weight.to(plane.device)[:, None]
        lines = part if lines is None else lines.add_(part)  # [C, h', w]
    assert lines is not None
    image = None
    for index, weight in _taps(box.left, box.width, at.left, zoom.right, zoom.left):
        part = lines[:, :, index.to(plane.device)] * weight.to(plane.device)
        image = part if image is None else image.add_(part)
    assert image is not None
    return image


def _span(start: int, count: int, scale: float, origin: float) -> tuple[int, int]:
    """From the first to behind the last place that is read."""
    stretch, taps = _kernel(scale)

    def first(place: int) -> int:
        return math.floor((place + 0.5) / scale + origin - 0.5 - _REACH * stretch) + 1

    return first(start), first(start + max(0, count - 1)) + taps


def _kernel(scale: float) -> tuple[float, int]:
    """How much wider the kernel is than where it enlarges, and its taps."""
    stretch = max(1.0, 1 / scale)
    return stretch, 2 * _REACH if stretch == 1.0 else math.ceil(2 * _REACH * stretch)


def _taps(start: int, count: int, origin_px: int, scale: float, origin: float) -> list[tuple[Tensor, Tensor]]:
    """Indices into the other plane and weights, both [count], of all neighbours."""
    stretch, taps = _kernel(scale)
    centre = (torch.arange(start, start + count, dtype=torch.float64) + 0.5) / scale + origin - 0.5
    first = (centre - _REACH * stretch).floor() + 1
    index = first + torch.arange(taps, dtype=torch.float64)[:, None]  # [taps, count]
    weight = _cubic((index - centre) / stretch)
    weight = (weight / weight.sum(0)).float()
    return list(zip(index.long() - origin_px, weight, strict=True))


def _cubic(x: Tensor) -> Tensor:
    """Catmull and Rom's kernel: 1 at 0, 0 at all other whole numbers and beyond 2."""
    x = x.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((2.5 - 0.5 * x) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
