"""A dialog that was closed is gone, however often it was open: the window that it belongs to would keep it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from engine.box import Size
from tests.app.studio import Studio

OPENED: dict[str, Callable[[Studio], object]] = {
    "frame": lambda at: at.window.actions_by_name["frame"].trigger(),
    "preferences": lambda at: at.window.preferences_in_force.edit(),
    "about": lambda at: at.window.actions_by_name["about"].trigger(),
    "keys": lambda at: at.window.actions_by_name["keys"].trigger(),
    "open": lambda at: at.window.actions_by_name["open"].trigger(),
    "name of a preset": lambda at: at.window.own_presets.ask_name(),
    "end of an export": lambda at: at.window.exports.ask_before_closing(),
    "learning on": lambda at: at.window.exports.learning_on.ask(Size(64, 64), Size(640, 640), at.window),
}


@pytest.mark.parametrize("open_it", OPENED.values(), ids=OPENED)
def test_a_dialog_that_was_closed_is_gone(open_it: Callable[[Studio], object], studio: Studio) -> None:
    def shown() -> list[QWidget]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]

    def close() -> None:
        for dialog in shown():
            seen.append(dialog.objectName() or type(dialog).__name__)
            dialog.close()

    seen: list[str] = []
    studio.drop_style()
    before = len(studio.window.findChildren(QDialog))
    closing = QTimer(interval=20)  # some of them answer only when they are closed
    closing.timeout.connect(close)
    closing.start()
    for _ in range(2):
        open_it(studio)
        studio.until(lambda: bool(seen) and not shown())
        seen.clear()
    closing.stop()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(studio.window.findChildren(QDialog)) == before
