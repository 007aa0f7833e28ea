"""The place where the next snapshot will stand: a button that keeps one."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.snapshots.tile import HEIGHT
from app.widgets import theme


class KeepTile(QAbstractButton):
    """The place where the next snapshot will stand."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText("Keep")
        self.setToolTip("Keep this moment, to come back to it")
        self.setAccessibleName("Keep this moment")
        self.setFixedSize(72, HEIGHT + 8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.rect().adjusted(2, 4, -2, -4)
        lit = self.isEnabled() and (self.underMouse() or self.hasFocus())
        edge = QPen(QColor(named.accent if lit else named.border), 1.5)
        if not self.hasFocus():
            edge.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(edge)
        painter.setBrush(QColor(named.border) if self.isDown() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 6, 6)
        middle = frame.center()
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        theme.icon("keep").paint(
            painter, QRect(middle.x() - 14, middle.y() - 24, 28, 28), Qt.AlignmentFlag.AlignCenter, mode
        )
        painter.setPen(QColor(named.text if self.isEnabled() else theme.disabled(named)))
        painter.drawText(
            QRect(frame.left(), middle.y() + 6, frame.width(), 20), Qt.AlignmentFlag.AlignCenter, self.text()
        )
