"""The export dialog of the tests, and what one does with it."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.export.queue import ExportQueue
from app.session_events import SessionEvents
from engine.box import Size
from engine.declarations import Layer
from engine.export.format import formats

CANVAS = Size(1184, 1760)
LAYERS = (Layer("result", "Result", "All of it."), Layer("collage", "Collage", "Only the pieces."))
WAYS = frozenset({"originals", "repeat"})


def times(factor):
    return Size(factor * CANVAS.height, factor * CANVAS.width)


def a_queue() -> ExportQueue:
    return ExportQueue(lambda command: True, SessionEvents())


def set_format(dialog, key):
    kinds = [kind.key for kind in formats()]
    dialog.form.format.setCurrentIndex(kinds.index(key))


def refusal(dialog):
    assert not dialog.start.isEnabled()
    return dialog.checks.text()


def remedy(dialog, qtbot, title):
    button = next(button for button in dialog.checks.buttons() if button.text() == title)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
