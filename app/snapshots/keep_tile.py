"""The place where the next snapshot will stand: a button that keeps one."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.snapshots.tile import HEIGHT
from app.widgets import theme

WIDE_PX, LOW_PX = 72, 44
"""Width of the tile, and its height in a low row, beside three lines of words."""


class KeepTile(QAbstractButton):
    """The place where the next snapshot will stand; in a low row its icon and word are beside one another."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText("Keep")
        self.setToolTip("Keep this moment, to come back to it")
        self.setAccessibleName("Keep this moment")
        self.low = False
        self.set_low(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_low(self, low: bool) -> None:
        """As low as a few lines of words, or as high as a moment."""
        self.low = low
        self.setFixedSize(WIDE_PX, LOW_PX if low else HEIGHT + 8)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.rect().adjusted(2, 2, -2, -2) if self.low else self.rect().adjusted(2, 4, -2, -4)
        lit = self.isEnabled() and (self.underMouse() or self.hasFocus())
        edge = QPen(QColor(named.accent if lit else named.border), 1.5)
        if not self.hasFocus():
            edge.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(edge)
        painter.setBrush(QColor(named.border) if self.isDown() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 6, 6)
        middle = frame.center()
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        centre = Qt.AlignmentFlag.AlignCenter
        icon, word = (
            (QRect(frame.left() + 6, middle.y() - 9, 20, 20), frame.adjusted(28, 0, -4, 0))
            if self.low
            else (
                QRect(middle.x() - 14, middle.y() - 24, 28, 28),
                QRect(frame.left(), middle.y() + 6, frame.width(), 20),
            )
        )
        theme.icon("keep").paint(painter, icon, centre, mode)
        painter.setPen(QColor(named.text if self.isEnabled() else theme.disabled(named)))
        painter.drawText(word, centre, self.text())
