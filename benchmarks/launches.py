"""What a graphics card is told in a piece of work, counted by torch's own profiler on a real one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile, record_function

from benchmarks.common import wait

MARK = "tessera: counted"
_LAUNCHES = ("LaunchKernel", "LaunchCooperativeKernel", "GraphLaunch", "Memcpy", "Memset")
"""Of calls of CUDA and HIP: what is told to the card; a captured graph is told as one."""
_WAITS = ("Synchronize", "MemcpyWithStream")


@dataclass(frozen=True)
class Told:
    """One piece of work.

    Args:
        launches: calls that gave the card something to do.
        waits: calls in which the processor stood still for it.
        kernels: that the card ran, those of a captured graph counted singly.
        kernels_s: seconds in which it ran them, added up; what is left of the piece's time it had nothing to do.
    """

    launches: int
    waits: int
    kernels: int
    kernels_s: float


def get_ready() -> None:
    """Before graphs are captured whose work is to be counted.

    A graph from before the first profiler can end or hang the process where a profiler sees its replay (pytorch
    #75504), and so can a profiler that lets go of the driver and comes back; torch sets the same two variables for its
    own graphs.
    """
    os.environ.setdefault("DISABLE_CUPTI_LAZY_REINIT", "1")
    os.environ.setdefault("TEARDOWN_CUPTI", "0")
    with profile(activities=[ProfilerActivity.CPU]):
        pass


def counted(work: Callable[[], object], device: torch.device) -> Told:
    """Does the work once, under the profiler. The card has to be CUDA's or HIP's."""
    wait(device)
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        with record_function(MARK):
            work()
        wait(device)
    return told(profiler.events() or [])


def told(events: Sequence[Any]) -> Told:
    """Counts what a profiler saw between the marks, and all that the card did.

    What the host has named, as the mark and each step of an optimiser, is shown once more as a stretch of the card's
    time; that is no kernel.
    """
    host = [event for event in events if event.device_type.name == "CPU"]
    marked = next(event.time_range for event in host if event.name == MARK)
    within = [event.name for event in host if marked.start <= event.time_range.start < marked.end]
    ran = [event for event in events if event.device_type.name == "CUDA" and event.name != MARK]
    kernels = [event for event in ran if not getattr(event, "is_user_annotation", False)]
    return Told(
        launches=sum(any(word in name for word in _LAUNCHES) for name in within),
        waits=sum(any(word in name for word in _WAITS) for name in within),
        kernels=len(kernels),
        kernels_s=sum(event.time_range.end - event.time_range.start for event in kernels) / 1e6,
    )
