"""C that comes with the program, built by the machine's own compiler, once. Silent where there is none.

Nothing must fail for want of a compiler: `library` answers None on any trouble, and whoever calls compiled code has the
same computation in plain torch, with which it has been compared.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
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
    ("-O3", "-march=native", "-fopenmp-simd", "-ffp-contract=fast", "-fno-math-errno"),
    ("-O3", "-march=native"),
    ("-O2",),
)


def library(
    package: str,
    name: str,
    cache: Path | None = None,
    compiler: str | None = None,
    parts: Sequence[str] = (),
) -> ctypes.CDLL | None:
    """`name`.c of a package of the program, compiled, from the cache where it was built before; None where it can not
    be had. vectors.c, which all of them compute with, goes before it.

    Args:
        parts: several files instead, read as one: `name`_`part`.c each.
        cache: folder for the library; the user's cache folder by default.
        compiler: name or path; by default $CC, cc, gcc or clang, whichever is found first.
    """
    names = (compiler,) if compiler else (os.environ.get("CC", ""), "cc", "gcc", "clang")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None or platform.system() == "Windows":
        return None
    own = [f"{name}_{part}.c" for part in parts] or [f"{name}.c"]
    sources = [files("engine").joinpath("vectors.c"), *(files(package).joinpath(file) for file in own)]
    source = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    folder = cache or Path(platformdirs.user_cache_dir("Tessera"))
    mark = hashlib.sha256("\n".join((source, found, platform.machine(), _processor())).encode()).hexdigest()[:16]
    path = folder / f"{name}-{mark}.so"
    with suppress(OSError, NoRoomError, subprocess.SubprocessError):
        if not path.exists():
            _compile(found, source, path)
        return ctypes.CDLL(str(path))
    return None


def pointer(tensor: Tensor | None) -> ctypes.c_void_p:
    """Where a dense tensor begins in memory."""
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


class Bands:
    """Calls compiled code for bands of rows side by side, on as many threads as torch uses at the moment."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(2, usable()), thread_name_prefix=self._name)

    @staticmethod
    def edges(rows: int) -> list[int]:
        """Where bands begin now, and `rows`; there are never more of them than torch has threads."""
        count = max(1, min(torch.get_num_threads(), rows))
        return [rows * i // count for i in range(count + 1)]

    def run(self, part: Callable[[int, int, int], None], rows: int, edges: Sequence[int] | None = None) -> None:
        """Calls `part` with the number of a band and its first row and the one after its last, once for each band.

        The first is done by this thread.

        Args:
            edges: those that were asked for before, where something was made ready for each band.
        """
        edges = self.edges(rows) if edges is None else edges
        others = [self._threads.submit(part, i, edges[i], edges[i + 1]) for i in range(1, len(edges) - 1)]
        part(0, edges[0], edges[1])
        for other in others:
            other.result()


def _compile(compiler: str, source: str, path: Path) -> None:
    with replacing(path) as temporary:
        for flags in _FLAGS:
            command = [compiler, *flags, "-shared", "-fPIC", "-x", "c", "-", "-o", str(temporary), "-lm"]
            done = subprocess.run(command, input=source, text=True, capture_output=True, timeout=60, check=False)
            if done.returncode == 0:
                return
        raise OSError(f"the compiler could not build {path.name}")


def _processor() -> str:
    """What `-march=native` depends on: a cache on a network share may be read by another processor."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return platform.processor()
