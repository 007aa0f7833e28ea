"""The processor's cores: how many this program may use, which of them are the fast ones, and what the user said of it.

Light, and without torch: threads that wait for one another learn how to wait when torch is loaded, and never after.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

_CPUS = Path("/sys/devices/system/cpu")
_FAST_SHARE = 0.8
"""Cores of at least so much of the fastest one's capacity are fast ones."""


def wait_passively() -> None:
    """Threads that wait for others sleep instead of spinning. To be called before torch is loaded, once.

    A thread that spins takes its core from whoever it waits for, where another program shares the cores. What the user
    has set stays.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & os.environ.keys():
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # of GNU's threads
        os.environ["KMP_BLOCKTIME"] = "0"  # of LLVM's and Intel's


def asked_for() -> int | None:
    """The number of threads that the user asks for by OMP_NUM_THREADS; None where there is none that can be read."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def usable() -> int:
    """Cores that this process may run on: of the machine, or of those it was confined to."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return min(cores, len(os.sched_getaffinity(0)))
    return cores


def fast(cpus: Path = _CPUS) -> int:
    """How many of the usable cores are fast ones, where a processor mixes fast and thrifty ones; else all of them.

    Args:
        cpus: where Linux describes them.
    """
    cores = usable()
    if sys.platform == "darwin":
        return min(cores, _mac_fast_cores() or cores)
    speeds = [speed for cpu in _numbers() if (speed := _speed(cpus / f"cpu{cpu}"))]
    if len(speeds) < cores:  # the system does not tell
        return cores
    return min(cores, sum(speed >= _FAST_SHARE * max(speeds) for speed in speeds))


def _numbers() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _speed(cpu: Path) -> int:
    """A core's capacity (ARM), or its highest frequency; 0 where unknown. Only their proportions mean something."""
    for name in ("cpu_capacity", "cpufreq/cpuinfo_max_freq"):
        with suppress(OSError, ValueError):
            return int((cpu / name).read_text())
    return 0


def _mac_fast_cores() -> int:
    """Of Apple's processors, whose first performance level is the fast one; 0 where unknown."""
    value, size = ctypes.c_int32(0), ctypes.c_size_t(4)
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        if libc.sysctlbyname(b"hw.perflevel0.logicalcpu", ctypes.byref(value), ctypes.byref(size), None, 0) == 0:
            return value.value
    return 0
