"""When pictures are painted while a session trains: between its steps or beside them, within a share of the time."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engine.messages.events import Event
from engine.threads import Threads
from engine.training.beside import Beside
from engine.training.meters import Budget
from engine.training.showing import Showing

_BESIDE = 0.4
"""What a second beside the steps counts as: the core is free, but two threads of Python wait for one another."""
WHOLE_PICTURE_S = 1.5
"""So long training waits for the rest of a picture that was begun, so that all of it is of one step."""


class PictureTurns:
    """Gives the pictures that are asked for their turn after each step.

    Args:
        views: what is asked for.
        beside: where it is painted while steps go on; between them where it does not work.
    """

    def __init__(self, views: Showing, beside: Beside) -> None:
        self._views, self._beside = views, beside
        self._budget = Budget()

    def set_share(self, share: float) -> None:
        """What pictures take at most of the time from now on, 0..1."""
        self._budget.set_share(share)

    def take(self, threads: Threads, step: int, trained_s: float) -> Iterator[Event]:
        """After a step. Raises GaveUpError: the device is lost.

        Args:
            step: of the present.
            trained_s: seconds of training since the last call.
        """
        self._budget.earn(trained_s)
        if self._beside.works:
            yield from self._beside_steps(threads, step)
        else:
            yield from self._between_steps(threads, step)

    def _between_steps(self, threads: Threads, step: int) -> Iterator[Event]:
        if self._views.awaited:  # for a hand on a slider it goes before what pictures may take
            yield from self._whole(threads, step)
        elif self._views and self._budget.allows:
            started = time.perf_counter()
            yield from self._whole(threads, step)
            self._budget.spend(time.perf_counter() - started)

    def _whole(self, threads: Threads, step: int) -> Iterator[Event]:
        """Pictures, whole where that does not take long: all pieces of one step and one value.

        Pieces of several steps show their borders while a network is young, and those of several values at any time.
        """
        started = time.perf_counter()
        yield from self._views.paint(threads, step, at_leisure=False)
        while self._views and time.perf_counter() - started < WHOLE_PICTURE_S:
            yield from self._views.paint(threads, step, at_leisure=False)

    def _beside_steps(self, threads: Threads, step: int) -> Iterator[Event]:
        """What was painted in the other thread; and the next piece is begun there, which no step waits for."""
        self._budget.spend(_BESIDE * (yield from self._views.arrived()))
        if not self._views or not self._beside.works or not self._beside.is_free:
            return
        wanted = self._views.awaited or self._views.has_begun or self._budget.allows
        if wanted and not self._views.begin_beside(step):
            yield from self._between_steps(threads, step)
