"""A hand on an editor of masks: where it is, and what it drags."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QPoint, Qt

from app.masks.base_editor import BaseEditor
from app.masks.regions import first_regions

LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SKY, LAND, WATER = first_regions()
"""The regions that a new mask begins with."""

EditorT = TypeVar("EditorT", bound=BaseEditor)


def on_screen(qtbot, editor: EditorT) -> EditorT:
    """The editor on screen, with the keys on its picture; closing it asks for nothing."""
    qtbot.addWidget(editor, before_close_func=lambda e: e.picture.stack.setClean())
    with qtbot.waitActive(editor):
        editor.show()
    editor.view.setFocus()
    return editor


def at(editor: BaseEditor, x: float, y: float) -> QPoint:
    """Where a place of the mask, in its pixels, is on the view."""
    return editor.view.to_widget(x, y).toPoint()


def drag(qtbot, editor: BaseEditor, *places: tuple[float, float]) -> None:
    """From place to place of the mask with the left button held."""
    points = [at(editor, *place) for place in places]
    qtbot.mousePress(editor.view, LEFT, NOTHING, points[0])
    for point in points[1:]:
        qtbot.mouseMove(editor.view, point)
    qtbot.mouseRelease(editor.view, LEFT, NOTHING, points[-1])


def key(qtbot, editor: BaseEditor, name: Qt.Key, modifier: Qt.KeyboardModifier = NOTHING) -> None:
    qtbot.keyClick(editor.view, name, modifier)
