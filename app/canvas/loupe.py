"""A small panel at the pointer with the canvas enlarged. Its pixels are its own; when it is shown is view.py's."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from app.canvas.pixels import Pixels
from engine.box import Box, Size
from engine.messages.commands import RenderView
from engine.messages.events import ViewRendered

SIDE_PX = 300
OFF_PX = 24
"""Beside the pointer, so that it does not cover what it shows."""
LEAST_GAIN = 2.0
"""It shows canvas pixels one to one, or as was chosen; where the canvas is enlarged already, this much more."""


Place = Callable[[Box], QRectF]


class Loupe(QWidget):
    """Opened by `begin`, moved by `move_to`, closed by `hide`."""

    wanted = Signal(object, object)
    """A box of the canvas and the size that it is to have on the screen: to be asked for, and told by `asked`."""

    def __init__(self, viewport: QWidget, backdrop: Callable[[QPainter, Place, QRectF], None]) -> None:
        """
        Args:
            backdrop: draws what the canvas has, given where boxes lie, until own pixels come.
        """
        super().__init__(viewport)
        self._viewport, self._backdrop = viewport, backdrop
        self.pixels = Pixels()
        self.over: Callable[[QPainter, QRectF, QRectF], object] | None = None
        """Draws what lies over the picture, given where the canvas lies and what is seen."""
        self._canvas = Size(0, 0)
        self._zoom = 1.0
        self.magnification = 1
        """Pixels of the screen for each of the canvas, in each direction."""
        self._centre = (0.0, 0.0)
        self._asked: RenderView | None = None
        self._alive = self._unseen = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(SIDE_PX, SIDE_PX)
        self.hide()

    def begin(self, canvas: Size, zoom: float, alive: bool) -> None:
        """Gets ready to be moved to a place.

        Args:
            zoom: of the canvas, in window units for each canvas pixel.
            alive: the picture changes by itself, and is asked for again and again.
        """
        self._canvas, self._alive = canvas, alive
        ratio = self.devicePixelRatioF()
        self._zoom = max(self.magnification / ratio, LEAST_GAIN * zoom)
        self.pixels.forget()
        self._asked = None

    def move_to(self, pointer: QPoint, row: float, column: float) -> None:
        """Follows the pointer, which is at (row, column) of the canvas."""
        self._centre = (row, column)
        room = self._viewport.rect()
        left = (
            pointer.x() + OFF_PX if pointer.x() + OFF_PX + SIDE_PX <= room.right() else pointer.x() - OFF_PX - SIDE_PX
        )
        top = min(max(pointer.y() - SIDE_PX // 2, 4), room.bottom() - SIDE_PX - 4)
        self.move(max(4, left), max(4, top))
        self.show()
        self.raise_()
        self.ask()
        self.update()

    def ask(self) -> None:
        box = self.box().clip(self._canvas.box)
        if box.area:
            scale = min(1.0, self._zoom * self.devicePixelRatioF())
            self.wanted.emit(box, Size(max(1, round(box.height * scale)), max(1, round(box.width * scale))))

    def asked(self, request: RenderView) -> None:
        """The request that went out for it."""
        self._asked = request

    def show_piece(self, event: ViewRendered) -> None:
        """A painted piece; those of an earlier request are passed over."""
        if self._asked is None or event.ticket != self._asked.ticket:
            return
        if event.image.size:
            self.pixels.put(event, self._asked, QColor("#000000"))
            self.update()
        self._unseen = event.done and self._alive

    def box(self) -> Box:
        """What it shows, in canvas pixels; may reach beyond the canvas."""
        side = max(1, round(SIDE_PX / self._zoom))
        return Box(round(self._centre[0] - side / 2), round(self._centre[1] - side / 2), side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#101010"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._zoom < 4)
        whole = QRectF(self.rect())
        self._backdrop(painter, self._place, whole)
        if self._asked is not None:
            self.pixels.draw(painter, self._place, self._canvas, whole, self._asked.layer, QPixmap())
        if self.over is not None:
            self.over(painter, self._place(self._canvas.box), whole)
        painter.setPen(QPen(QColor(255, 255, 255, 210), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.setPen(QPen(QColor(0, 0, 0, 170), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        text = f"{100 * self._zoom * self.devicePixelRatioF():.0f} %"
        pill = QRectF(6, SIDE_PX - 26, painter.fontMetrics().horizontalAdvance(text) + 12, 20)
        painter.fillRect(pill, QColor(0, 0, 0, 150))
        painter.setPen(QColor("#ffffff"))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        if self._unseen and self.isVisible():
            self._unseen = False
            QTimer.singleShot(0, self._ask_again)

    def _ask_again(self) -> None:
        if self.isVisible():
            self.ask()

    def _place(self, box: Box) -> QRectF:
        own = self.box()
        gain = SIDE_PX / own.width
        return QRectF((box.left - own.left) * gain, (box.top - own.top) * gain, box.width * gain, box.height * gain)
