"""A canvas that is zoomed and panned, and nothing on it: scene coordinates are canvas pixels."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from engine.box import Box, Size

FIT_MARGIN_PX = 20
LARGEST_ZOOM = 32.0


class ZoomView(QGraphicsView):
    """Fitted to the window until the artist zooms."""

    zoomed = Signal(float)
    """Screen pixels for each canvas pixel."""
    visible_changed = Signal()
    """Another part of the canvas may be in sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setMinimumSize(240, 64)  # on a screen of 540 pixels a message of four lines and moments leave no more
        self.extent = Size(0, 0)
        """Of what is shown."""
        self.fitted = True

    def set_extent(self, extent: Size) -> None:
        """Another canvas, which is fitted to the window where its size differs."""
        if extent == self.extent:
            return
        self.extent = extent
        height, width = extent.height, extent.width
        self.setSceneRect(-width, -height, 3 * width, 3 * height)
        self.fit()

    def visible_box(self) -> Box:
        """The part of the canvas in the window, in canvas pixels."""
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        top, left = math.floor(seen.top()), math.floor(seen.left())
        box = Box(top, left, math.ceil(seen.bottom()) - top, math.ceil(seen.right()) - left)
        return box.clip(self.extent.box)

    def on_screen(self, box: Box) -> QRectF:
        """Where a box lies in the viewport, on whole device pixels so that 1:1 pictures stay crisp."""
        ratio = self.devicePixelRatioF()
        rect = self.viewportTransform().mapRect(QRectF(box.left, box.top, box.width, box.height))
        left, top = round(rect.left() * ratio) / ratio, round(rect.top() * ratio) / ratio
        right, bottom = round(rect.right() * ratio) / ratio, round(rect.bottom() * ratio) / ratio
        return QRectF(left, top, max(1 / ratio, right - left), max(1 / ratio, bottom - top))

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
        self.visible_changed.emit()
        self.zoomed.emit(self.zoom * self.devicePixelRatioF())

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.pixelDelta().y()
        if delta:
            self.zoom_by(1.0015**delta, event.position().toPoint())
        event.accept()

    def mouseDoubleClickEvent(self, event) -> None:
        self.fit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.visible_changed.emit()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.fitted:
            self.fit()
        self.visible_changed.emit()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self.visible_changed.emit()
