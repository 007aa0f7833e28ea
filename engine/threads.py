"""The threads of the processor that a session computes with: as many as pay at the moment.

Training is governed by the time of its own steps. Pictures differ too much for that, so that a small piece of work of
their kind is timed with several numbers now and then.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from engine import cores
from engine.device import Device
from engine.governor import Governor, fastest

MOST_BESIDE = 5
"""Threads of the steps up to which pictures are painted beside them, by one: where there are more, all of them together
paint a picture sooner in a fifth of the time."""
STALE_S = 2.0
"""So long a number of threads is trusted for pictures."""
_ROUNDS, _LAYERS = 2, 6
"""Of the probe: about 10 ms with one thread."""


class Threads:
    """How many threads a session takes for steps and for pictures, no more than its thread was prepared with.

    Made and used in the session's own thread. Where the user has chosen a number by OMP_NUM_THREADS, and on graphics
    cards, it changes nothing.

    Args:
        device: what computes.
        fixed: leave the number as it is, so that results are equal bit for bit.
        probe: the seconds that some work takes with so many threads.

    Attributes:
        fixed: nothing is changed here.
    """

    def __init__(self, device: Device, fixed: bool = False, probe: Callable[[int], float] | None = None) -> None:
        self.fixed = fixed or device.key != "cpu" or cores.asked_for() is not None
        self._probe = probe or probe_s
        self._leaves_window_a_core = not self.fixed
        self._allow(torch.get_num_threads())

    @property
    def leaves_a_core(self) -> bool:
        """Whether pictures had better be painted by one thread beside the steps: there is a core that no step takes.

        It is the window's, which mostly waits for the artist. Not where it is said how many threads there are to be.
        """
        return self._leaves_window_a_core and self._bound <= min(MOST_BESIDE, cores.usable() - 1)

    def _allow(self, bound: int) -> None:
        self._bound = bound
        self._steps = Governor(bound, cores.fast())
        self._found: dict[int, tuple[int, float]] = {}
        """For each bound of pictures the number that was fastest, and when it was looked for."""

    def limit(self, threads: int) -> None:
        """At most so many from now on; 0 leaves one core free."""
        if threads or cores.asked_for() is None:
            torch.set_num_threads(min(threads, cores.usable()) or max(1, cores.usable() - 1))
        self._leaves_window_a_core = not threads and not self.fixed
        self._allow(torch.get_num_threads())

    @contextmanager
    def step(self) -> Iterator[None]:
        """One step of training, whose time decides with how many threads the next one computes."""
        if self.fixed or self._bound == 1:
            yield
            return
        _use(self._steps.count)
        started = time.perf_counter()
        yield
        self._steps.tell(time.perf_counter() - started)

    @contextmanager
    def picture(self, awaited: bool = False) -> Iterator[None]:
        """A tile, or a piece of a picture. The number of threads is as before afterwards.

        Args:
            awaited: somebody waits for it: it may also take the core that was left free for the window, which it does
                for a moment, stepping back for the window as always.
        """
        bound = cores.usable() if awaited and self._bound == cores.usable() - 1 else self._bound
        if self.fixed or bound == 1:
            yield
            return
        before = torch.get_num_threads()
        count, looked_s = self._found.get(bound, (bound, -math.inf))
        if time.monotonic() - looked_s > STALE_S:
            count = fastest(bound, self._probe)
            self._found[bound] = count, time.monotonic()
        _use(count)
        try:
            yield
        finally:
            _use(before)


def _use(count: int) -> None:
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)


def probe_s(threads: int) -> float:
    """Seconds that a small network takes with so many threads: long enough to meet who else computes here."""
    _use(threads)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 32, 48, 48, generator=generator).to(memory_format=torch.channels_last)
    kernel = (torch.rand(32, 32, 3, 3, generator=generator) / 144).to(memory_format=torch.channels_last)

    def paint() -> None:
        picture = image
        for _ in range(_LAYERS):
            picture = torch.nn.functional.conv2d(picture, kernel, padding=1)

    with torch.no_grad():
        paint()  # what is only done once for each number of threads is done now
        started = time.perf_counter()
        for _ in range(_ROUNDS):
            paint()
        return time.perf_counter() - started
