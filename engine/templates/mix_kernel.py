"""The compiled mixture: calls mix.c, which compiled.py builds, on as many threads as torch uses.

Where it can not be built, atlas.py has the same in plain torch, with which it has been compared. No torch operators
live here.
"""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from engine import compiled
from engine.compiled import pointer
from engine.cores import usable


class _Memory(ctypes.Structure):
    _fields_ = (
        ("atlas", ctypes.c_void_p),
        ("row", ctypes.c_void_p),
        ("column", ctypes.c_void_p),
        ("templates", ctypes.c_int64),
        ("height", ctypes.c_int64),
        ("width", ctypes.c_int64),
    )


class MixKernel:
    """Bands of rows of mix.c on as many threads as torch uses at the moment. Tensors are dense, on the CPU."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(2, usable()), thread_name_prefix="mix")

    def forward(
        self, memory: tuple[Tensor, Tensor, Tensor], weights: Tensor, inverse_temperature: float, measure: bool
    ) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
        """Turns logits `weights` float32 [B, N, H, W] into the mixture, in place.

        Args:
            memory: atlas int32 [P], where rows begin int64 [B, N, H], columns int32 [B, N, W].
            measure: also take the sums for the regularisers.

        Returns:
            collage [B, 3, H, W]; and, where measured, sums: entropy [], variation [2] (right, lower), usage [B, N].
        """
        b, n, h, w = weights.shape
        collage = weights.new_empty(b, 3, h, w)
        entropy = weights.new_empty(b * h) if measure else None
        usage = weights.new_empty(b, h, n) if measure else None
        self._banded(
            self._library.mix_forward,
            b * h,
            2 * w,
            *(ctypes.byref(self._struct(memory, weights)), pointer(weights), ctypes.c_float(inverse_temperature)),
            *(pointer(collage), pointer(entropy), pointer(usage)),
        )
        if entropy is None or usage is None:
            return collage, None, None, None
        variation = weights.new_empty(b * h, 2)
        struct = ctypes.byref(self._struct(memory, weights))
        self._banded(self._library.mix_variation, b * h, 0, struct, pointer(weights), pointer(variation))
        return collage, entropy.sum(), variation.sum(0), usage.sum(1)

    def backward(
        self,
        memory: tuple[Tensor, Tensor, Tensor],
        weights: Tensor,
        inverse_temperature: float,
        d_collage: Tensor,
        d_entropy: float,
        d_variation: tuple[float, float],
        d_usage: Tensor,
    ) -> Tensor:
        """The gradient of the logits [B, N, H, W], given those of what `forward` returned."""
        b, _, h, w = weights.shape
        gradient = torch.empty_like(weights)
        self._banded(
            self._library.mix_backward,
            b * h,
            w,
            *(ctypes.byref(self._struct(memory, weights)), pointer(weights), ctypes.c_float(inverse_temperature)),
            *(pointer(d_collage), ctypes.c_float(d_entropy), *(ctypes.c_float(d) for d in d_variation)),
            *(pointer(d_usage), pointer(gradient)),
        )
        return gradient

    def _struct(self, memory: tuple[Tensor, Tensor, Tensor], weights: Tensor) -> _Memory:
        atlas, row, column = memory
        _, n, h, w = weights.shape
        return _Memory(atlas.data_ptr(), row.data_ptr(), column.data_ptr(), n, h, w)

    def _banded(self, function, rows: int, scratch_floats: int, *arguments) -> None:
        count = min(torch.get_num_threads(), rows)
        edges = [rows * i // count for i in range(count + 1)]
        scratch = torch.empty(count, max(1, scratch_floats))
        calls = [
            (
                *arguments,
                *((pointer(scratch[i]),) if scratch_floats else ()),
                *(ctypes.c_int64(edge) for edge in edges[i : i + 2]),
            )
            for i in range(count)
        ]
        others = [self._threads.submit(function, *call) for call in calls[1:]]
        function(*calls[0])
        for other in others:
            other.result()


def load(cache: Path | None = None, compiler: str | None = None) -> MixKernel | None:
    """The compiled kernel, from the cache where it was built before; None where it can not be had.

    Args:
        cache, compiler: see `compiled.library`.
    """
    found = compiled.library("engine.templates", "mix", cache, compiler)
    return None if found is None else MixKernel(_typed(found))


def _typed(library: ctypes.CDLL) -> ctypes.CDLL:
    for name in ("mix_forward", "mix_variation", "mix_backward"):
        getattr(library, name).restype = None
    return library
