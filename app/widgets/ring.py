"""The ring around a picture that has the keys: seen on any picture, and drawn only where the keys brought one there."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen

from app.widgets import theme

_KEEPS = (
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)
"""Reasons for which the keys come back: the ring is as it was."""


class Ring:
    """Whether a widget shows that it has the keys: a hand on the mouse knows where it is."""

    def __init__(self) -> None:
        self._shown = True

    def arrive(self, event: QFocusEvent) -> None:
        """To be called as the keys come."""
        if event.reason() not in _KEEPS:
            self._shown = event.reason() != Qt.FocusReason.MouseFocusReason

    def paint(self, painter: QPainter, around: QRectF) -> None:
        """To be called last where the widget has the keys."""
        if not self._shown:
            return
        named = theme.colors()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for inset, color in ((1.0, named.accent), (2.5, named.window)):
            painter.setPen(QPen(QColor(color), 2 if color == named.accent else 1))
            painter.drawRect(around.adjusted(inset, inset, -inset, -inset))
        painter.restore()
