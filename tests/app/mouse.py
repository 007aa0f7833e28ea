"""Movements of the mouse, as Qt sends them to a widget that is held."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.widgets.controls import JumpSlider

LEFT = Qt.MouseButton.LeftButton
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


def moved(widget: QWidget, at: QPoint, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> QMouseEvent:
    """The pointer came to a place of the widget with the left button held."""
    where = QPointF(at)
    everywhere = widget.mapToGlobal(where)
    return QMouseEvent(QMouseEvent.Type.MouseMove, where, everywhere, Qt.MouseButton.NoButton, LEFT, modifier)


def drag(slider: JumpSlider, way_px: int, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
    """Takes hold of a slider's handle, moves it in four parts, and lets go."""
    grip = slider.handle().center()
    QTest.mousePress(slider, LEFT, modifier, grip)
    for part in range(1, 5):
        QApplication.sendEvent(slider, moved(slider, grip + QPoint(way_px * part // 4, 0), modifier))
    QTest.mouseRelease(slider, LEFT, modifier, grip + QPoint(way_px, 0))
