"""Waiting for work in the background does no harm where that has ended, and Qt has taken it away."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QObject

from app.widgets import background


def test_a_task_that_is_gone_already_is_not_waited_for(qtbot) -> None:
    parent = QObject()
    task = background.run(parent, lambda: 1, lambda _result: None, lambda _error: None)
    qtbot.waitUntil(lambda: not shiboken6.isValid(task))
    background.wait_for(task)
