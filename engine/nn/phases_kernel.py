"""The compiled way between the phases of a convolution and planes: calls phases.c, on as many threads as torch uses.

Where it can not be built, up_convolution.py has the same as copies of torch, with which it has been compared.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from engine import compiled
from engine.compiled import Bands


class _Turned(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("phases", "planes")),
        *((name, ctypes.c_int64) for name in ("height", "width", "channels", "first", "count")),
        ("narrow", ctypes.c_int32),
    )


class PhasesKernel:
    """Tensors are on the CPU: phases dense [B, h, w, 2, 2, D] in memory, float32 or bfloat16, and planes float32."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._ways = library.phases_to_planes, library.planes_to_phases
        for way in self._ways:
            way.restype = None
        self._bands = Bands("phases")

    def to_planes(self, phases: Tensor, planes: Tensor, first: int) -> None:
        """Fills planes, dense [B, D_i, 2 h, 2 w], with the channels of the phases from `first` on."""
        self._turn(0, phases, planes, first)

    def to_phases(self, planes: Tensor, phases: Tensor, first: int) -> None:
        """The way back: fills channels of the phases."""
        self._turn(1, phases, planes, first)

    def _turn(self, way: int, phases: Tensor, planes: Tensor, first: int) -> None:
        b, h, w, _, _, channels = phases.shape
        assert phases.is_contiguous()
        assert planes.is_contiguous()
        narrow = phases.dtype == torch.bfloat16
        sizes = (h, w, channels, first, planes.shape[1])
        struct = ctypes.byref(_Turned(phases.data_ptr(), planes.data_ptr(), *sizes, narrow))
        self._bands.run(
            lambda _, begin, end: self._ways[way](struct, ctypes.c_int64(begin), ctypes.c_int64(end)), b * 2 * h
        )


@cache
def shared() -> PhasesKernel | None:
    """The one of this process; None where it can not be had."""
    return load()


def load(folder: Path | None = None, compiler: str | None = None) -> PhasesKernel | None:
    """A compiled kernel; None where it can not be had. See `compiled.library`."""
    found = compiled.library("engine.nn", "phases", folder, compiler)
    return None if found is None else PhasesKernel(found)


def kernel_for(phases: Tensor) -> PhasesKernel | None:
    """What may turn phases like these, dense [B, h, w, 2, 2, D]; None where torch has to."""
    if phases.device.type != "cpu" or phases.dtype not in (torch.float32, torch.bfloat16):
        return None
    return shared() if phases.is_contiguous() else None
