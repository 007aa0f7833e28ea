"""Painting on a mask: mouse and pen become strokes, lines around places, gradients and fills.

Tools and regions are chosen elsewhere. How the mask is shown is surface.py's, what a stroke does to it picture.py's.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtWidgets import QWidget

from app.masks.amount_picture import AmountPicture
from app.masks.picture import UNPAINTED, MaskPicture, Touch
from app.masks.surface import MaskSurface
from app.widgets.ring import Ring

Tool = Literal["brush", "lasso", "fill", "gradient", "piece", "eraser"]
SMALLEST_BRUSH, LARGEST_BRUSH = 1, 500
_LIGHTEST_PRESSURE = 0.15
"""A pen that hardly touches paints with this share of the brush's size."""
_ROUND: tuple[Tool, ...] = ("brush", "eraser")


class MaskView(MaskSurface):
    """Shows and edits a `MaskPicture`.

    Signals:
        picked(label): the artist took a region from the picture, with Alt or the right button.
        piece_wanted(x, y): what one piece covers there shall be painted, 0..1 of the picture's sides.
        stroke_ended(): a stroke or fill is done.
    """

    picked = Signal(int)
    piece_wanted = Signal(float, float)
    stroke_ended = Signal()

    def __init__(self, picture: MaskPicture, parent: QWidget | None = None) -> None:
        super().__init__(picture, parent)
        self.tool: Tool = "brush"
        self.label = UNPAINTED
        self.size_px = 40.0
        """Diameter of brush and eraser, in pixels of the mask."""
        self.touch = Touch()
        self._last: QPointF | None = None
        self._line: list[QPointF] = []
        """What the hand drew of a lasso or gradient, in pixels of the mask."""
        self._stroking = False
        self._erasing = False
        self._pan: QPointF | None = None
        self._space = False
        self._pointer: QPointF | None = None
        self._ring = Ring()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._choose_cursor()

    # ------------------------------------------------------------ what is chosen

    def set_tool(self, tool: Tool) -> None:
        self.tool = tool
        self._choose_cursor()
        self.update()

    def set_label(self, label: int) -> None:
        self.label = label

    def set_size(self, size_px: float) -> None:
        self.size_px = min(max(size_px, SMALLEST_BRUSH), LARGEST_BRUSH)
        self.update()

    def set_touch(self, touch: Touch) -> None:
        """How brush, lasso, fill and gradient cover what is there, where there is something between."""
        self.touch = touch
        self.update()

    # ------------------------------------------------------------ mouse and pen

    def mousePressEvent(self, event: QMouseEvent) -> None:
        button, alt = event.button(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._space):
            self._pan = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif button == Qt.MouseButton.RightButton or (button == Qt.MouseButton.LeftButton and alt):
            self._pick(event.position())
        elif button == Qt.MouseButton.LeftButton:
            straight = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._press(event.position(), 1.0, self.tool == "eraser", straight)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pan is not None:
            self.move_by(event.position() - self._pan)
            self._pan = event.position()
        else:
            self._move(event.position(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pan is not None:
            self._pan = None
            self._choose_cursor()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._release()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen: its pressure is the size, its other end erases."""
        pressure = _LIGHTEST_PRESSURE + (1 - _LIGHTEST_PRESSURE) * event.pressure()
        match event.type():
            case QEvent.Type.TabletPress if event.button() == Qt.MouseButton.LeftButton and not self._space:
                eraser = event.pointerType() == QPointingDevice.PointerType.Eraser or self.tool == "eraser"
                self._press(event.position(), pressure, eraser, straight=False)
            case QEvent.Type.TabletMove if self._stroking:
                self._move(event.position(), pressure)
            case QEvent.Type.TabletRelease if self._stroking:
                self._release()
            case _:
                event.ignore()  # it comes again as an event of the mouse
                return
        event.accept()

    def _press(self, point: QPointF, pressure: float, erasing: bool, straight: bool) -> None:
        place = self.to_mask(point)
        if not erasing and not self.picture.can_paint(self.label):
            return
        if self.tool == "piece" and not erasing:
            self.piece_wanted.emit(place.x() / self.picture.width, place.y() / self.picture.height)
            return
        self.picture.begin()
        if self.tool == "fill" and not erasing:
            self.picture.fill(place.x(), place.y(), self.label, self.touch)
            self._end(self.tr("fill"))
            return
        self._stroking, self._erasing = True, erasing
        if self.tool in ("lasso", "gradient") and not erasing:
            self._line = [place]
            return
        start = self._last if straight and self._last is not None else place
        self._paint(start, place, pressure)

    def _move(self, point: QPointF, pressure: float) -> None:
        place = self.to_mask(point)
        if self._stroking and not self.picture.painting:  # it was taken back; the hand may lift in peace
            self._stroking, self._line = False, []
            self.stroke_ended.emit()
            self.update()
        if self._line:
            self._draw_line(place)
        elif self._stroking and self._last is not None:
            self._paint(self._last, place, pressure)
        self._show_pointer(point)

    def _draw_line(self, place: QPointF) -> None:
        if self.tool == "gradient" and isinstance(self.picture, AmountPicture):
            self._line = [self._line[0], place]
            start, end = self._line
            self.picture.gradient((start.x(), start.y()), (end.x(), end.y()), self.label, self.touch)
        else:
            self._line.append(place)
        self.update()

    def _release(self) -> None:
        if not self._stroking:
            return
        self._stroking = False
        if not self.picture.painting:
            self._line = []
            self.stroke_ended.emit()
            self.update()
            return
        line, self._line = self._line, []
        if self.tool == "lasso" and line:
            self.picture.lasso([(place.x(), place.y()) for place in line], self.label, self.touch)
            self._end(self.tr("lasso"))
            self.update()
        elif self.tool == "gradient" and line:
            self._end(self.tr("gradient"))
            self.update()
        else:
            self._end(self.tr("erase") if self._erasing else self.tr("paint"))

    def _end(self, text: str) -> None:
        self.picture.commit(text)
        self.stroke_ended.emit()

    def _paint(self, start: QPointF, end: QPointF, pressure: float) -> None:
        label = self.picture.empty if self._erasing else self.label
        radius = self.size_px * pressure / 2
        self.picture.stroke((start.x(), start.y()), (end.x(), end.y()), radius, label, self.touch)
        self._last = end

    def _pick(self, point: QPointF) -> None:
        place = self.to_mask(point)
        label = self.picture.label_at(place.x(), place.y())
        if self.picture.can_paint(label):
            self.picked.emit(label)

    def leaveEvent(self, event: QEvent) -> None:
        self._show_pointer(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._choose_cursor()
        else:
            super().keyReleaseEvent(event)

    def _choose_cursor(self) -> None:
        pointing = self.tool in ("fill", "piece")
        self.setCursor(Qt.CursorShape.PointingHandCursor if pointing else Qt.CursorShape.CrossCursor)

    # ------------------------------------------------------------ painting the screen

    def _show_pointer(self, point: QPointF | None) -> None:
        for place in (self._pointer, point):
            if place is not None:
                reach = round(self.size_px * self.scale / 2) + 3
                middle = place.toPoint()
                self.update(QRect(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach))
        self._pointer = point

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring.arrive(event, self.window().windowHandle())
        super().focusInEvent(event)

    def paint_hand(self, painter: QPainter) -> None:
        if self.hasFocus():
            self._ring.paint(painter, QRectF(self.rect()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        at, radius = self._pointer, self.size_px * self.scale / 2
        line = [self.to_widget(place.x(), place.y()) for place in self._line]
        for color, width in ((QColor(0, 0, 0, 160), 2.6), (QColor(255, 255, 255), 1.2)):  # seen on every colour
            painter.setPen(QPen(color, width))
            if len(line) > 1:
                painter.drawPolyline(line)
            if at is not None and self.tool in _ROUND and radius >= 3:
                painter.drawEllipse(at, radius, radius)
                inner = radius * self.touch.hardness
                if self.picture.soft and 2 < inner < radius - 2:
                    painter.setPen(QPen(color, width / 2, Qt.PenStyle.DotLine))
                    painter.drawEllipse(at, inner, inner)
