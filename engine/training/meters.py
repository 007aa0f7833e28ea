"""Running means that stay on the device until they are read, the clock, and the account that previews are paid from.

Reading makes the device finish its work, so it happens once per report and never per step.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch
from torch import Tensor


class Meter:
    """Means of named scalars since the last reading. Names may come and go between steps."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], tuple[Tensor, int]] = {}
        self.steps = 0

    def add(self, terms: Mapping[str, Tensor]) -> None:
        """One step's scalars; two small operations on the device, whatever their number."""
        self.steps += 1
        if not terms:
            return
        names = tuple(terms)
        values = torch.stack([value.detach().reshape(()).float() for value in terms.values()])  # [T]
        if names in self._sums:
            total, count = self._sums[names]
            self._sums[names] = total.add_(values), count + 1
        else:
            self._sums[names] = values, 1

    def read(self) -> dict[str, float]:
        """The means, in the order in which the names first came; starts anew."""
        totals: dict[str, tuple[float, int]] = {}
        for names, (total, count) in self._sums.items():
            for name, value in zip(names, total.tolist(), strict=True):
                earlier, times = totals.get(name, (0.0, 0))
                totals[name] = earlier + value, times + count
        self.clear()
        return {name: total / count for name, (total, count) in totals.items()}

    def clear(self) -> None:
        self._sums, self.steps = {}, 0


class Budget:
    """Lets previews take a share of the time: training earns seconds for them, painting spends them.

    A piece may overdraw the account; then the next one waits until training has earned it back.

    Args:
        share: of the whole time, 0..1.
        most_s: what can be saved up, so that a long training does not earn a long interruption.
    """

    def __init__(self, share: float = 0.2, most_s: float = 0.5) -> None:
        self._most_s = self._balance_s = most_s
        self.set_share(share)

    def set_share(self, share: float) -> None:
        """Another share of the time from now on, 0..1."""
        self._rate = share / (1 - share)

    @property
    def allows(self) -> bool:
        return self._balance_s > 0

    def earn(self, trained_s: float) -> None:
        self._balance_s = min(self._most_s, self._balance_s + trained_s * self._rate)

    def spend(self, painted_s: float) -> None:
        self._balance_s -= painted_s


class Clock:
    """Seconds of training: runs only between `start` and `stop`, so pauses and previews are left out."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._started: float | None = None

    @property
    def seconds(self) -> float:
        running = 0.0 if self._started is None else time.perf_counter() - self._started
        return self._seconds + running

    def start(self) -> None:
        self._started = time.perf_counter()

    def stop(self) -> None:
        self._seconds, self._started = self.seconds, None
