"""The export dialog of a toy, and the whole window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.export.dialog import ExportDialog
from engine.messages.exports import ExportRequest
from tests.app.export.dialogs import CANVAS, LAYERS, WAYS, a_queue
from tests.app.export.print_studio import OtherRenderer, PrintStudio, new_window
from tests.app.studio import PATIENCE_MS
from tests.app.toys import register
from tests.engine.toy import Toy, job


@pytest.fixture
def dialog(qtbot, tmp_path, monkeypatch):
    register(monkeypatch)
    dialog = ExportDialog(CANVAS, LAYERS, tmp_path, a_queue(), job(tmp_path), capabilities=WAYS)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


@pytest.fixture
def requests(dialog: ExportDialog) -> list[ExportRequest]:
    """What the dialog asked for since it was opened."""
    seen: list[ExportRequest] = []
    dialog.start_requested.connect(seen.append)
    return seen


@pytest.fixture
def prints(qtbot, tmp_path: Path, monkeypatch) -> Iterator[PrintStudio]:
    register(monkeypatch)
    monkeypatch.setattr(Toy, "capabilities", frozenset({"repeat", "originals", "frames"}))
    monkeypatch.setattr(
        Toy,
        "renderer",
        lambda self, render_mode: OtherRenderer(self, render_mode) if render_mode.asks_for else self,
    )
    window = new_window(tmp_path)
    qtbot.waitExposed(window)
    prints = PrintStudio(window, qtbot, tmp_path)
    yield prints
    window.close_anyway()
    qtbot.waitUntil(lambda: not window.training.running, timeout=PATIENCE_MS)
    window.deleteLater()
