"""The memory of a processor: freed parts of it stay with the program while it works, and go back when it rests.

glibc gives every large block back to the system when it is freed, and the next one has to be cleared by the system
again, page by page. Where a picture is painted, this takes a quarter of the time. Other C libraries keep blocks by
themselves; there nothing is done.

oneDNN, which computes torch's layers on the processor, keeps what it has made for each kind and size of layer, code and
tables of some 30 KB. A window meets ever new sizes: of crops, views and tiles.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_NEVER_BYTES = 2**31 - 1
"""The largest number that mallopt takes."""
KEPT_LAYERS = 256
"""Kinds and sizes of layers whose code oneDNN keeps; 1,024 by itself."""
_LAYERS_VARIABLES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "DNNL_PRIMITIVE_CACHE_CAPACITY")


def keep_freed() -> None:
    """From now on; called once, when the program starts, before it has threads and before torch computes.

    A thread that is there already may have a heap of its own: it stays, and `give_back` does not reach its free end.
    What the user has set for oneDNN stays as well.
    """
    if not any(name in os.environ for name in _LAYERS_VARIABLES):
        os.environ[_LAYERS_VARIABLES[0]] = str(KEPT_LAYERS)
    if (libc := _glibc()) is not None:
        libc.mallopt(_MMAP_THRESHOLD, 2**30)
        libc.mallopt(_TRIM_THRESHOLD, _NEVER_BYTES)
        # One heap for all threads: those of other threads hold no large blocks, and no trimming shortens them.
        libc.mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """What is free now goes to the system, in some milliseconds."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    with suppress(OSError):
        libc = ctypes.CDLL(None)
        return libc if hasattr(libc, "gnu_get_libc_version") else None
    return None
