"""Painters of an export: a method that is asked for tiles, on a device that may be too small for them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from engine.box import Box
from engine.device import empty_cache
from engine.errors import OutOfMemoryError
from engine.fields.artwork import Artwork


class PatientRenderer:
    """Paints tiles; where the device's memory does not hold them, in quarters, and at last on the CPU.

    Args:
        artwork: what is painted.
        on_cpu: the same on the CPU; None where it is there already.
        say: is told, once each, that tiles are split, and that the CPU has taken over.
    """

    def __init__(self, artwork: Artwork, on_cpu: Callable[[], Artwork] | None, say: Callable[[str], None]) -> None:
        self._artwork, self._on_cpu, self._say = artwork, on_cpu, say
        self._said = False

    def __call__(self, box: Box) -> Tensor:
        """float32 [3, h, w], 0..1. Raises OutOfMemoryError: not even the CPU can."""
        picture = None
        try:
            picture = self._paint(box)
        except OutOfMemoryError:
            if self._on_cpu is None:
                raise
        if picture is None:  # outside the except block, so that the failed attempt's tensors are free
            device = self._artwork.method.device
            assert self._on_cpu is not None
            self._artwork, self._on_cpu = self._on_cpu(), None
            empty_cache(device)
            self._say(f"{device} has too little memory for this picture, so the rest is painted on the CPU, slowly.")
            picture = self._paint(box)
        if not self._said and self._artwork.too_large_px < math.inf:
            self._said = True
            self._say("There is little memory left, so tiles are painted in smaller pieces. The picture is the same.")
        return picture

    def _paint(self, box: Box) -> Tensor:
        with torch.no_grad():
            return self._artwork.at(box)
