"""Freed memory stays with the program while it works, and goes back when asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine import heap

KEEPS = """
import ctypes
from pathlib import Path
from engine import heap

def held_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

heap.keep_freed()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
before, size = held_bytes(), 200 * 2**20
block = libc.malloc(size)
ctypes.memset(block, 1, size)
libc.free(block)
kept = held_bytes() - before
heap.give_back()
print(kept > size * 0.9, held_bytes() - before < size * 0.1)
"""


@pytest.mark.skipif(heap._glibc() is None, reason="this system's C library keeps memory by its own rules")
def test_freed_memory_is_kept_and_given_back() -> None:
    said = subprocess.run([sys.executable, "-c", KEEPS], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "True"]
