"""A job: what it can not hold, and that equal ones are equal however they came about."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engine.box import Size
from engine.job import Job
from tests.engine.toy import ToySettings


@pytest.mark.parametrize(
    "values",
    [
        {"seed": -1},
        {"canvas_size": Size(63, 64)},
        {"canvas_size": Size(64, 300_001)},
        {"colour": 1},
        {"sources": {"style": [3]}},
        {"settings": {"rate": 0.5}},
    ],
)
def test_a_job_can_not_hold_nonsense(values: dict) -> None:
    with pytest.raises(ValidationError):
        Job(**({"method": "toy", "settings": ToySettings()} | values))


def test_settings_are_carried_and_not_looked_at_again() -> None:
    settings = ToySettings(rate=0.5)
    job = Job(method="toy", settings=settings)
    assert job.settings is settings
    assert job.canvas_size is None


def test_a_setting_named_at_its_default_makes_no_other_job() -> None:
    assert Job(method="toy", settings=ToySettings(colors=4)) == Job(method="toy", settings=ToySettings())
