"""Planes at a larger scale: smooth interpolation of any box, which crops of it agree with."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.box import Box


def needed(box: Box, down: float, right: float) -> Box:
    """The box of the small plane that `enlarged` reads for a box of the large one.

    Args:
        down, right: how many large pixels there are to a small one.
    """
    top, bottom = _first(box.top, down) - 1, _first(box.bottom - 1, down) + 3
    left, right_end = _first(box.left, right) - 1, _first(box.right - 1, right) + 3
    return Box(top, left, bottom - top, right_end - left)


def enlarged(plane: Tensor, at: Box, box: Box, down: float, right: float) -> Tensor:
    """Catmull and Rom's cubic interpolation, each pixel from 4 x 4; its weights add up to 1 and may be negative.

    Args:
        plane: float [C, h, w], which lies at `at` of the small plane, around `needed(box, ...)`.

    Returns:
        [C, box.height, box.width]
    """
    lines = None
    for index, weight in _taps(box.top, box.height, at.top, down):
        part = plane[:, index.to(plane.device)] * weight.to(plane.device)[:, None]
        lines = part if lines is None else lines + part  # [C, h', w]
    assert lines is not None
    image = None
    for index, weight in _taps(box.left, box.width, at.left, right):
        part = lines[:, :, index.to(plane.device)] * weight.to(plane.device)
        image = part if image is None else image + part
    assert image is not None
    return image


def _first(place: int, scale: float) -> int:
    return math.floor((place + 0.5) / scale - 0.5)


def _taps(start: int, count: int, origin: int, scale: float) -> list[tuple[Tensor, Tensor]]:
    """Indices into the small plane and weights, both [count], of the four neighbours."""
    centre = (torch.arange(start, start + count, dtype=torch.float64) + 0.5) / scale - 0.5
    first = centre.floor()
    t = centre - first
    weights = (
        ((2 - t) * t - 1) * t / 2,
        (t * t * (3 * t - 5) + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    return [(first.long() + tap - 1 - origin, weight.float()) for tap, weight in enumerate(weights)]
