"""The memory of a processor: freed parts of it stay with the program while it works, and go back when it rests.

glibc gives every large block back to the system when it is freed, and the next one has to be cleared by the system
again, page by page. Where a picture is painted, this takes a quarter of the time. Other C libraries keep blocks by
themselves; there nothing is done.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_NEVER_BYTES = 2**31 - 1
"""The largest number that mallopt takes."""


def keep_freed() -> None:
    """From now on; called once, when the program starts, before it has threads.

    A thread that is there already may have a heap of its own: it stays, and `give_back` does not reach its free end.
    """
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
