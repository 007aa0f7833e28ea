"""Freed memory stays with the program while it works, and goes back when asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from engine import heap

HELD = """
import ctypes
from pathlib import Path
from engine import heap

def held_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

heap.keep_freed()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
before = held_bytes()
"""
"""How many bytes of the machine the process holds, and glibc's own functions."""
KEEPS = """
size = 200 * 2**20
block = libc.malloc(size)
ctypes.memset(block, 1, size)
libc.free(block)
kept = held_bytes() - before
heap.give_back()
print(kept > size * 0.9, held_bytes() - before < size * 0.1)
"""
THREADS = """
import threading

size = 16 * 2**20
together = threading.Barrier(4)

def work():
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    together.wait()  # all of them hold their block now
    libc.free(block)

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
kept = held_bytes() - before
heap.give_back()
print(kept > 4 * size * 0.9, held_bytes() - before < size * 0.5)
"""
LAYERS = """
from engine import heap

heap.keep_freed()
import torch

def made(sizes):
    for size in sizes:
        torch.nn.functional.conv2d(torch.zeros(16, 16, size, 8), torch.zeros(16, 16, 3, 3))
    print("made", flush=True)

sizes = range(8, 8 + heap.KEPT_LAYERS)
made(sizes)
made(sizes[-20:])
made(sizes[:20])
"""
"""Layers of more sizes than are kept; then the newest of them and the oldest again."""


def test_the_code_of_the_newest_layers_is_kept_and_no_more() -> None:
    if not torch.backends.mkldnn.is_available():
        pytest.skip("torch computes without oneDNN here")
    told = os.environ | {"ONEDNN_VERBOSE": "profile_create"}
    for name in heap._LAYERS_VARIABLES:
        told.pop(name, None)
    said = subprocess.run([sys.executable, "-c", LAYERS], capture_output=True, text=True, check=True, env=told).stdout
    many, newest, oldest = (part.count("cache_miss") for part in said.split("\nmade\n")[:3])
    assert many >= 2 * heap.KEPT_LAYERS
    assert newest == 0
    assert oldest >= 20


@pytest.mark.parametrize("name", heap._LAYERS_VARIABLES)
def test_what_the_user_says_of_layers_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in heap._LAYERS_VARIABLES:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "7")
    monkeypatch.setattr(heap, "_glibc", lambda: None)  # the test's own memory stays as it is
    heap.keep_freed()
    assert {os.environ.get(each) for each in heap._LAYERS_VARIABLES} == {"7", None}


@pytest.mark.skipif(heap._glibc() is None, reason="this system's C library keeps memory by its own rules")
@pytest.mark.parametrize("program", [KEEPS, THREADS], ids=["first thread", "others"])
def test_freed_memory_is_kept_and_given_back(program: str) -> None:
    """Of other threads as well: glibc gives each a heap of its own unless told, and no trimming shortens those."""
    said = subprocess.run([sys.executable, "-c", HELD + program], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "True"]
