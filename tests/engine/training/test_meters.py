"""Means, the account of previews, and the clock."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training.meters import Budget, Clock, Meter


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(-1e3, 1e3)), max_size=12))
def test_means_are_over_the_steps_that_had_the_term(steps: list[dict[str, float]]) -> None:
    meter = Meter()
    for terms in steps:
        meter.add({name: torch.tensor(value) for name, value in terms.items()})
    assert meter.steps == len(steps)
    means = meter.read()
    assert means.keys() == {name for terms in steps for name in terms}
    for name, mean in means.items():
        values = [terms[name] for terms in steps if name in terms]
        assert mean == pytest.approx(sum(values) / len(values), rel=1e-4, abs=1e-2)
    assert (meter.steps, meter.read()) == (0, {})


def test_one_step_that_is_not_a_number_shows_in_the_mean() -> None:
    meter = Meter()
    for value in (1.0, float("nan"), 1.0):
        meter.add({"loss": torch.tensor(value)})
    mean = meter.read()["loss"]
    assert mean != mean


def test_a_meter_neither_keeps_graphs_nor_changes_what_it_is_given() -> None:
    meter, weight = Meter(), torch.ones((), requires_grad=True)
    term = weight * 2
    meter.add({"loss": term, "half": term.bfloat16()})
    meter.add({"loss": term, "half": term.bfloat16()})
    assert meter.read() == {"loss": 2.0, "half": 2.0}
    term.backward()
    assert weight.grad == 2.0


def test_painting_takes_its_share_in_the_long_run() -> None:
    budget, painted = Budget(share=0.2, most_s=0.5), 0.0
    for _ in range(1000):
        budget.earn(0.1)
        if budget.allows:
            budget.spend(0.7)
            painted += 0.7
    assert painted / (painted + 100.0) == pytest.approx(0.2, abs=0.01)


def test_nothing_is_saved_up_beyond_the_limit() -> None:
    budget = Budget(share=0.5, most_s=1.0)
    budget.earn(1e6)
    budget.spend(1.5)
    assert not budget.allows
    budget.earn(0.6)
    assert budget.allows


def test_a_clock_counts_only_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    clock = Clock(5.0)
    now[0] += 1
    assert clock.seconds == 5.0
    clock.start()
    now[0] += 2
    assert clock.seconds == 7.0
    clock.stop()
    now[0] += 4
    assert clock.seconds == 7.0
