"""How many threads compute best, found by how long equal pieces of work take. A controller that has no threads itself.

Beside other programs fewer threads are often several times faster, since those of a parallel loop wait for whoever
shares a core. How many depends on what the machine does at the moment, so numbers are tried, again and again.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import variance

_WINDOW = 8
"""Pieces over which the present number is judged."""
_LEAST = 3
"""Pieces before a first judgement, and of a trial that is clear soon."""
_FULL = 8
"""Pieces of a trial that is not."""
_GAIN = 0.93
"""A trial has to take at most so much of the time, for a change."""
_SURE = 1.5
"""And to be better by so many standard errors of the difference."""
_WORSE = 1.1
"""A number that takes less than so many times the time may lie on a plateau, beyond which it goes down."""
_CLEAR = 0.7
"""A trial that takes so much of the time, or the inverse, need not go on."""
_HOPELESS = 3.0
"""A single piece of a trial that takes so many times the time ends it."""
_SLOWER = 1.4
"""The present number is doubted at once when pieces take so many times what they took."""
_HALF_LOST = 1.5
"""Still fewer threads are not tried where a number takes so many times the least time."""
_SHARE = 0.04
"""Of all time, what failed trials may cost beyond what the present number would have taken."""
_LEAST_WAIT_S, _MOST_WAIT_S = 1.0, 30.0
"""Between two trials in the same direction."""
_MOST_WAIT_PIECES = 40
"""The same in pieces, where these take long."""


@dataclass
class _Direction:
    """Fewer or more threads: when the next trial is due, how many threads it moves by, how often it has failed."""

    sign: int
    due_s: float = 0.0
    stride: int = 1
    failures: int = 0


@dataclass
class _Trial:
    before: int
    earlier: list[float]
    before_s: float
    direction: _Direction
    seconds: list[float] = field(default_factory=list)


class Governor:
    """Chooses a number of threads from 1 to `most` for pieces of work that take equal effort.

    After each piece `tell` is given the seconds that it took with `count` threads, and `count` is the number for the
    next one. A number has proved better when it took 7 % less than the present one; one further from it is tried next,
    and a number that failed not soon again, so that trials cost a few per cent of the time.

    Args:
        most: threads.
        start: with which it begins; the most unless given.
    """

    def __init__(self, most: int, start: int | None = None) -> None:
        self.most = most
        self.count = max(1, min(most, most if start is None else start))
        self.changes = 0
        """How often the number was changed, for trials and by them."""
        self._time_s = 0.0
        self._recent: deque[float] = deque(maxlen=_WINDOW)
        self._agreed_s: float | None = None
        self._fewer, self._more = _Direction(-1), _Direction(1)
        self._trial: _Trial | None = None
        self._skip = True

    def tell(self, seconds: float) -> None:
        """One piece took so long. The first with another number is not judged: caches have to be filled for it."""
        self._time_s += seconds
        if self.most == 1:
            return
        if self._skip:
            self._skip = False
            if self._trial is not None and seconds > 2 * _HOPELESS * self._trial.before_s:
                self._fail(self._trial, seconds)
            return
        if self._trial is not None:
            self._trial.seconds.append(seconds)
            self._judge(self._trial)
            return
        self._recent.append(seconds)
        if len(self._recent) >= _LEAST:
            self._consider()

    # ------------------------------------------------------------ the present number

    def _consider(self) -> None:
        """Doubts the present number where it has become slow, and tries another where that is due."""
        latest = list(self._recent)[-_LEAST:]
        if self._agreed_s is None:
            self._agreed_s = _mean(self._recent)
        elif min(latest) > _SLOWER * self._agreed_s:
            self._renew(_mean(latest))
            self._recent = deque(latest, _WINDOW)
        for direction in (self._fewer, self._more):
            if direction.due_s <= self._time_s and self._begin(direction):
                return

    def _renew(self, seconds: float) -> None:
        """The machine does something else now: what failed before may be right."""
        self._agreed_s = seconds
        for direction in (self._fewer, self._more):
            direction.due_s, direction.stride, direction.failures = self._time_s, 1, 0

    def _begin(self, direction: _Direction) -> bool:
        count = max(1, min(self.most, self.count + direction.sign * direction.stride))
        if count == self.count:
            return False
        self._trial = _Trial(self.count, list(self._recent), _mean(self._recent), direction)
        self._use(count)
        return True

    def _use(self, count: int) -> None:
        self.count = count
        self.changes += 1
        self._skip = True

    # ------------------------------------------------------------ a trial

    def _judge(self, trial: _Trial) -> None:
        mean, pieces = _mean(trial.seconds), len(trial.seconds)
        clear = pieces >= _LEAST and not _CLEAR < mean / trial.before_s < 1 / _CLEAR
        if trial.seconds[-1] > _HOPELESS * trial.before_s and pieces < _FULL:
            self._fail(trial, sum(trial.seconds) - pieces * trial.before_s)
        elif clear or pieces >= _FULL:
            gain_s = max((1 - _GAIN) * trial.before_s, _SURE * _error(trial.earlier, trial.seconds))
            if mean < trial.before_s - gain_s:
                self._win(trial, mean)
            elif mean < _WORSE * trial.before_s and self._looks_further(trial):
                trial.direction.stride = max(2 * trial.direction.stride, trial.before // 2)
                self._return(trial)
            else:
                self._fail(trial, sum(trial.seconds) - pieces * trial.before_s)

    def _win(self, trial: _Trial, mean: float) -> None:
        """Stays with the new number, and looks further in the same direction."""
        self._trial = None
        self._agreed_s = mean
        self._recent = deque(trial.seconds, _WINDOW)
        trial.direction.stride *= 2
        trial.direction.failures = 0
        trial.direction.due_s = self._time_s
        other = self._more if trial.direction is self._fewer else self._fewer
        other.stride = 1
        other.due_s = self._time_s + self._wait_s(other, 0.0, mean)

    def _fail(self, trial: _Trial, cost_s: float) -> None:
        """Back to the number before. What it takes is measured anew before the next trial."""
        direction = trial.direction
        direction.failures += 1
        direction.due_s = self._time_s + self._wait_s(direction, cost_s, trial.before_s)
        direction.stride = 1
        self._return(trial)

    def _looks_further(self, trial: _Trial) -> bool:
        """Whether there are numbers left beyond one that was about as good as that before."""
        furthest = 1 if trial.direction.sign < 0 else self.most
        return self.count != furthest

    def _return(self, trial: _Trial) -> None:
        self._trial = None
        self._recent.clear()
        self._use(trial.before)

    def _wait_s(self, direction: _Direction, cost_s: float, piece_s: float) -> float:
        least = _LEAST_WAIT_S * 2 ** min(direction.failures, 6)
        return max(min(max(cost_s / _SHARE, least), _MOST_WAIT_S), min(cost_s / _SHARE, _MOST_WAIT_PIECES * piece_s))


def fastest(most: int, seconds_with: Callable[[int], float]) -> int:
    """The number of threads from 1 to `most` that takes least, by trying; the larger of two that are about equal.

    Args:
        seconds_with: what the same piece of work takes with so many threads. It is asked for the most, one fewer, half,
            a quarter and so on while that helps; then between the best of these and the next larger one.
    """
    found = {most: seconds_with(most)}
    best, count = most, most - 1
    while count >= 1:
        found[count] = seconds_with(count)
        if found[count] < _GAIN * found[best]:
            best = count
        if found[count] > _HALF_LOST * found[best]:
            break
        count = most // 2 if count == most - 1 > most // 2 else count // 2
    larger = min((count for count in found if count > best), default=best)
    while larger - best > 1:
        middle = (best + larger) // 2
        found[middle] = seconds_with(middle)
        if found[middle] < _GAIN * found[best]:
            best = middle
        else:
            larger = middle
    return best


def _error(some: list[float], others: list[float]) -> float:
    """The standard error of the difference of two means."""
    if min(len(some), len(others)) < 2:
        return 0.0
    return math.sqrt(variance(some) / len(some) + variance(others) / len(others))


def _mean(seconds: deque[float] | list[float]) -> float:
    return sum(seconds) / len(seconds)
