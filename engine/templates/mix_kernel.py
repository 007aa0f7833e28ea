"""The compiled mixture: builds mix.c with the machine's C compiler, once, and calls it. Silent where there is none.

Training must never fail for want of a compiler, so `load` answers None on any trouble, and what it gives has been
compared with the plain formula. No torch operators live here.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import platformdirs
import torch
from torch import Tensor

from engine.cores import usable
from engine.errors import NoRoomError
from engine.files import replacing

_FLAGS = (
    ("-O3", "-march=native", "-fopenmp-simd", "-ffp-contract=fast"),
    ("-O3", "-march=native"),
    ("-O2",),
)


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
            *(ctypes.byref(self._struct(memory, weights)), _pointer(weights), ctypes.c_float(inverse_temperature)),
            *(_pointer(collage), _pointer(entropy), _pointer(usage)),
        )
        if entropy is None or usage is None:
            return collage, None, None, None
        variation = weights.new_empty(b * h, 2)
        struct = ctypes.byref(self._struct(memory, weights))
        self._banded(self._library.mix_variation, b * h, 0, struct, _pointer(weights), _pointer(variation))
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
            *(ctypes.byref(self._struct(memory, weights)), _pointer(weights), ctypes.c_float(inverse_temperature)),
            *(_pointer(d_collage), ctypes.c_float(d_entropy), *(ctypes.c_float(d) for d in d_variation)),
            *(_pointer(d_usage), _pointer(gradient)),
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
                *((_pointer(scratch[i]),) if scratch_floats else ()),
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
        cache: folder for the library; the user's cache folder by default.
        compiler: name or path; by default $CC, cc, gcc or clang, whichever is found first.
    """
    names = (compiler,) if compiler else (os.environ.get("CC", ""), "cc", "gcc", "clang")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None or platform.system() == "Windows":
        return None
    source = files("engine.templates").joinpath("mix.c").read_text(encoding="utf-8")
    folder = cache or Path(platformdirs.user_cache_dir("Tessera"))
    mark = hashlib.sha256("\n".join((source, found, platform.machine(), _processor())).encode()).hexdigest()[:16]
    path = folder / f"mix-{mark}.so"
    with suppress(OSError, NoRoomError, subprocess.SubprocessError):
        if not path.exists():
            _compile(found, source, path)
        return MixKernel(_typed(ctypes.CDLL(str(path))))
    return None


def _compile(compiler: str, source: str, path: Path) -> None:
    with replacing(path) as temporary:
        for flags in _FLAGS:
            command = [compiler, *flags, "-shared", "-fPIC", "-x", "c", "-", "-o", str(temporary), "-lm"]
            done = subprocess.run(command, input=source, text=True, capture_output=True, timeout=60, check=False)
            if done.returncode == 0:
                return
        raise OSError("the compiler could not build the mixture")


def _typed(library: ctypes.CDLL) -> ctypes.CDLL:
    for name in ("mix_forward", "mix_variation", "mix_backward"):
        getattr(library, name).restype = None
    return library


def _processor() -> str:
    """What `-march=native` depends on: a cache on a network share may be read by another processor."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return platform.processor()


def _pointer(tensor: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())
