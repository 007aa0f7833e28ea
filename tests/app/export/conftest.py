"""The export dialog of a toy."""

from __future__ import annotations

import pytest

from app.export.dialog import ExportDialog
from engine.messages.exports import ExportRequest
from tests.app.export.dialogs import CANVAS, LAYERS, WAYS, a_queue
from tests.app.toys import register
from tests.engine.toy import job


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
