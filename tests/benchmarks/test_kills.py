"""The window is killed while it trains and saves; `python -m benchmarks.kills` does it at twenty moments."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import kills


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_it_trains_and_saves_the_project_opens_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert kills.main(["--moments", "2", "--within", "0.8", "--json"]) == 0, capsys.readouterr().err
    result = json.loads(capsys.readouterr().out)
    assert result["opened"] == 2
    assert result["most_lost_s"] <= kills.MOST_LOST_S
