"""Noise as a Field: a hash of (seed, channel, row, column), so that any box can be asked for, in any order.

No generator has to be run up to a place; what lies at a place never depends on the box that it is asked in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.box import Box

_MASK = 0xFFFFFFFF


class NoiseField:
    """Uniform noise in [-1, 1), each value independent of all others.

    Args:
        channels: C.
        seed: any integer; other seeds give other noise.
        period: (height, width) after which it repeats, for seamless repeats; None never repeats.
    """

    def __init__(self, channels: int, seed: int, device: torch.device, period: tuple[int, int] | None = None) -> None:
        self.channels, self.seed, self.device, self.period = channels, seed, device, period

    def at(self, box: Box) -> Tensor:
        """The noise of any box of the plane, float32 [C, h, w]."""
        rows = torch.arange(box.top, box.bottom, device=self.device)  # [h]
        columns = torch.arange(box.left, box.right, device=self.device)  # [w]
        if self.period is not None:
            rows, columns = rows % self.period[0], columns % self.period[1]
        channels = torch.arange(self.channels, device=self.device)  # [C]
        word = _mixed(channels + int(_mixed(torch.tensor(self.seed))))
        word = _mixed(word[:, None] + rows)  # [C, h]
        word = _mixed(word[:, :, None] + columns)  # [C, h, w]
        return (word >> 8).to(torch.float32).mul_(2.0**-23).sub_(1.0)  # [C, h, w]


def constant(channels: int, seed: int, device: torch.device) -> Tensor:
    """[C] uniform values in [-1, 1): noise that is the same all over the canvas."""
    return NoiseField(channels, seed, device).at(Box(0, 0, 1, 1)).flatten()


def between(here: Tensor, there: Tensor, part: float) -> Tensor:
    """Independent noises mixed, 0 to 1 of the way: as large as either all along, where a plain mean would grow flat."""
    return ((1 - part) * here + part * there) / math.sqrt((1 - part) ** 2 + part**2)


NoiseT = TypeVar("NoiseT")


def drifting(noise_of: Callable[[int], NoiseT], seed: int, next_seed: int, part: float) -> NoiseT:
    """Noise of any shape, on the way from one seed to another, 0 to 1."""
    here = noise_of(seed)
    return _all_between(here, noise_of(next_seed), part) if part else here


def _all_between(here: Any, there: Any, part: float) -> Any:
    """Tensors mixed, within lists and named tuples; the rest is where it was."""
    if isinstance(here, Tensor):
        return between(here, there, part)
    if isinstance(here, list):
        return [_all_between(a, b, part) for a, b in zip(here, there, strict=True)]
    if isinstance(here, tuple):
        return type(here)(*(_all_between(a, b, part) for a, b in zip(here, there, strict=True)))
    return here


def _mixed(word: Tensor) -> Tensor:
    """A 32-bit avalanche: every bit of the input changes half of the output's. int64 in, int64 in 0..2^32-1 out."""
    word = (word & _MASK) ^ ((word & _MASK) >> 16)
    word = (word * 0x7FEB352D) & _MASK
    word = word ^ (word >> 15)
    word = (word * 0x846CA68B) & _MASK
    return (word ^ (word >> 16)) + 0x9E3779B9 & _MASK
