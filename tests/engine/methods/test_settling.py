"""The longer nothing changes, the smaller the steps; a moved slider wakes them; a snapshot goes on as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.methods.famos.method import Famos
from engine.methods.magic.method import Magic
from engine.methods.settling import Settling
from tests.engine import famos_jobs, magic_jobs
from tests.engine.toy import ToySettings

CPU = torch.device("cpu")


def after(steps: int) -> Settling:
    settling = Settling()
    for _ in range(steps):
        settling.notice(SETTINGS)
        settling.count()
    return settling


SETTINGS = ToySettings()


def test_rates_are_whole_at_first_and_fall_without_end() -> None:
    rates = [after(steps).rate(100) for steps in (1, 100, 101, 400, 10_000)]
    assert rates[:2] == [1, 1]
    assert rates[2] < 1
    assert rates[3:] == [0.5, 0.1]


def test_the_average_never_reaches_over_less_than_the_settings_ask_for() -> None:
    assert after(10).decay(0.995, 100) == 0.995
    assert after(10_000).decay(0.995, 100) == pytest.approx(0.999)


def test_it_can_be_switched_off() -> None:
    settling = after(10_000)
    assert settling.rate(0) == 1
    assert settling.decay(0.995, 0) == 0.995


def test_another_choice_wakes_it_and_the_same_one_does_not() -> None:
    settling = after(400)
    settling.notice(ToySettings())
    assert settling.calm_steps == 400
    settling.notice(ToySettings(weight=2.0))
    assert settling.calm_steps == 0


@pytest.mark.parametrize("method", ["famos", "magic"])
def test_it_acts_in_training_and_goes_on_with_the_snapshot(tmp_path: Path, method: str) -> None:
    """Steps from the snapshot equal those of the uninterrupted training; without falling rates they are others."""

    def begun(after_steps: int) -> Famos | Magic:
        values = {"settle_after_steps": after_steps}
        if method == "famos":
            return Famos(famos_jobs.job(tmp_path, values), CPU)
        return Magic(magic_jobs.job(tmp_path, values), CPU)

    straight, steady, resumed = begun(1), begun(0), begun(1)
    for step in range(4):
        straight.step(step)
        steady.step(step)
        if step == 1:
            resumed.restore(straight.state())
    for step in (2, 3):
        resumed.step(step)
    ours, theirs, other = (dict(m.generator.named_parameters()) for m in (straight, resumed, steady))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert any(not torch.equal(ours[name], other[name]) for name in ours)
