"""A second thread of a session, on a core that nobody needs: what it paints, no step of training waits for.

This is the only place of the engine where a thread is crossed. One piece of work goes over at a time, and its result
comes back when it is asked for; what it reads, nobody changes meanwhile (`Method.still`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

import torch

RESTS_S = 10.0
"""So long nothing is painted here once it was found that other programs need the core."""
LEAST_SHARE = 0.5
"""Of the time of some work, that its thread has to have had a core for."""
_JUDGED_S = 0.25
"""Work that takes less, together, says nothing about the core."""

T = TypeVar("T")


class Work(Generic[T]):
    """A piece of work that is under way beside the steps.

    Attributes:
        seconds: that it took, once it is done.
    """

    def __init__(self, do: Callable[[], T]) -> None:
        self._do: Callable[[], T] | None = do
        self._result: Future[T] = Future()
        self.seconds = 0.0

    @property
    def done(self) -> bool:
        """Whether `result` has not to be waited for."""
        return self._result.done()

    def result(self) -> T:
        """What it gave; waits for it. Raises what the work raised."""
        return self._result.result()

    def wait(self) -> None:
        """Until it is done, whatever became of it."""
        wait([self._result])

    def run(self) -> None:
        """Does it, in the thread that is meant for it."""
        do, self._do = self._do, None
        assert do is not None
        started = time.perf_counter()
        try:
            result = do()
        except BaseException as error:
            self.seconds = time.perf_counter() - started
            self._result.set_exception(error)
        else:
            del do  # what it works on is held by nobody once it is done
            self.seconds = time.perf_counter() - started
            self._result.set_result(result)


class Beside:
    """Does one piece of work at a time in a thread of its own, which computes with one of torch's.

    Made and asked in the session's thread. The thread begins with the first work.

    Args:
        clock: seconds, by which it rests.

    Attributes:
        allowed: there is a core for it; where there is none, all is done between the steps.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.allowed = False
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Work | None = None
        self._rests_until_s = -float("inf")
        self._had_s = self._took_s = 0.0
        """Of the last work: seconds of a core, and by the clock."""
        self._doubted = False
        """Whether the work before had a core for too little of its time."""

    @property
    def works(self) -> bool:
        """Whether what is to be painted is painted here for now: other programs leave the core, and there is memory."""
        return self.allowed and self._clock() >= self._rests_until_s

    @property
    def is_free(self) -> bool:
        """Whether nothing is under way here."""
        return self._under_way is None or self._under_way.done

    def begin(self, do: Callable[[], T]) -> Work[T]:
        """Has something done in the other thread; only where it `is_free`."""
        assert self.is_free
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="beside", initializer=_prepare)
            self._thread.submit(int).result()
            # MKL has one number for all threads, and it is that of the steps.
            torch.set_num_threads(torch.get_num_threads())
        work = Work(do)
        self._under_way = work
        self._thread.submit(self._measured, work)
        return work

    def settle(self) -> None:
        """Waits until nothing is under way; from then on, whatever it read may be changed."""
        if self._under_way is not None:
            self._under_way.wait()

    def rest(self) -> None:
        """Begins nothing for some seconds."""
        self._rests_until_s = self._clock() + RESTS_S

    def end(self) -> None:
        """Waits for what is under way, and ends the thread."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _measured(self, work: Work) -> None:
        had_s = time.thread_time()
        work.run()
        self.tell(time.thread_time() - had_s, work.seconds)

    def tell(self, had_s: float, took_s: float) -> None:
        """Some work took so long by the clock, and had a core for so much of it.

        Where that is little, and not once alone, as when files are read, it rests.
        """
        self._had_s, self._took_s = self._had_s + had_s, self._took_s + took_s
        if self._took_s >= _JUDGED_S:
            little = self._had_s < LEAST_SHARE * self._took_s
            if little and self._doubted:
                self.rest()
            self._doubted = little
            self._had_s = self._took_s = 0.0


def _prepare() -> None:
    """The other thread computes by itself, and forgets nothing that the steps keep.

    Casts of weights for autocast are kept for all threads together, and whichever leaves its outermost region drops
    them: within a region that never ends, this one does not. So a step computes the same whatever is painted beside it.
    """
    torch.get_num_threads()  # else the first operation would take the session's number over
    torch.set_num_threads(1)
    torch.autocast_increment_nesting()
