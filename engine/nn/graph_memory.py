"""How a card is made to remember what it is told, and what has to be put right where that fails."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import torch

Pool = Any
"""What `torch.cuda.graph_pool_handle` gives."""


@cache
def side_stream(device: torch.device) -> torch.cuda.Stream:
    """The one stream of a card on which steps are captured.

    Graphs share the memory of their pool only where they were captured on the same stream, and each stream that
    multiplies matrices keeps a workspace of up to 32 MiB for each thread, for as long as the process lasts.
    """
    return torch.cuda.Stream(device)


@contextmanager
def capturing(graph: torch.cuda.CUDAGraph, pool: Pool, device: torch.device) -> Iterator[None]:
    """What is told to the card inside becomes the graph, and is not done.

    As `torch.cuda.graph`, which up to 2.8 collects garbage first, in whatever thread this is, and where a capture is
    broken raises what its end says instead of what broke it. No garbage is collected inside, since graphs of a former
    network may be among it, whose end can break a capture. What other threads do meanwhile, as the window's, is theirs.
    """
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    collects = gc.isenabled()
    gc.disable()
    try:
        with torch.cuda.stream(side_stream(device)):
            graph.capture_begin(pool=pool, capture_error_mode="thread_local")
            try:
                yield
            except BaseException:
                with suppress(RuntimeError):
                    graph.capture_end()
                raise
            graph.capture_end()
    finally:
        if collects:
            gc.enable()


def abandon(graph: torch.cuda.CUDAGraph, pool: Pool, device: torch.device) -> None:
    """Ends what a capture that failed has begun, so that memory can be given back as before.

    Up to 2.11 torch's allocator goes on believing in the capture where its end fails: `empty_cache` and every retry
    after too little memory raise from then on (pytorch #180395). Up to 2.13 the pool is kept for ever as well
    (#190348). No other graph may use the pool any more, and no tensor of the capture may be alive.
    """
    _abandoned().append(graph)
    index = device.index or 0
    end: Any = getattr(torch._C, "_cuda_endAllocateToPool", None)
    end = end or getattr(torch._C, "_cuda_endAllocateCurrentStreamToPool")  # noqa: B009 - its name before 2.8
    for attempt in (graph.reset, lambda: end(index, pool), torch.cuda.empty_cache):
        with suppress(RuntimeError):  # torch did it itself
            attempt()
    with suppress(RuntimeError):  # other allocators, that one can choose, tell nothing of their memory
        left = [segment for segment in torch.cuda.memory_snapshot() if tuple(segment["segment_pool_id"]) == pool]
        if left and not any(segment["active_size"] for segment in left):  # else it would be free by now
            torch._C._cuda_releasePool(index, pool)  # type: ignore[attr-defined]
            torch.cuda.empty_cache()


@cache
def _abandoned() -> list[torch.cuda.CUDAGraph]:
    """Graphs that were given up. They stay, since torch's allocators may still ask them whether they capture."""
    return []
