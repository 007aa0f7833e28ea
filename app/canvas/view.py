"""The picture: zooms, pans, shows the pieces that the engine painted, and asks for the next ones. No buttons here.

Scene coordinates are canvas pixels. A `RenderView` goes out when the view changed, and while the picture is alive when
the last piece of the previous one has been painted on the screen: so the screen sets the pace, never the engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from app.canvas.compare import Compare
from app.canvas.loupe import Loupe
from app.canvas.pixels import Pixels
from app.widgets import theme
from engine.box import Box, Size
from engine.messages import RenderView, ViewRendered

SETTLE_MS = 70
"""A zoom or pan rests this long before new pixels are asked for."""
FIT_MARGIN_PX = 20
LARGEST_ZOOM = 32.0
PATCHES = "patches"


class CanvasView(QGraphicsView):
    look_wanted = Signal(object)
    """A `RenderView` to be posted to the session."""
    zoomed = Signal(float)
    """Screen pixels for each canvas pixel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setAccessibleName(self.tr("Canvas"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setMinimumSize(240, 200)
        self.extent = Size(0, 0)
        """Of what is shown: the canvas, or the strip of patches."""
        self.layer = "result"
        self.fitted = True
        self._alive = self._connected = False
        self._ticket = 0
        self._shown_ticket = -1
        self._unseen = False
        self._pixels = Pixels()
        self._asked = RenderView(Box(0, 0, 0, 0), Size(0, 0))
        self.compare = Compare(self.viewport())
        self.compare.changed.connect(self.viewport().update)
        self.loupe = Loupe(self.viewport(), self._draw_stored)
        self.loupe.wanted.connect(self._ask_for_loupe)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.ask)
        self._checker = QPixmap()

    # ------------------------------------------------------------ what is shown

    def set_extent(self, extent: Size) -> None:
        """Another canvas: earlier pixels are forgotten where its size differs."""
        if extent == self.extent:
            return
        self.extent = extent
        self._pixels.forget()
        height, width = extent.height, extent.width
        self.setSceneRect(-width, -height, 3 * width, 3 * height)
        self.fit()

    def set_layer(self, layer: str) -> None:
        if layer != self.layer:
            self.layer = layer
            self.ask()

    def set_session(self, connected: bool, alive: bool) -> None:
        """Whether somebody answers looks, and whether the picture changes by itself."""
        began = (connected and not self._connected) or (alive and not self._alive)
        self._connected, self._alive = connected, alive
        if began:
            self.ask()

    def forget(self) -> None:
        """The pixels belong to nothing any more."""
        self._pixels.forget()
        self.compare.show(None)
        self.viewport().update()

    def set_picture(self, image: QImage, layer: str = "result") -> None:
        """A picture of the whole canvas, to stand until the engine paints that layer."""
        self._pixels.set_picture(image, layer)
        self.viewport().update()

    def picture(self) -> QImage | None:
        """The whole canvas as far as it was painted, small."""
        return self._pixels.whole(self.layer)

    def viewed(self, event: ViewRendered) -> None:
        """A painted piece: onto the screen, and into the small picture of the whole."""
        if self.loupe.viewed(event) or event.layer != self.layer:
            return
        if event.image.size:  # patches before the first step, or a view beside the canvas, are empty
            if event.canvas_size != self.extent:
                self.set_extent(event.canvas_size)
            self._pixels.put(event, self._asked, self._surround())
            self.viewport().update(self._on_screen(event.box).toAlignedRect())
        if event.done and event.ticket == self._ticket:
            self._unseen = True

    # ------------------------------------------------------------ looks

    def visible_box(self) -> Box:
        """The part of the canvas in the window, in canvas pixels."""
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        top, left = math.floor(seen.top()), math.floor(seen.left())
        box = Box(top, left, math.ceil(seen.bottom()) - top, math.ceil(seen.right()) - left)
        return box.clip(self.extent.box)

    def ask(self) -> None:
        """Sends a `RenderView` for what is visible now."""
        self._settle.stop()
        if not self._connected or not self.isVisible() or self.loupe.isVisible():
            return
        box = self.visible_box() if self.extent.area else Box(0, 0, self.viewport().height(), self.viewport().width())
        if box.area == 0:
            return
        scale = min(1.0, self.zoom * self.devicePixelRatioF()) if self.extent.area else 1.0
        size = Size(max(1, round(box.height * scale)), max(1, round(box.width * scale)))
        self._asked = self._look(box, size)
        self.look_wanted.emit(self._asked)

    def _look(self, box: Box, size: Size) -> RenderView:
        self._ticket += 1
        return RenderView(box, size, self.layer, self._ticket)

    def _ask_for_loupe(self, box: Box, size: Size) -> None:
        if self._connected:
            look = self._look(box, size)
            self.loupe.asked(look)
            self.look_wanted.emit(look)

    def answer_failed(self) -> None:
        """A look was not answered; asks again with the next change of the view."""
        self._unseen = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._unseen:
            self._unseen = False
            if self._alive:
                QTimer.singleShot(0, self.ask)

    # ------------------------------------------------------------ pixels

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        painter.resetTransform()
        painter.fillRect(self.viewport().rect(), self._surround())
        if self.extent.area:
            whole = self._on_screen(self.extent.box)
            painter.setClipRect(whole)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 4)
            self._draw_stored(painter, self._on_screen, QRectF(self.viewport().rect()))
            self.compare.paint(painter, whole)
        painter.restore()

    def _draw_stored(self, painter: QPainter, place: Callable[[Box], QRectF], seen: QRectF) -> None:
        if self.extent.area:
            self._pixels.draw(painter, place, self.extent, seen, self.layer, self._checkered())

    def _on_screen(self, box: Box) -> QRectF:
        """Where a box lies in the viewport, on whole device pixels so that 1:1 pictures stay crisp."""
        ratio = self.devicePixelRatioF()
        rect = self.viewportTransform().mapRect(QRectF(box.left, box.top, box.width, box.height))
        left, top = round(rect.left() * ratio) / ratio, round(rect.top() * ratio) / ratio
        right, bottom = round(rect.right() * ratio) / ratio, round(rect.bottom() * ratio) / ratio
        return QRectF(left, top, max(1 / ratio, right - left), max(1 / ratio, bottom - top))

    def _surround(self) -> QColor:
        return QColor(theme.colors().canvas)

    def _checkered(self) -> QPixmap:
        if self._checker.isNull():
            side = 12
            self._checker = QPixmap(2 * side, 2 * side)
            base = self.palette().color(QPalette.ColorRole.Base)
            other = self.palette().color(QPalette.ColorRole.AlternateBase)
            self._checker.fill(base)
            painter = QPainter(self._checker)
            painter.fillRect(0, 0, side, side, other)
            painter.fillRect(side, side, side, side, other)
            painter.end()
        return self._checker

    def changeEvent(self, event) -> None:
        if event.type() == event.Type.PaletteChange:
            self._checker = QPixmap()
        super().changeEvent(event)

    # ------------------------------------------------------------ zoom and pan

    @property
    def zoom(self) -> float:
        """Window units for each canvas pixel."""
        return self.transform().m11()

    def fit(self) -> None:
        """The whole canvas in the window."""
        self.fitted = True
        if not self.extent.area:
            return
        room = self.viewport().rect().adjusted(FIT_MARGIN_PX, FIT_MARGIN_PX, -FIT_MARGIN_PX, -FIT_MARGIN_PX)
        zoom = min(room.width() / self.extent.width, room.height() / self.extent.height, 8.0)
        self._set_zoom(max(zoom, 1e-4))
        self.centerOn(self.extent.width / 2, self.extent.height / 2)

    def zoom_by(self, factor: float, at: QPoint | None = None) -> None:
        """Around a point of the viewport, which stays where it is; by default around the middle."""
        self.fitted = False
        smallest = min(0.02, self.zoom)
        self._set_zoom(min(LARGEST_ZOOM, max(smallest, self.zoom * factor)), at)

    def zoom_to_pixels(self) -> None:
        """One canvas pixel on one pixel of the screen."""
        self.fitted = False
        self._set_zoom(1 / self.devicePixelRatioF())

    def _set_zoom(self, zoom: float, at: QPoint | None = None) -> None:
        middle = self.viewport().rect().center()
        before, centre = self.mapToScene(at or middle), self.mapToScene(middle)
        factor = self.zoom / zoom
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.centerOn(before + (centre - before) * factor)
        self._settle.start()
        self.zoomed.emit(self.zoom * self.devicePixelRatioF())

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.pixelDelta().y()
        if delta:
            self.zoom_by(1.0015**delta, event.position().toPoint())
        event.accept()

    def mouseDoubleClickEvent(self, event) -> None:
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {
            Qt.Key.Key_Plus: lambda: self.zoom_by(1.25),
            Qt.Key.Key_Equal: lambda: self.zoom_by(1.25),
            Qt.Key.Key_Minus: lambda: self.zoom_by(0.8),
            Qt.Key.Key_0: self.fit,
            Qt.Key.Key_1: self.zoom_to_pixels,
            Qt.Key.Key_Z: self._open_loupe,
        }
        action = keys.get(Qt.Key(event.key()))
        if action is not None and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            action()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Z and not event.isAutoRepeat():
            self._close_loupe()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._close_loupe()
        super().focusOutEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.loupe.isVisible():
            self._move_loupe(event.position().toPoint())

    def _open_loupe(self) -> None:
        pointer = self.viewport().mapFromGlobal(QCursor.pos())
        if self.extent.area and not self.loupe.isVisible() and self.viewport().rect().contains(pointer):
            self.viewport().setMouseTracking(True)
            self.loupe.begin(self.extent, self.zoom, self._alive)
            self._move_loupe(pointer)

    def _move_loupe(self, pointer: QPoint) -> None:
        point = self.mapToScene(pointer)
        self.loupe.move_to(pointer, point.y(), point.x())

    def _close_loupe(self) -> None:
        if self.loupe.isVisible():
            self.loupe.hide()
            self.viewport().setMouseTracking(self.compare.image is not None)
            self.ask()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._settle.start()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.fitted:
            self.fit()
        self._settle.start()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._settle.start()

    def canvas_point(self, position: QPointF) -> tuple[int, int]:
        """(row, column) of the canvas under a point of the viewport."""
        point = self.mapToScene(position.toPoint())
        return math.floor(point.y()), math.floor(point.x())
