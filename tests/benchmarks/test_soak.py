"""Previews, autosaves and exports while it trains leave nothing behind; `benchmarks.soak` does it for an hour."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import soak
from tests.engine import toy

TIMES = 25
MOST_BLOCKS = 6000
"""More of Python at the end: a few for each moment that stays, where one lost list for each preview would be more."""


@pytest.mark.slow
def test_previews_autosaves_and_exports_leave_nothing_behind() -> None:
    command = [sys.executable, "-m", "tests.app.soak_program", str(TIMES)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout)
    assert min(result["previews"], result["saved"], result["exports"]) >= TIMES
    assert result["more_blocks"] < MOST_BLOCKS
    assert result["grown_mb"] < soak.MOST_GROWTH_MB


def test_steps_are_timed_in_blocks_and_the_method_is_as_before_afterwards() -> None:
    plain = toy.Toy.step
    with soak.StepClock(toy.Toy) as clock:
        assert toy.Toy.step is not plain
        for _ in range(2 * soak.BLOCK_STEPS + 1):
            clock.add(0.5)
    assert toy.Toy.step is plain
    assert (clock.steps, list(clock.blocks)) == (2 * soak.BLOCK_STEPS + 1, [0.5, 0.5])
