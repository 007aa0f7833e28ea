"""Some hundred damaged files of each run of the tests; `python -m benchmarks.fuzz` opens thousands."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import fuzz


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_damaged_files_are_opened_or_refused_in_a_sentence(tmp_path: Path) -> None:
    result = fuzz.fuzz(tmp_path, count=150, seed=3)
    assert result["failures"] == []
    outcomes = {name for name in result if ": " in name}
    assert {"project: repaired", "snapshot: repaired", "state: repaired", "packed: refused"} <= outcomes


def test_what_reaches_outside_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzzer notices: with nothing withheld, this file of its does."""
    monkeypatch.setattr(fuzz, "withhold", lambda _folder: None)
    (failure,) = fuzz.fuzz(tmp_path, count=1, seed=1, only=20)["failures"]
    assert "reaches /etc/passwd" in failure
