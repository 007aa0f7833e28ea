"""A hand on the wheel of the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget


def turn(box: QWidget) -> None:
    """A notch of the wheel towards oneself, over the middle of a widget."""
    middle = QPointF(box.rect().center())
    where, none = QPointF(box.mapToGlobal(middle.toPoint())), Qt.KeyboardModifier.NoModifier
    phase, buttons = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
    QApplication.sendEvent(box, QWheelEvent(middle, where, QPoint(), QPoint(0, -120), buttons, none, phase, False))
