"""Which part of the picture goes onto paper of another shape: a frame on a small picture, to be dragged."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.canvas.ground import Ground
from app.widgets import theme
from engine.box import Size

HIGHEST_PX, WIDEST_PX = 132, 264
"""A panorama is allowed more width than a portrait has height: its frame is to be found by a hand."""
STEP, LARGE_STEP = 0.02, 0.1
"""What an arrow key moves the frame by, of its way; with Shift."""
MIDDLE = (0.5, 0.5)


class CropField(QWidget):
    """Moved by the mouse or by the arrows; Home leads back to the middle."""

    changed = Signal()

    def __init__(self, canvas: Size, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas, self._print = canvas, canvas
        self._picture = QImage()
        self._ground = Ground()
        self._grabbed: QPointF | None = None
        self.crop = MIDDLE
        """How much of what is cut away lies above the frame, and how much to its left."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setAccessibleName(self.tr("What of the picture is printed"))
        self.setToolTip(self.tr("Drag the frame, or move it by the arrow keys, to the part that is to be printed"))
        self.setFixedSize(self.sizeHint())

    def set_picture(self, picture: QImage) -> None:
        """The whole canvas, of any size; null where it is not known."""
        self._picture = picture
        self.update()

    def set_opacity(self, opacity: np.ndarray | None) -> None:
        """How opaque the canvas is, float32 [h, w], 0..1: checks show where it is not; None where all of it is."""
        self._ground.set_opacity(opacity)
        self.update()

    def set_print(self, size: Size) -> None:
        """The shape of the paper."""
        self._print = size
        self.update()

    def set_crop(self, crop: tuple[float, float]) -> None:
        crop = (min(1.0, max(0.0, crop[0])), min(1.0, max(0.0, crop[1])))
        if crop != self.crop:
            self.crop = crop
            self.update()
            self.changed.emit()

    def sizeHint(self) -> QSize:
        scale = min(HIGHEST_PX / self._canvas.height, WIDEST_PX / self._canvas.width)
        return QSize(max(24, round(self._canvas.width * scale)), max(24, round(self._canvas.height * scale)))

    def frame(self) -> QRectF:
        """Where the part lies on the widget."""
        whole = QRectF(self.rect())
        wide = self._print.width / self._canvas.width
        high = self._print.height / self._canvas.height
        most = max(wide, high)
        width, height = whole.width() * wide / most, whole.height() * high / most
        left, top = (whole.width() - width) * self.crop[1], (whole.height() - height) * self.crop[0]
        return QRectF(left, top, width, height)

    def _move_by(self, across_px: float, down_px: float) -> None:
        room = QRectF(self.rect()).size() - self.frame().size()
        row, column = self.crop
        if room.height() >= 0.5:
            row += down_px / room.height()
        if room.width() >= 0.5:
            column += across_px / room.width()
        self.set_crop((row, column))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            if not self.frame().contains(event.position()):  # the frame comes to where one points
                away = event.position() - self.frame().center()
                self._move_by(away.x(), away.y())
            self._grabbed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            way = event.position() - self._grabbed
            self._grabbed = event.position()
            self._move_by(way.x(), way.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = LARGE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
        ways = {
            Qt.Key.Key_Up: (-step, 0.0),
            Qt.Key.Key_Down: (step, 0.0),
            Qt.Key.Key_Left: (0.0, -step),
            Qt.Key.Key_Right: (0.0, step),
        }
        way = ways.get(Qt.Key(event.key()))
        if way is not None:
            self.set_crop((self.crop[0] + way[0], self.crop[1] + way[1]))
        elif event.key() == Qt.Key.Key_Home:
            self.set_crop(MIDDLE)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(named.canvas))
        if not self._picture.isNull():
            painter.drawImage(self.rect(), self._picture)
            self._ground.paint(painter, QRectF(self.rect()), QRectF(self.rect()))
        frame = self.frame()
        veil = QColor(named.window)
        veil.setAlpha(190)
        for part in (
            QRectF(0, 0, self.width(), frame.top()),
            QRectF(0, frame.bottom(), self.width(), self.height() - frame.bottom()),
            QRectF(0, 0, frame.left(), self.height()),
            QRectF(frame.right(), 0, self.width() - frame.right(), self.height()),
        ):
            painter.fillRect(part, veil)
        painter.setPen(QPen(QColor(named.accent), 2))
        painter.drawRect(frame.adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(QColor(named.text), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
            painter.drawRect(frame.adjusted(3, 3, -3, -3))
