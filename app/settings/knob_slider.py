"""The slider of a knob: its useful range in the middle, dotted ends for the extremes, a tick at the default."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.settings.scales import Track
from app.widgets import theme
from app.widgets.controls import JumpSlider

LEAST_WIDTH_PX = 120
_GROOVE_PX, _HANDLE_PX, _TICK_PX = 4.0, 12.0, 14.0
_NOTCH = 120
"""Of a wheel, in eighths of a degree."""
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}


class KnobSlider(JumpSlider):
    """Moves along a track.

    Signals:
        stepped(steps, fine): an arrow key or a notch of the wheel; `fine` where Shift is held.

    Args:
        default: the value that has the tick.
    """

    stepped = Signal(int, bool)

    def __init__(self, track: Track, default: float, parent: QWidget) -> None:
        super().__init__(parent)
        self.track = track
        self._default = track.position(default)
        self._turned = 0
        self.setRange(0, track.positions)
        self.setPageStep(max(1, track.positions // 10))
        self.setMinimumWidth(LEAST_WIDTH_PX)

    def sizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH_PX, super().sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = _STEPS.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(steps, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def wheelEvent(self, event: QWheelEvent) -> None:
        # with Alt, and on some systems with Shift, a wheel counts as turned sideways
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        if notches:
            self.stepped.emit(notches, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        event.accept()

    def x_of(self, position: float) -> float:
        """Where the middle of the handle is at a position, in pixels from the left."""
        handle = self.handle().width()
        return handle / 2 + position / max(1, self.maximum()) * (self.width() - handle)

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        middle, (low, high) = self.height() / 2, self.track.middle
        left, right, here = self.x_of(0), self.x_of(self.maximum()), self.x_of(self.value())
        low_x, high_x = self.x_of(low), self.x_of(high)
        self._tick(painter, self.x_of(self._default), middle)
        self._groove(painter, low_x, high_x, middle, named.border)
        filled = named.accent if self.hasFocus() else named.muted
        self._groove(painter, low_x, min(max(here, low_x), high_x), middle, filled)
        painter.setPen(QPen(QColor(named.warning), 2, Qt.PenStyle.DotLine))
        for start, end in ((left, low_x), (high_x, right)):
            if end - start > 1:
                painter.drawLine(QPointF(start, middle), QPointF(end, middle))
        edge = named.text if self.underMouse() or self.hasFocus() else named.muted
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(named.accent if self.hasFocus() else named.base))
        painter.setOpacity(1.0)
        painter.drawEllipse(QPointF(here, middle), _HANDLE_PX / 2, _HANDLE_PX / 2)

    def _groove(self, painter: QPainter, start: float, end: float, middle: float, color: str) -> None:
        if end > start:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(QRectF(start, middle - _GROOVE_PX / 2, end - start, _GROOVE_PX), 2, 2)

    def _tick(self, painter: QPainter, x: float, middle: float) -> None:
        painter.setPen(QPen(QColor(theme.colors().muted), 1.5))
        painter.drawLine(QPointF(x, middle - _TICK_PX / 2), QPointF(x, middle + _TICK_PX / 2))
