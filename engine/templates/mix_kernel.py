"""The mixture in one pass over memory: what such a kernel is, and that of the processor.

It calls mix.c, which compiled.py builds, on as many threads as torch uses; mix_triton.py has that of graphics cards.
Where there is none, mixture.py has the same in plain torch, with which both have been compared.
"""

from __future__ import annotations

import ctypes
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from engine import compiled
from engine.compiled import Bands, pointer

Memory = tuple[Tensor, Tensor, Tensor]
"""Atlas int32 [P], where rows begin int64 [B, N, H], columns int32 [B, N, W]."""
Measured = tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]
"""Collage, and the sums entropy, variation and usage where they were asked for: see `MixKernel.forward`."""


class _Memory(ctypes.Structure):
    _fields_ = (
        ("atlas", ctypes.c_void_p),
        ("row", ctypes.c_void_p),
        ("column", ctypes.c_void_p),
        ("templates", ctypes.c_int64),
        ("height", ctypes.c_int64),
        ("width", ctypes.c_int64),
    )


class MixKernel(ABC):
    """The mixture and its gradient. Tensors are dense, on a device of `device_type`."""

    device_type: ClassVar[str]

    @abstractmethod
    def forward(self, memory: Memory, weights: Tensor, inverse_temperature: float | Tensor, measure: bool) -> Measured:
        """Turns logits `weights` float32 [B, N, H, W] into the mixture, in place.

        Args:
            inverse_temperature: may be a tensor [], float32, on a card.
            measure: also take the sums for the regularisers.

        Returns:
            collage [B, 3, H, W]; and, where measured, sums: entropy [], variation [2] (right, lower), usage [B, N].
        """

    @abstractmethod
    def backward(
        self,
        memory: Memory,
        weights: Tensor,
        inverse_temperature: float | Tensor,
        d_collage: Tensor,
        d_sums: Tensor,
        d_usage: Tensor,
        spend: bool = False,
    ) -> Tensor:
        """The gradient of the logits [B, N, H, W], given those of what `forward` returned.

        Args:
            weights: the mixture, as `forward` left it.
            d_collage: float32 [B, 3, H, W].
            d_sums: float32 [3], of the entropy and of the variation to the right and downwards.
            d_usage: float32 [B, N].
            spend: nobody reads `weights` afterwards, so that the gradient may take their place in memory.
        """


class CompiledMixKernel(MixKernel):
    """Bands of rows of mix.c on as many threads as torch uses at the moment."""

    device_type = "cpu"

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._bands = Bands("mix")

    def forward(self, memory: Memory, weights: Tensor, inverse_temperature: float | Tensor, measure: bool) -> Measured:
        b, n, h, w = weights.shape
        collage = weights.new_empty(b, 3, h, w)
        entropy = weights.new_empty(b * h) if measure else None
        usage = weights.new_empty(b, h, n) if measure else None
        self._banded(
            self._library.mix_forward,
            b * h,
            self._scratch_floats(memory, weights),
            *(
                ctypes.byref(self._struct(memory, weights)),
                pointer(weights),
                ctypes.c_float(float(inverse_temperature)),
            ),
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
        memory: Memory,
        weights: Tensor,
        inverse_temperature: float | Tensor,
        d_collage: Tensor,
        d_sums: Tensor,
        d_usage: Tensor,
        spend: bool = False,
    ) -> Tensor:
        b, n, h, w = weights.shape
        gradient = weights if spend else torch.empty_like(weights)
        edges = self._bands.edges(b * h)
        bands = len(edges) - 1
        # Rows that a band looks at and the one beside it overwrites.
        above = [_row(weights, first - 1) if spend and first % h else None for first in edges[:-1]]
        below = [_row(weights, last) if spend and last % h else None for last in edges[1:]]
        delayed = [torch.empty(2, n, w) if spend else None for _ in range(bands)]
        scratch = torch.empty(bands, self._scratch_floats(memory, weights))
        shared = (
            ctypes.byref(self._struct(memory, weights)),
            *(pointer(weights), ctypes.c_float(float(inverse_temperature)), pointer(d_collage)),
            *(ctypes.c_float(each) for each in d_sums.tolist()),
            *(pointer(d_usage), pointer(gradient)),
        )

        def part(band: int, begin: int, end: int) -> None:
            own = (delayed[band], above[band], below[band], scratch[band])
            limits = (ctypes.c_int64(begin), ctypes.c_int64(end))
            self._library.mix_backward(*shared, *(pointer(each) for each in own), *limits)

        self._bands.run(part, b * h, edges)
        return gradient

    def _struct(self, memory: Memory, weights: Tensor) -> _Memory:
        atlas, row, column = memory
        _, n, h, w = weights.shape
        return _Memory(atlas.data_ptr(), row.data_ptr(), column.data_ptr(), n, h, w)

    def _scratch_floats(self, memory: Memory, weights: Tensor) -> int:
        return self._library.mix_scratch_floats(ctypes.byref(self._struct(memory, weights)))

    def _banded(self, function: Callable[..., None], rows: int, scratch_floats: int, *arguments: Any) -> None:
        scratch = torch.empty(min(torch.get_num_threads(), rows), max(1, scratch_floats))

        def part(band: int, begin: int, end: int) -> None:
            room = (pointer(scratch[band]),) if scratch_floats else ()
            function(*arguments, *room, ctypes.c_int64(begin), ctypes.c_int64(end))

        self._bands.run(part, rows)


def _row(weights: Tensor, line: int) -> Tensor:
    """A copy of a row of all templates, [N, W], counted through the samples."""
    height = weights.shape[2]
    return weights[line // height, :, line % height].clone(memory_format=torch.contiguous_format)


def load(cache: Path | None = None, compiler: str | None = None) -> CompiledMixKernel | None:
    """The compiled kernel, from the cache where it was built before; None where it can not be had.

    Args:
        cache, compiler: see `compiled.library`.
    """
    found = compiled.library("engine.templates", "mix", cache, compiler)
    return None if found is None else CompiledMixKernel(_typed(found))


def _typed(library: ctypes.CDLL) -> ctypes.CDLL:
    for name in ("mix_forward", "mix_variation", "mix_backward"):
        getattr(library, name).restype = None
    library.mix_scratch_floats.restype = ctypes.c_int64
    return library
