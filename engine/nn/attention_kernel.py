"""The compiled attention among the elements of a set, with its gradient: calls attention.c, on as many threads as torch
uses.

Where it can not be built, set_attention.py has the same in plain torch, with which it has been compared.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from engine import compiled
from engine.compiled import Bands

_LANES, _ALIGNED_BYTES = 16, 64
"""As vectors.c has them."""
_MOST_SCRATCH_BYTES = 2**21
"""What a thread goes through again and again: about what the second cache of a core holds. Torch is as fast with larger
sets."""


class _Look(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("inward", "gradient", "result")),
        *((name, ctypes.c_int64) for name in ("elements", "pixels", "channels", "heads", "group")),
        ("narrow", ctypes.c_int32),
    )


class AttentionKernel:
    """Tensors are on the CPU, dense, float32 or bfloat16; C is a multiple of the heads."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._there, self._back = library.look_forward, library.look_backward
        self._there.restype = self._back.restype = None
        self._scratch_floats = library.look_scratch_floats
        self._scratch_floats.restype = ctypes.c_int64
        self._bands = Bands("attention")

    def fits(self, count: int, channels: int, heads: int) -> bool:
        """Whether what is between stays in a cache, of sets of K = `count` elements with C channels."""
        look = _Look(None, None, None, count, 1, channels, heads, _group(channels // heads, heads), 0)
        return 4 * self._scratch_floats(ctypes.byref(look)) <= _MOST_SCRATCH_BYTES

    def forward(self, inward: Tensor, heads: int) -> Tensor:
        """softmax_j(q_i k_j / sqrt(d)) v_j in each head, at each pixel: [B, K, P, 3 C] of query, key and value gives
        [B, K, P, C]."""
        b, count, pixels, channels = inward.shape
        result = inward.new_empty(b, count, pixels, channels // 3)
        self._call(self._there, inward, None, result, heads)
        return result

    def backward(self, inward: Tensor, gradient: Tensor, heads: int) -> Tensor:
        """The gradient of `inward`, given that of what `forward` gave."""
        result = torch.empty_like(inward)
        self._call(self._back, inward, gradient.to(inward.dtype).contiguous(), result, heads)
        return result

    def _call(self, function, inward: Tensor, gradient: Tensor | None, result: Tensor, heads: int) -> None:
        assert inward.is_contiguous()
        _, count, pixels, channels = inward.shape
        width = channels // 3
        places = (None if each is None else each.data_ptr() for each in (inward, gradient, result))
        sizes = (count, pixels, width, heads, _group(width // heads, heads))
        struct = ctypes.byref(_Look(*places, *sizes, inward.dtype == torch.bfloat16))
        tiles = len(inward) * -(-pixels // _LANES)
        floats = self._scratch_floats(struct) + _ALIGNED_BYTES // 4
        scratch = torch.empty(max(1, min(torch.get_num_threads(), tiles)), floats)

        def part(band: int, begin: int, end: int) -> None:
            aligned = -(-scratch[band].data_ptr() // _ALIGNED_BYTES) * _ALIGNED_BYTES
            function(struct, ctypes.c_void_p(aligned), ctypes.c_int64(begin), ctypes.c_int64(end))

        self._bands.run(part, tiles)


def _group(width: int, heads: int) -> int:
    """How many heads of `width` channels are taken at a time: the fewest that fill whole vectors, or all."""
    return next((group for group in range(1, heads) if heads % group == 0 and group * width % _LANES == 0), heads)


@cache
def shared() -> AttentionKernel | None:
    """The one of this process; None where it can not be had."""
    return load()


def load(folder: Path | None = None, compiler: str | None = None) -> AttentionKernel | None:
    """A compiled kernel; None where it can not be had. See `compiled.library`."""
    found = compiled.library("engine.nn", "attention", folder, compiler)
    return None if found is None else AttentionKernel(found)


def kernel_for(elements: Tensor, heads: int) -> AttentionKernel | None:
    """What may look among elements [B, K, P, C]; None where torch has to."""
    narrow = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else elements.dtype
    if elements.device.type != "cpu" or narrow not in (torch.float32, torch.bfloat16) or not elements.numel():
        return None
    kernel = shared()
    return kernel if kernel is not None and kernel.fits(elements.shape[1], elements.shape[3], heads) else None
