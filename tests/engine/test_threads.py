"""With how many threads a session computes: as many as pay, no more than it may, and a chosen number stays."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine import threads as module
from engine.device import Device, choose, prepare_thread
from engine.method import method_class
from engine.threads import Threads, probe_s
from tests.engine import famos_jobs

CPU = Device("cpu", "CPU", 0)


@pytest.fixture(autouse=True)
def _own_number(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def all_cores_pay(count: int) -> float:
    return 1.0 / count


def two_pay(count: int) -> float:
    return 0.5 if count == 2 else 1.0


def prepared(count: int) -> None:
    torch.set_num_threads(count)


def test_an_awaited_picture_takes_the_windows_core_and_gives_it_back() -> None:
    prepared(3)
    shared = Threads(CPU, probe=all_cores_pay)
    with shared.picture(awaited=True):
        assert torch.get_num_threads() == 4
    assert torch.get_num_threads() == 3
    with pytest.raises(ValueError, match="broken"), shared.picture(awaited=True):
        raise ValueError("broken")
    assert torch.get_num_threads() == 3
    with shared.picture():
        assert torch.get_num_threads() == 3


def test_pictures_take_as_many_threads_as_pay_and_look_again(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(4)
    asked: list[int] = []
    cost = two_pay

    def probe(count: int) -> float:
        asked.append(count)
        return cost(count)

    shared = Threads(CPU, probe=probe)
    for _ in range(3):
        with shared.picture():
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 4
    assert len(asked) == len(set(asked))  # it was looked once
    monkeypatch.setattr(module, "STALE_S", -1.0)
    cost = all_cores_pay
    with shared.picture():
        assert torch.get_num_threads() == 4


def test_steps_take_as_many_threads_as_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside another program, all four threads take thirty times as long."""
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    prepared(4)
    shared = Threads(CPU)
    counts: list[int] = []
    for _ in range(200):
        with shared.step():
            counts.append(torch.get_num_threads())
            now += 6.0 if counts[-1] == 4 else 0.4 / counts[-1]
    assert counts.count(4) < 20
    assert counts.count(3) > 120


@pytest.mark.parametrize("kind", ["asked", "fixed", "card"])
def test_a_number_that_was_chosen_stays(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "asked":
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        prepare_thread(choose("cpu"))
    else:
        prepared(3)
    device = Device("cuda:0", "a card", 0) if kind == "card" else CPU
    shared = Threads(device, fixed=kind == "fixed", probe=two_pay)
    for _ in range(20):
        with shared.step():
            assert torch.get_num_threads() == 3
    with shared.picture(awaited=True):
        assert torch.get_num_threads() == 3


def test_a_thread_is_prepared_with_what_the_process_may_use() -> None:
    prepare_thread(choose("cpu"))
    assert torch.get_num_threads() == 4


def test_a_limit_holds_for_steps_and_pictures() -> None:
    prepared(4)
    shared = Threads(CPU, probe=all_cores_pay)
    shared.limit(2)
    for _ in range(20):
        with shared.step():
            assert torch.get_num_threads() <= 2
    with shared.picture(awaited=True):
        assert torch.get_num_threads() == 2
    shared.limit(0)
    assert torch.get_num_threads() == 3


def test_an_artist_s_number_is_stronger_than_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    prepare_thread(choose("cpu"))
    shared = Threads(CPU)
    shared.limit(0)
    assert torch.get_num_threads() == 3
    shared.limit(2)
    assert torch.get_num_threads() == 2


def test_the_probe_takes_a_moment() -> None:
    assert probe_s(1) > 0
    assert torch.get_num_threads() == 1


def test_results_depend_on_threads_by_rounding_only(tmp_path: Path) -> None:
    """Three steps with one number, and with another for each."""

    def learned(counts: list[int]) -> dict[str, torch.Tensor]:
        job = famos_jobs.job(tmp_path)
        method = method_class(job.method)(job, torch.device("cpu"))
        for step, count in enumerate(counts):
            torch.set_num_threads(count)
            method.step(step)
        return method.state().tensors

    one, several = learned([1, 1, 1]), learned([2, 1, 3])
    for name, tensor in one.items():
        if tensor.is_floating_point():
            torch.testing.assert_close(
                several[name], tensor, rtol=1e-3, atol=1e-4, msg=lambda text, n=name: f"{n}: {text}"
            )


def test_pictures_are_painted_beside_the_steps_where_these_leave_the_windows_core_and_nobody_said_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare_thread(CPU, background=True)
    shared = Threads(CPU, probe=all_cores_pay)
    assert shared.leaves_a_core
    shared.limit(2)
    assert not shared.leaves_a_core
    shared.limit(0)
    assert shared.leaves_a_core
    assert not Threads(CPU, fixed=True).leaves_a_core
    assert not Threads(Device("cuda:0", "GPU", 0)).leaves_a_core
    prepared(4)
    assert not Threads(CPU, probe=all_cores_pay).leaves_a_core
    prepared(3)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert not Threads(CPU, probe=all_cores_pay).leaves_a_core


def test_where_steps_have_many_threads_these_paint_sooner_than_one_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)), raising=False)
    prepared(15)
    assert not Threads(CPU, probe=all_cores_pay).leaves_a_core
