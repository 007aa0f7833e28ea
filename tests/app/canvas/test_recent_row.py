"""The last projects on the first page: as many as there is room for, and no heading above nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.canvas.recent_row import RecentRow
from app.recents import Recent


def test_with_little_room_there_is_no_heading_above_nothing_and_with_more_all_is_back(qtbot, tmp_path: Path) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    column = QVBoxLayout(host)
    row = RecentRow(host)
    column.addStretch(1)
    column.addWidget(row)
    row.show_recents([Recent(tmp_path, "Bergsee", datetime(2026, 3, 1, 12, 0), None)])
    for height, shown in ((400, True), (70, False), (400, True)):
        host.resize(500, height)
        host.show()
        qtbot.waitUntil(lambda shown=shown: row.heading.isVisible() == shown)
        assert row.tiles[0].isVisible() == shown
