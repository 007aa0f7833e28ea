"""The compiled layer norm with a leaky ReLU after it, or scale and shift with one: calls norm.c, on as many threads as
torch uses.

Where it can not be built, layers.py has the same in plain torch, with which it has been compared.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from engine import compiled
from engine.compiled import Bands

_TOGETHER, _MOST_CHANNELS = 256, 1024
"""As norm.c has them."""


class _Normed(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("given", "result", "gradient", "statistics", "scale", "shift", "sums")),
        *((name, ctypes.c_int64) for name in ("channels", "apart")),
        *((name, ctypes.c_float) for name in ("slope", "epsilon")),
        *((name, ctypes.c_int32) for name in ("narrow", "plain")),
    )


class NormKernel:
    """Tensors are on the CPU: pixels [B, H, W, C] dense, float32 or bfloat16; scale and shift [C], float32."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._there, self._back = library.norm_forward, library.norm_backward
        self._there.restype = self._back.restype = None
        self._bands = Bands("norm")

    def forward(
        self, x: Tensor, scale: Tensor, shift: Tensor, slope: float, epsilon: float, kept: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Normalised, scaled, shifted, and negative values times the slope.

        Args:
            epsilon: added to variances.
            kept: also give what `backward` needs of the statistics, [P, 2].
        """
        result = torch.empty_like(x)
        statistics = torch.empty(x.numel() // x.shape[-1], 2) if kept else None
        self._call(self._there, x, result, None, statistics, (scale, shift), None, (slope, epsilon))
        return result, statistics

    def scaled(self, x: Tensor, scale: Tensor, shift: Tensor, slope: float) -> Tensor:
        """Scaled and shifted alone, and negative values times the slope."""
        result = torch.empty_like(x)
        self._call(self._there, x, result, None, None, (scale, shift), None, (slope, 0.0), plain=True)
        return result

    def backward(
        self, x: Tensor, gradient: Tensor, statistics: Tensor | None, scale: Tensor, shift: Tensor, slope: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of x, of scale and of shift.

        Args:
            statistics: as `forward` gave them; None for those of `scaled`.
            gradient: of the result; its pixels may lie apart, as those of some channels of a tensor do.
        """
        channels = x.shape[-1]
        result = torch.empty_like(x)
        if not _dense_but_apart(gradient):
            gradient = gradient.contiguous()
        blocks = -(-x.numel() // channels // _TOGETHER)
        sums = torch.empty(blocks, 2, channels)
        gradient, plain = gradient.to(x.dtype), statistics is None
        self._call(self._back, x, result, gradient, statistics, (scale, shift), sums, (slope, 0.0), plain)
        d_scale, d_shift = sums.sum(0)
        return result, d_scale, d_shift

    def _call(self, function, x, result, gradient, statistics, affine, sums, numbers, plain=False) -> None:
        channels = x.shape[-1]
        pixels, apart = x.numel() // channels, channels if gradient is None else gradient.stride(2)
        places = [
            None if each is None else each.data_ptr() for each in (x, result, gradient, statistics, *affine, sums)
        ]
        struct = ctypes.byref(_Normed(*places, channels, apart, *numbers, x.dtype == torch.bfloat16, plain))

        def part(_: int, begin: int, end: int) -> None:
            first, last = (min(edge * _TOGETHER, pixels) for edge in (begin, end))
            function(struct, ctypes.c_int64(first), ctypes.c_int64(last))

        self._bands.run(part, -(-pixels // _TOGETHER))


def _dense_but_apart(gradient: Tensor) -> bool:
    """Whether pixels [B, H, W, C] lie evenly apart, one after another."""
    _, h, w, _ = gradient.shape
    apart = gradient.stride(2)
    return gradient.stride() == (apart * h * w, apart * w, apart, 1)


@cache
def shared() -> NormKernel | None:
    """The one of this process; None where it can not be had."""
    return load()


def load(folder: Path | None = None, compiler: str | None = None) -> NormKernel | None:
    """A compiled kernel; None where it can not be had. See `compiled.library`."""
    found = compiled.library("engine.nn", "norm", folder, compiler)
    return None if found is None else NormKernel(found)


def kernel_for(x: Tensor, scale: Tensor) -> NormKernel | None:
    """What may normalise pixels like these, [B, H, W, C]; None where torch has to."""
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.bfloat16) or scale.dtype != torch.float32:
        return None
    if x.dim() != 4 or not x.is_contiguous() or not x.numel() or x.shape[-1] > _MOST_CHANNELS:
        return None
    return shared()
