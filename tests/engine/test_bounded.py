"""Files that somebody else may have written are read within bounds, and take no more memory than they hold."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from engine.bounded import MOST_JSON_BYTES, read_text


def test_a_text_is_read_whole_and_takes_no_more_room_than_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("ä" * 10_000, encoding="utf-8")
    tracemalloc.start()
    try:
        assert read_text(path) == "ä" * 10_000
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_JSON_BYTES / 20, f"{most:,} bytes"


def test_a_text_that_is_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 101, encoding="utf-8")
    assert read_text(tmp_path / "a", most_bytes=101) == "x" * 101
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        read_text(tmp_path / "a", most_bytes=100)
