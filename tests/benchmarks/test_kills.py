"""The window is killed while it trains and saves; `python -m benchmarks.kills` does it at twenty moments."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.kills import MOST_LOST_S


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_killed_while_it_trains_and_saves_the_project_opens_whole() -> None:
    command = [sys.executable, "-m", "benchmarks.kills", "--moments", "3", "--within", "0.8", "--json"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["opened"] == 3
    assert result["most_lost_s"] <= MOST_LOST_S
