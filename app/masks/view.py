"""The surface on which a mask is painted: mouse and pen become strokes, over the dimmed picture; zoom and pan.

Tools and regions are chosen elsewhere. What a stroke does to the pixels is picture.py's.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPointingDevice,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.masks.picture import UNPAINTED, MaskPicture
from app.widgets import theme

Tool = Literal["brush", "fill", "eraser"]
SMALLEST_BRUSH, LARGEST_BRUSH = 1, 500
LARGEST_ZOOM = 32.0
_MARGIN_PX = 16
_LIGHTEST_PRESSURE = 0.15
"""A pen that hardly touches paints with this share of the brush's size."""


class MaskView(QWidget):
    """Shows and edits a `MaskPicture`.

    Signals:
        zoomed(scale): screen pixels for each pixel of the mask.
        picked(label): the artist took a region from the picture, with Alt or the right button.
        stroke_ended(): a stroke or fill is done.
    """

    zoomed = Signal(float)
    picked = Signal(int)
    stroke_ended = Signal()

    def __init__(self, picture: MaskPicture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = picture
        self.tool: Tool = "brush"
        self.label = UNPAINTED
        self.size_px = 40.0
        """Diameter of brush and eraser, in pixels of the mask."""
        self.strength = 0.65
        """How much the mask covers the picture below it, 0..1."""
        self.scale = 1.0
        self._origin = QPointF(0, 0)
        self._fitted = True
        self._below: QImage | None = None
        self._pixels = np.zeros((1, 1), np.uint32)
        self._image = QImage()
        self._shades = np.zeros(256, np.uint32)
        self._last: QPointF | None = None
        self._stroking = False
        self._erasing = False
        self._pan: QPointF | None = None
        self._space = False
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 200)
        self.setAccessibleName(self.tr("Mask"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        picture.painted.connect(self._on_painted)
        picture.regions_changed.connect(self._recolor)
        picture.resized.connect(self._on_resized)
        self._recolor()
        self._choose_cursor()

    def sizeHint(self) -> QSize:
        return QSize(720, 560)

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

    def set_strength(self, strength: float) -> None:
        self.strength = strength
        self.update()

    def set_below(self, image: QImage | None) -> None:
        """The picture to paint over, stretched over the mask."""
        self._below = image
        self.update()

    # ------------------------------------------------------------ zoom and pan

    def fit(self) -> None:
        """The whole mask in sight."""
        across = (self.width() - 2 * _MARGIN_PX) / self.picture.width
        down = (self.height() - 2 * _MARGIN_PX) / self.picture.height
        self.scale = min(max(min(across, down), 0.01), LARGEST_ZOOM)
        self._origin = QPointF(
            (self.width() - self.picture.width * self.scale) / 2, (self.height() - self.picture.height * self.scale) / 2
        )
        self._fitted = True
        self.update()
        self.zoomed.emit(self.scale)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms; the place at `at` (of the widget, by default its middle) stays."""
        at = at or QPointF(self.rect().center())
        scale = min(max(self.scale * factor, 0.02), LARGEST_ZOOM)
        self._origin = at - (at - self._origin) * (scale / self.scale)
        self.scale, self._fitted = scale, False
        self.update()
        self.zoomed.emit(scale)

    def to_mask(self, point: QPointF) -> QPointF:
        """A place of the widget in pixels of the mask."""
        return (point - self._origin) / self.scale

    def to_widget(self, x: float, y: float) -> QPointF:
        return self._origin + QPointF(x, y) * self.scale

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())

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
            self._origin += event.position() - self._pan
            self._pan, self._fitted = event.position(), False
            self.update()
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
        label = UNPAINTED if erasing else self.label
        if label == UNPAINTED and not erasing:
            return
        self.picture.begin()
        if self.tool == "fill" and not erasing:
            self.picture.fill(place.x(), place.y(), label)
            self.picture.commit(self.tr("fill"))
            self.stroke_ended.emit()
            return
        self._stroking, self._erasing = True, erasing
        start = self._last if straight and self._last is not None else place
        self._paint(start, place, pressure)

    def _move(self, point: QPointF, pressure: float) -> None:
        if self._stroking and self._last is not None:
            self._paint(self._last, self.to_mask(point), pressure)
        self._show_pointer(point)

    def _release(self) -> None:
        if self._stroking:
            self._stroking = False
            self.picture.commit(self.tr("erase") if self._erasing else self.tr("paint"))
            self.stroke_ended.emit()

    def _paint(self, start: QPointF, end: QPointF, pressure: float) -> None:
        label = UNPAINTED if self._erasing else self.label
        self.picture.stroke((start.x(), start.y()), (end.x(), end.y()), self.size_px * pressure / 2, label)
        self._last = end

    def _pick(self, point: QPointF) -> None:
        place = self.to_mask(point)
        label = self.picture.label_at(place.x(), place.y())
        if label != UNPAINTED:
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
        self.setCursor(Qt.CursorShape.PointingHandCursor if self.tool == "fill" else Qt.CursorShape.CrossCursor)

    # ------------------------------------------------------------ painting the screen

    def _recolor(self) -> None:
        self._shades[:] = 0
        for region in self.picture.regions:
            red, green, blue = region.color
            self._shades[region.label] = 0xFF000000 | red << 16 | green << 8 | blue
        if self._pixels.shape == self.picture.labels.shape:
            self._on_painted(QRect(0, 0, self.picture.width, self.picture.height))
        else:
            self._on_resized()

    def _on_resized(self) -> None:
        self._pixels = self._shades[self.picture.labels]
        height, width = self._pixels.shape
        # the image shares the array's memory, so that a stroke changes only the pixels that it touched
        self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        self.fit()

    def _on_painted(self, rect: QRect) -> None:
        rows = slice(rect.top(), rect.top() + rect.height())
        columns = slice(rect.left(), rect.left() + rect.width())
        self._pixels[rows, columns] = self._shades[self.picture.labels[rows, columns]]
        corner = self.to_widget(rect.left(), rect.top())
        on_screen = QRectF(corner.x(), corner.y(), rect.width() * self.scale, rect.height() * self.scale)
        self.update(on_screen.toAlignedRect().adjusted(-2, -2, 2, 2))

    def _show_pointer(self, point: QPointF | None) -> None:
        for place in (self._pointer, point):
            if place is not None:
                reach = round(self.size_px * self.scale / 2) + 3
                middle = place.toPoint()
                self.update(QRect(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach))
        self._pointer = point

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.colors().canvas))
        corner = self.to_widget(0, 0)
        sheet = QRectF(corner.x(), corner.y(), self.picture.width * self.scale, self.picture.height * self.scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < 3)
        if self._below is not None:
            painter.drawImage(sheet, self._below)
            painter.fillRect(sheet, QColor(128, 128, 128, 110))
        else:
            painter.fillRect(sheet, QColor(128, 128, 128) if theme.is_dark() else QColor(236, 236, 236))
        painter.setOpacity(self.strength if self._below is not None else 1.0)
        painter.drawImage(sheet, self._image)
        painter.setOpacity(1.0)
        painter.setPen(QPen(QColor(theme.colors().border), 1))
        painter.drawRect(sheet.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._pointer is not None and self.tool != "fill":
            self._paint_brush(painter, self._pointer)

    def _paint_brush(self, painter: QPainter, at: QPointF) -> None:
        """A ring of the brush's size, light and dark, so that it is seen on every colour."""
        radius = self.size_px * self.scale / 2
        if radius < 3:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((QColor(0, 0, 0, 160), 2.6), (QColor(255, 255, 255), 1.2)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(at, radius, radius)
