"""The number of threads finds its best, follows the machine, and costs little: on synthetic costs, with no clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from engine.governor import Governor, fastest

Cost = Callable[[int], float]


def quiet(cores: int, work_s: float = 0.2) -> Cost:
    """Seconds of a piece with n threads on a machine that does nothing else: a tenth of it can not be shared."""
    return lambda n: work_s * (0.1 + 0.9 / n)


def beside_loops(cores: int, busy: int, work_s: float = 0.2) -> Cost:
    """Plain loops keep `busy` cores; each thread too many shares one, and all others wait for it."""
    alone = quiet(cores, work_s)
    return lambda n: alone(n) * (1 if n <= cores - busy else 3 if n < cores or busy < cores else 2)


def beside_torch(cores: int, work_s: float = 0.2) -> Cost:
    """A program whose threads spin: two who wait for each other with one core between them."""
    alone = quiet(cores, work_s)
    return lambda n: alone(n) * (1 if n < cores else 30)


@dataclass
class Run:
    """A governor through changing costs.

    Args:
        noise: relative deviation of a piece's time.
        lazy: every so many pieces take half as long again, as R1 does.
    """

    governor: Governor
    noise: float = 0.0
    lazy: int = 0

    def __post_init__(self) -> None:
        self._random, self._pieces = random.Random(7), 0

    def play(self, cost: Cost, seconds: float) -> float:
        """Pieces per second over so long."""
        passed, pieces = 0.0, 0
        while passed < seconds:
            took = cost(self.governor.count) * max(0.3, self._random.gauss(1, self.noise))
            if self.lazy and self._pieces % self.lazy == 0:
                took *= 1.5
            self._pieces += 1
            pieces += 1
            passed += took
            self.governor.tell(took)
        return pieces / passed


def best(cost: Cost, cores: int) -> float:
    return 1 / min(cost(n) for n in range(1, cores + 1))


CURVES = {
    "quiet 2": (2, quiet(2)),
    "quiet 8": (8, quiet(8)),
    "loop 2": (2, beside_loops(2, 1)),
    "loop 8": (8, beside_loops(8, 1)),
    "loops 2": (2, beside_loops(2, 2)),
    "loops 16": (16, beside_loops(16, 6)),
    "torch 2": (2, beside_torch(2)),
    "torch 8": (8, beside_torch(8)),
    "one is best": (6, lambda n: 0.1 * n),
    "long steps": (4, beside_loops(4, 1, 6.0)),
    "short steps": (4, beside_torch(4, 0.01)),
}


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize(("noise", "lazy"), [(0, 0), (0.15, 0), (0.1, 16)])
def test_it_comes_near_the_best_fixed_number(name: str, noise: float, lazy: int) -> None:
    cores, cost = CURVES[name]
    run = Run(Governor(cores), noise, lazy)
    lazily = 1 + 0.5 / lazy if lazy else 1
    scale_s = max(1.0, cost(1))
    run.play(cost, 30 * scale_s)
    assert run.play(cost, 100 * scale_s) * lazily > 0.8 * best(cost, cores)


@pytest.mark.parametrize("name", CURVES)
def test_even_its_beginning_is_no_worse_than_a_third_lost(name: str) -> None:
    cores, cost = CURVES[name]
    assert Run(Governor(cores)).play(cost, 60 * max(1.0, cost(1))) > 0.67 * best(cost, cores)


@pytest.mark.parametrize("cores", [2, 4, 16])
@pytest.mark.parametrize("load", [lambda c: beside_loops(c, 1), beside_torch, lambda c: beside_loops(c, c - 1)])
def test_it_follows_a_load_that_comes_and_goes(cores: int, load: Callable[[int], Cost]) -> None:
    run = Run(Governor(cores), 0.1)
    for _ in range(3):
        run.play(quiet(cores), 10)
        assert run.play(quiet(cores), 40) > 0.8 * best(quiet(cores), cores)
        run.play(load(cores), 15)
        assert run.play(load(cores), 40) > 0.75 * best(load(cores), cores)
        run.play(quiet(cores), 35)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25])
def test_it_rarely_changes_where_nothing_changes(noise: float) -> None:
    governor = Governor(8)
    run = Run(governor, noise)
    run.play(quiet(8), 60)
    before, pieces = governor.changes, 300 * run.play(quiet(8), 300)
    assert governor.changes - before < 0.02 * pieces


def test_one_thread_is_left_alone() -> None:
    governor = Governor(1)
    for _ in range(100):
        governor.tell(0.1)
    assert (governor.count, governor.changes) == (1, 0)


def test_it_stays_within_its_bounds_whatever_it_is_told() -> None:
    chance = random.Random(3)
    governor = Governor(5, start=9)
    assert governor.count == 5
    for _ in range(5000):
        governor.tell(chance.choice((0.0, 1e-6, 0.1, 5.0)))
        assert 1 <= governor.count <= 5


@pytest.mark.parametrize("name", CURVES)
def test_what_can_be_tried_is_tried_rarely(name: str) -> None:
    cores, cost = CURVES[name]
    asked: list[int] = []

    def seconds_with(count: int) -> float:
        asked.append(count)
        return cost(count)

    found = fastest(cores, seconds_with)
    assert cost(found) < 1.15 * min(cost(n) for n in range(1, cores + 1))
    assert len(asked) <= 9
    assert all(1 <= count <= cores for count in asked)
