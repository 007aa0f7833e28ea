"""The compiled part of painting a MAGIC: calls painting_*.c, which compiled.py builds, on as many threads as torch has.

Where it can not be built, and wherever gradients are wanted, set_unet.py, set_attention.py and smoothing.py have the
same in plain torch, with which it has been compared. No torch operators live here.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from engine import compiled
from engine.compiled import pointer
from engine.nn.parts import give_way

_LANES = 16
"""Values that vectors.c computes at a time."""
_PARTS_OF_IT = ("norm", "attention", "smoothing")
_ALIGNED_BYTES = 64
_MOST_CHANNELS = 512
_PARTS = 8
"""Between so many parts of the pixels it gives way."""


class _Attention(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("elements", "result")),
        *((f"weights_{place}", ctypes.c_void_p) for place in range(10)),
        *((name, ctypes.c_int64) for name in ("count", "pixels", "channels", "heads")),
        ("narrow", ctypes.c_int32),
    )


class PaintingKernel:
    """Tensors are on the CPU, float32 or bfloat16 where they hold pixels, float32 where they hold weights."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.attend.restype = library.normalise.restype = None
        library.smooth.restype = library.smooth_back.restype = None
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="paint")

    def attend(self, elements: Tensor, heads: int, weights: tuple[Tensor, ...]) -> Tensor:
        """The attention of `_Attention` in set_attention.py: dense [B, K, P, C] to the same.

        Args:
            weights: those of query, key and value together and their bias, [3 C, C] and [3 C]; of the layer out, of
                the feed-forward one; scale and shift of the norm of what was attended, and of the last one.

        Raises:
            InterruptedPainting: see `parts.giving_way`.
        """
        b, count, pixels, channels = elements.shape
        weights = tuple(weight.contiguous() for weight in weights)  # held until the call is done
        result = torch.empty_like(elements)
        places = (elements.data_ptr(), result.data_ptr(), *(weight.data_ptr() for weight in weights))
        struct = ctypes.byref(_Attention(*places, count, pixels, channels, heads, elements.dtype == torch.bfloat16))
        threads = torch.get_num_threads()
        scratch = torch.empty(threads, (6 * channels + 1) * count * _LANES + _ALIGNED_BYTES // 4)

        def part(thread: int, begin: int, end: int) -> None:
            aligned = -(-scratch[thread].data_ptr() // _ALIGNED_BYTES) * _ALIGNED_BYTES
            edges = (ctypes.c_int64(begin), ctypes.c_int64(end))
            self._library.attend(struct, ctypes.c_void_p(aligned), *edges)

        tiles = b * -(-pixels // _LANES)
        for first, last in zip(_edges(0, tiles, _PARTS)[:-1], _edges(0, tiles, _PARTS)[1:], strict=True):
            give_way()
            self._shared_out(part, first, last, threads)
        return result

    def normalised(
        self,
        x: Tensor,
        scale: Tensor,
        shift: Tensor,
        slope: float,
        norm: bool = True,
        added: Tensor | None = None,
        result: Tensor | None = None,
    ) -> Tensor:
        """Layer norm over channels, scale, shift, and a leaky ReLU: channels_last [B, C, H, W] to the same.

        Args:
            scale, shift: [C].
            slope: of negative values.
            norm: without it only scale and shift.
            added: [1, C, H, W], added to each sample before.
            result: where it is written, like `x`; in its place by default.
        """
        b, _, height, width = x.shape
        assert x.is_contiguous(memory_format=torch.channels_last)
        if added is not None:
            added = added.float().contiguous(memory_format=torch.channels_last)
        result = x if result is None else result
        self._normalise(x, result, added, scale, shift, (b * height, width, height), 1, slope, norm)
        return result

    def enlarged(self, phases: Tensor, scale: Tensor, shift: Tensor, slope: float) -> Tensor:
        """The same of an up-convolution's phases, dense [B, H, W, 4, C], to channels_last [B, C, 2 H, 2 W]."""
        b, height, width, _, channels = phases.shape
        assert phases.is_contiguous()
        result = phases.new_empty(b, 2 * height, 2 * width, channels)
        self._normalise(phases, result, None, scale, shift, (b * height, width, height), 4, slope, True)
        return result.permute(0, 3, 1, 2)

    def smoothed(self, planes: Tensor, shares: Tensor) -> Tensor:
        """Each of [..., H, W] under a window whose rows and columns are `shares` [2 R + 1], float32; edges go on."""
        planes, shares = planes.contiguous(), shares.float().contiguous()
        height, width = planes.shape[-2:]
        radius, threads = len(shares) // 2, torch.get_num_threads()
        result = torch.empty_like(planes, dtype=torch.float32)
        rows = torch.empty(threads, width + 2 * radius + 2 * _LANES)

        def part(thread: int, begin: int, end: int) -> None:
            self._library.smooth(
                *(pointer(tensor) for tensor in (planes, result, shares, rows[thread])),
                *(ctypes.c_int64(number) for number in (height, width, radius)),
                ctypes.c_int32(planes.dtype == torch.bfloat16),
                *(ctypes.c_int64(begin), ctypes.c_int64(end)),
            )

        self._shared_out(part, 0, planes.numel() // max(1, width), threads)
        return result

    def smoothed_back(self, gradient: Tensor, shares: Tensor) -> Tensor:
        """The gradient of what `smoothed` was given, float32, from that of what it gave."""
        gradient, shares = gradient.float().contiguous(), shares.float().contiguous()
        height, width = gradient.shape[-2:]
        radius, threads = len(shares) // 2, torch.get_num_threads()
        result = torch.empty_like(gradient)
        room = torch.empty(threads, (height + 2 * radius + 2) * (width + 4 * radius + 2 * _LANES))

        def part(thread: int, begin: int, end: int) -> None:
            self._library.smooth_back(
                *(pointer(tensor) for tensor in (gradient, result, shares, room[thread])),
                *(ctypes.c_int64(number) for number in (height, width, radius, begin, end)),
            )

        self._shared_out(part, 0, gradient.numel() // max(1, height * width), threads)
        return result

    def _normalise(
        self,
        given: Tensor,
        result: Tensor,
        added: Tensor | None,
        scale: Tensor,
        shift: Tensor,
        size: tuple[int, int, int],
        phases: int,
        slope: float,
        norm: bool,
    ) -> None:
        rows, width, period = size
        scale, shift = scale.float().contiguous(), shift.float().contiguous()
        assert len(scale) <= _MOST_CHANNELS

        def part(_thread: int, begin: int, end: int) -> None:
            self._library.normalise(
                *(pointer(tensor) for tensor in (given, result, added, scale, shift)),
                *(ctypes.c_int64(number) for number in (len(scale), width, period, phases)),
                *(ctypes.c_int32(norm), ctypes.c_float(slope), ctypes.c_int32(given.dtype == torch.bfloat16)),
                *(ctypes.c_int64(begin), ctypes.c_int64(end)),
            )

        self._shared_out(part, 0, rows, torch.get_num_threads())

    def _shared_out(self, part: Callable[[int, int, int], None], begin: int, end: int, threads: int) -> None:
        """Calls `part` for about equal runs, the first of them in this thread."""
        edges = _edges(begin, end, threads)
        others = [self._threads.submit(part, i, edges[i], edges[i + 1]) for i in range(1, threads)]
        part(0, edges[0], edges[1])
        for other in others:
            other.result()


def _edges(begin: int, end: int, count: int) -> list[int]:
    return [begin + (end - begin) * i // count for i in range(count + 1)]


@cache
def shared() -> PaintingKernel | None:
    """The one of this process; None where it can not be had."""
    return load()


def load(folder: Path | None = None, compiler: str | None = None) -> PaintingKernel | None:
    """A compiled kernel; None where it can not be had. See `compiled.library`."""
    found = compiled.library("engine.nn", "painting", folder, compiler, _PARTS_OF_IT)
    return None if found is None else PaintingKernel(found)


def kernel_for(x: Tensor, channels: int) -> PaintingKernel | None:
    """What may compute with pixels like those of `x`: None where gradients are wanted, and where torch has to."""
    if torch.is_grad_enabled() or x.device.type != "cpu" or x.dtype not in (torch.float32, torch.bfloat16):
        return None
    return shared() if channels <= _MOST_CHANNELS else None
