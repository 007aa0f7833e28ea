"""The numbers behind the curves: every report of a training, thinned so that a million steps stay quick. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.job import Job

MOST_POINTS = 600


@dataclass
class Mark:
    """A moment at which something changed.

    Args:
        step: how many steps were done.
        text: what, in words.
        names: of the settings that changed.
        job: the values that it led to; None where they are not known.
        merge: the same for the ticks of one drag; empty for none.
    """

    step: int
    text: str
    names: tuple[str, ...] = ()
    job: Job | None = None
    merge: str = ""


class History:
    """Means of the reports, by step; when there are too many, neighbours are averaged in pairs."""

    def __init__(self, keys: tuple[str, ...], most: int = MOST_POINTS) -> None:
        self.keys = keys
        self.marks: list[Mark] = []
        self.latest: dict[str, float] = {}
        self._most = most
        self._steps = np.empty(0)
        self._values = np.empty((0, len(keys)))
        self._stride = 1
        self._waiting: list[tuple[int, list[float]]] = []
        self.last_step = 0
        """Of the last report."""

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> np.ndarray:
        """Of the points, ascending. [n]"""
        return self._steps

    def add(self, step: int, terms: Mapping[str, float]) -> None:
        """One report; terms that are not among the keys are passed over, missing ones leave a gap."""
        self.latest, self.last_step = dict(terms), step
        self._waiting.append((step, [terms.get(key, np.nan) for key in self.keys]))
        if len(self._waiting) < self._stride:
            return
        steps, values = zip(*self._waiting, strict=True)
        self._waiting = []
        self._steps = np.append(self._steps, np.mean(steps))
        self._values = np.vstack([self._values, _mean(np.array(values))])
        if len(self._steps) >= self._most:
            even = len(self._steps) // 2 * 2
            self._steps = self._steps[:even].reshape(-1, 2).mean(axis=1)
            self._values = np.stack([_mean(pair) for pair in self._values[:even].reshape(-1, 2, len(self.keys))])
            self._stride *= 2

    def curve(self, key: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of a term, at most `most` of each."""
        return self._steps, self._values[:, self.keys.index(key)]

    def has(self, key: str) -> bool:
        """Whether any report had a value of this term."""
        return key in self.latest or (key in self.keys and not np.isnan(self._values[:, self.keys.index(key)]).all())

    def mark(self, step: int, text: str, names: tuple[str, ...] = (), job: Job | None = None, merge: str = "") -> None:
        """A change; a further tick of the same drag moves its mark along."""
        if merge and self.marks and self.marks[-1].merge == merge:
            self.marks.pop()
        self.marks.append(Mark(step, text, names, job, merge))

    def rewind(self, step: int) -> None:
        """Training goes on from an earlier step: what came later did not happen on this branch."""
        kept = self._steps <= step
        self._steps, self._values, self._waiting = self._steps[kept], self._values[kept], []
        self.marks = [mark for mark in self.marks if mark.step <= step]
        self.last_step = step


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis, of what is there. [n, keys] -> [keys]"""
    there = ~np.isnan(values)
    count = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
