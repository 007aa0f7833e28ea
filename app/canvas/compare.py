"""A before the line, B behind it: a still picture over the canvas, and the line that is dragged to compare the two."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

REACH_PX = 9
"""How near the pointer must be to take hold of the line."""
GRIP_PX = 13
LABEL_PAD_PX = 6
LEAST_LABEL_PX = 36
"""In less room a side goes without its name."""
MIDDLE = 0.5

Draw = Callable[[QPainter], object]


class Compare(QObject):
    """Shows `image` left of the line; what is right of it is the canvas's own.

    Signals:
        changed(): image or line; the canvas is to be painted again.
        moved(share): the line, 0..1 of the canvas's width.
    """

    changed = Signal()
    moved = Signal(float)

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self.image: QImage | None = None
        self.share = MIDDLE
        self._labels = ("", "")
        self._left: Draw | None = None
        self._right: Draw | None = None
        self.over: Draw | None = None
        """Draws what lies over both pictures, below line and names."""
        self._place = QRectF()
        self._held = False
        self._viewport = viewport
        viewport.installEventFilter(self)

    def show(
        self,
        image: QImage | None,
        label: str = "",
        other: str = "",
        left: Draw | None = None,
        right: Draw | None = None,
        share: float | None = None,
    ) -> None:
        """Another picture, with words for both sides; None shows the canvas alone.

        Args:
            left: draws what is left of the line, in the place of the picture.
            right: draws what is right of it, in the place of the canvas.
            share: where the line stands; by default in the middle, or where it was for another picture.
        """
        if self.image is None or share is not None:
            self.set_share(MIDDLE if share is None else share)
        self._left, self._right = left, right
        self.image, self._labels = image, (label, other)
        if image is None:
            self._let_go()
        self.changed.emit()

    def set_share(self, share: float) -> None:
        share = min(1.0, max(0.0, share))
        if share != self.share:
            self.share = share
            self.moved.emit(share)
            self.changed.emit()

    def paint(self, painter: QPainter, place: QRectF) -> None:
        """Over the canvas, which lies at `place` of the viewport."""
        self._place = place
        if self.image is None:
            return
        across = self._line()
        painter.save()
        if self._right is not None:
            painter.setClipRect(place)
            self._right(painter)
            self._draw_over(painter)
        painter.setClipRect(QRectF(place.left(), place.top(), across - place.left(), place.height()))
        if self._left is not None:
            self._left(painter)
        else:
            painter.drawImage(place, self.image)
        self._draw_over(painter)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_labels(painter, place, across)
        painter.setClipping(False)
        for color, width in ((QColor(0, 0, 0, 110), 4.0), (QColor("#ffffff"), 2.0)):
            painter.setPen(QPen(color, width))
            painter.drawLine(QPointF(across, place.top()), QPointF(across, place.bottom()))
        self._paint_grip(painter, QPointF(across, place.center().y()))

    def _draw_over(self, painter: QPainter) -> None:
        if self.over is not None:
            self.over(painter)

    def _paint_grip(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(QPen(QColor(0, 0, 0, 110), 1.5))
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(at, GRIP_PX, GRIP_PX)
        painter.setPen(QPen(QColor("#202020"), 1.8))
        for side in (-1, 1):
            tip, back = at.x() + side * 7.5, at.x() + side * 3.5
            painter.drawLine(QPointF(tip, at.y()), QPointF(back, at.y() - 4))
            painter.drawLine(QPointF(tip, at.y()), QPointF(back, at.y() + 4))

    def _paint_labels(self, painter: QPainter, place: QRectF, across: float) -> None:
        metrics, ground = painter.fontMetrics(), QColor(0, 0, 0, 150)
        seen = place.intersected(QRectF(self._viewport.rect()))
        for right_side, words in enumerate(self._labels):
            width, height = metrics.horizontalAdvance(words) + 2 * LABEL_PAD_PX, metrics.height() + LABEL_PAD_PX
            room = (seen.right() - across if right_side else across - seen.left()) - 4 * LABEL_PAD_PX
            if not words or room < LEAST_LABEL_PX:
                continue
            if room < width:
                words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, round(room) - 2 * LABEL_PAD_PX)
                width = metrics.horizontalAdvance(words) + 2 * LABEL_PAD_PX
            left = seen.right() - width - 8 if right_side else seen.left() + 8
            pill = QRectF(left, seen.top() + 8, width, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(pill, 4, 4)
            painter.setPen(QColor("#ffffff"))
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.image is None or not isinstance(event, QMouseEvent):
            return False
        at = event.position().x()
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton and self._near(event):
                self._held = True
                return True
            case QEvent.Type.MouseMove if self._held:
                self.set_share((at - self._place.left()) / max(1.0, self._place.width()))
                return True
            case QEvent.Type.MouseMove if not event.buttons():
                shape = Qt.CursorShape.SplitHCursor if self._near(event) else Qt.CursorShape.OpenHandCursor
                self._viewport.setCursor(shape)
            case QEvent.Type.MouseButtonRelease if self._held:
                self._let_go()
                return True
        return False

    def _let_go(self) -> None:
        self._held = False
        self._viewport.setCursor(Qt.CursorShape.OpenHandCursor)

    def _line(self) -> float:
        return self._place.left() + self.share * self._place.width()

    def _near(self, event: QMouseEvent) -> bool:
        inside = self._place.adjusted(-GRIP_PX, 0, GRIP_PX, 0).contains(event.position())
        off = abs(event.position().x() - self._line())
        return inside and off <= (
            GRIP_PX if abs(event.position().y() - self._place.center().y()) < GRIP_PX else REACH_PX
        )
