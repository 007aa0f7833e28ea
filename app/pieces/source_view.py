"""A source image with the place that a piece shows of it: its frame can be dragged to another place."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.pieces.model import frame_in
from app.widgets import theme
from engine.pieces import PieceInfo

_TALLEST_PX = 190
_STEP = 0.02
"""Of the image's sides, that an arrow key moves the frame; with Shift a quarter of it."""


class SourceView(QWidget):
    """
    Signals:
        moved(down, right): the frame was dragged or moved by keys, in shares of the image's sides.
    """

    moved = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._info: PieceInfo | None = None
        self._spot: tuple[float, float] | None = None
        self._pressed: QPointF | None = None
        self._dragged = QPointF(0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(self.tr("Source of the piece"))
        self.setToolTip(self.tr("Drag the frame, or move it by the arrow keys: the piece shows another place"))

    def sizeHint(self) -> QSize:
        return QSize(200, _TALLEST_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 60)

    def show_piece(self, info: PieceInfo | None, image: QImage | None, spot: tuple[float, float] | None = None) -> None:
        """
        Args:
            image: the whole source image; None while it is read.
            spot: a place of it to be marked, (row, column) in shares of its sides.
        """
        other = self._info is None or info is None or (info.of, info.index) != (self._info.of, self._info.index)
        self._info, self._image, self._spot = info, image, spot
        if other:
            self._pressed, self._dragged = None, QPointF(0, 0)
        # a frame that can be moved is a stop of the Tab key, words about it are none
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if info is None else Qt.FocusPolicy.StrongFocus)
        self.setAccessibleDescription("" if info is None else info.path.name)
        self.update()

    @property
    def info(self) -> PieceInfo | None:
        return self._info

    def place(self) -> QRectF:
        """Where the image is drawn."""
        if self._image is None or self._image.isNull():
            return QRectF()
        shown = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(
            (self.width() - shown.width()) / 2, (self.height() - shown.height()) / 2, shown.width(), shown.height()
        )

    def frame(self) -> QRectF:
        """The chosen piece's, as far as it is dragged."""
        if self._info is None or not self.place().isValid():
            return QRectF()
        return frame_in(self.place(), self._info).translated(self._dragged)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.frame().contains(event.position()):
            self._pressed = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            self._dragged = event.position() - self._pressed
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        dragged, place = self._dragged, self.place()
        self._pressed, self._dragged = None, QPointF(0, 0)
        self.unsetCursor()
        if dragged.manhattanLength() >= 2 and place.isValid():
            self.moved.emit(dragged.y() / place.height(), dragged.x() / place.width())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
        }
        way = ways.get(Qt.Key(event.key()))
        if way is None or self._info is None:
            super().keyPressEvent(event)
            return
        step = _STEP / 4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
        self.moved.emit(step * way[0], step * way[1])

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        named, place = theme.colors(), self.place()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if not place.isValid() or self._image is None:
            painter.setPen(QColor(named.muted))
            words = self.tr("Choose a piece, or point at the picture, to see where it is from.")
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(8, 8, -8, -8), flags, words)
            return
        painter.drawImage(place, self._image)
        frame = self.frame()
        painter.setClipRect(place.adjusted(-1, -1, 1, 1))
        if frame.isValid():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for color, width in ((QColor(0, 0, 0, 170), 4), (QColor(255, 255, 255), 2)):  # seen on every picture
                painter.setPen(QPen(color, width))
                painter.drawRect(frame)
        if self._spot is not None:
            at = QPointF(
                place.left() + self._spot[1] * place.width(),
                place.top() + self._spot[0] * place.height(),
            )
            for color, width in ((QColor(0, 0, 0, 170), 4), (QColor(255, 255, 255), 2)):
                painter.setPen(QPen(color, width))
                painter.drawEllipse(at, 5, 5)
        painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(QPen(QColor(named.accent), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
