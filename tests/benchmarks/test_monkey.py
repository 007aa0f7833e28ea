"""Two hundred things done in the window at random; `python -m benchmarks.monkey` does a thousand with real methods."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.monkey import MOST_GROWTH_MB

ACTIONS = 200


@pytest.mark.slow
def test_whatever_is_done_in_the_window_nothing_breaks() -> None:
    command = [sys.executable, "-m", "tests.app.monkey_program", str(ACTIONS), "4"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout)
    assert result["actions"] == ACTIONS
    assert len(result["counts"]) > 20, "many kinds of them"
    assert result["grown_mb"] < MOST_GROWTH_MB
