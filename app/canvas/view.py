"""The picture: shows the pieces that the engine painted, and asks for the next ones. No buttons here.

A `RenderView` goes out when the view changed, and while the picture is alive when
the last piece of the previous one has been painted on the screen: so the screen sets the pace, never the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.checker import Checker
from app.canvas.compare import MIDDLE, Compare
from app.canvas.ground import Ground
from app.canvas.loupe import Loupe
from app.canvas.pixels import DisplayTransform, Pixels, joined, on_pixels
from app.canvas.still import MomentPicture, Still
from app.canvas.zoom_view import ZoomView
from app.session_events import CANVAS, COMPARED, LOUPE, TOUCHED
from app.widgets import theme
from app.widgets.ring import Ring
from engine.box import Box, Size
from engine.messages.commands import RenderView, Requester
from engine.messages.events import ViewRendered

SETTLE_MS = 70
"""A zoom or pan rests this long before new pixels are asked for."""
PATCHES, RESULT = "patches", "result"
SAME_SHAPE = 0.02
"""By so much two proportions may differ that are shown as one."""
PROGRESS_PX = 2
"""Height of the line that says how much of the next picture is there."""


class CanvasView(ZoomView):
    view_requested = Signal(object)
    """A `RenderView` to be posted to the session."""
    menu_requested = Signal(QPoint)
    """Where on the screen to open a menu: a right click, or its key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Canvas"))
        self.layer = RESULT
        self._alive = self._connected = self._resting = self._away = False
        self._ticket = 0
        self._unseen = False
        self._pixels = Pixels()
        self._aside = Pixels(), Size(0, 0)
        """Pixels and extent of the canvas while patches are shown, and the other way round."""
        self._asked = RenderView(Box(0, 0, 0, 0), Size(0, 0))
        self._touched: RenderView | None = None
        """What a brush touched and is being painted anew."""
        self._tells_pieces = False
        self._stills: list[Still] = []
        """The moments that are compared."""
        self.compare = Compare(self.viewport())
        self.compare.changed.connect(self.viewport().update)
        self.loupe = Loupe(self.viewport(), self._draw_stored)
        self._ground = Ground()
        self.compare.over = self._draw_ground
        self.loupe.over = self._draw_ground
        self.loupe.wanted.connect(self._ask_for_loupe)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(lambda: self.ask())
        self.visible_changed.connect(self._settle.start)
        self._checker = Checker()
        self._ring = Ring()
        self.viewport().setMouseTracking(True)

    # ------------------------------------------------------------ what is shown

    def set_extent(self, extent: Size) -> None:
        """Another canvas, or strip of patches: earlier pixels are forgotten where its size differs."""
        if extent != self.extent:
            self._pixels.forget()
        super().set_extent(extent)

    def begin(self, extent: Size) -> None:
        """The session paints another picture from now on; what is shown stands in until all of that is there."""
        self._away = False
        if self.layer == PATCHES:
            pixels, former = self._aside
            self._aside = pixels, extent
        else:
            pixels, former = self._pixels, self.extent
            super().set_extent(extent)
        if _alike(former, extent):
            pixels.stand_in(None, self.layer, extent)
        else:
            pixels.forget()
        self._asked = RenderView(Box(0, 0, 0, 0), Size(0, 0))

    def leave_for(self, picture: QImage) -> None:
        """The session was asked to go to a moment, whose picture stands here from now on; null where there is none."""
        self._away = True
        pixels = self._aside[0] if self.layer == PATCHES else self._pixels
        if not picture.isNull():
            pixels.stand_in(picture, RESULT)
        self.viewport().update()

    def stay(self) -> None:
        """The moment could not be gone to."""
        if self._away:
            self._away = False
            self.ask(coarse_first=True)

    def set_display_transform(self, transform: DisplayTransform | None) -> None:
        """What pixels go through on their way to the screen, here and in the loupe; None shows them as they are."""
        for pixels in (self._pixels, self._aside[0], self.loupe.pixels):
            pixels.display_transform = transform
        self.ask()

    def set_opacity(self, opacity: np.ndarray | None) -> None:
        """Where a file of the canvas will be transparent, see `Ground`; None shows the picture alone."""
        self._ground.set_opacity(opacity)
        self.viewport().update()

    def set_layer(self, layer: str) -> None:
        """Shows the last picture of that layer, if one is kept, until it is painted anew."""
        if layer == self.layer:
            return
        if PATCHES in (layer, self.layer):
            (self._pixels, extent), self._aside = self._aside, (self._pixels, self.extent)
            super().set_extent(extent)
        self.layer = layer
        self.viewport().update()
        self._ask(coarse_first=not (self._pixels.has(layer) if self._alive else self._pixels.is_fresh(layer)))

    def set_session(self, connected: bool, alive: bool) -> None:
        """Whether somebody answers requests, and whether the picture changes by itself."""
        began = (connected and not self._connected) or (alive and not self._alive)
        self._connected, self._alive = connected, alive
        self._away = self._away and connected
        if began:
            self.ask()

    def set_tells_pieces(self, tells: bool) -> None:
        """Whether who paints can say which piece lies where."""
        self._tells_pieces = tells

    def piece_at(self, point: QPoint) -> int:
        """The piece at a point of the viewport, by what was painted last; -1 where that is not known."""
        place = self.place_at(point)
        if self.compare.image is not None or place is None:
            return -1
        return self._pixels.piece_at(*place)

    def place_at(self, point: QPoint) -> tuple[int, int] | None:
        """The pixel of the canvas that is shown at a point of the viewport, (row, column); None beside the canvas.

        Whoever asks what lies at the pointer asks here: rounded in two ways it is two things at a border.
        """
        if not self.extent.area:
            return None
        return self._pixels.place_at(QPointF(point) + QPointF(0.5, 0.5), self.on_screen, self.extent)

    def covered(self, down: float, right: float) -> np.ndarray | None:
        """What the piece covers that lies at some shares of the canvas's height and width; see `Pixels.covered`."""
        return self._pixels.covered(down, right, self.extent)

    def set_resting(self, resting: bool) -> None:
        """Asks for nothing while the artist waits for other pictures, which would come half as fast."""
        self._resting = resting
        if not resting:
            self.ask()

    def forget(self) -> None:
        """The pixels belong to nothing any more."""
        self._pixels.forget()
        self.compare.show(None)
        self.viewport().update()

    def set_picture(self, image: QImage, layer: str = RESULT) -> None:
        """A picture of the whole canvas, to stand until the engine paints that layer."""
        self._pixels.set_picture(image, layer)
        self.viewport().update()

    def compare_moments(self, left: MomentPicture | None, right: MomentPicture | None = None) -> None:
        """Lays a moment left of a line, and another one right of it where there is one; None ends that."""
        if left is None:
            self._stills = []
            self.compare.show(None)
            return
        pair = [left] if right is None else [left, right]
        self._stills = [Still(moment, who, self.layer) for moment, who in zip(pair, COMPARED, strict=False)]
        draws = [partial(self._draw_still, still) for still in self._stills]
        other = self.tr("Now") if right is None else right.title
        self.compare.show(left.image, left.title, other, *draws, share=MIDDLE)
        self.ask()

    def show_still_piece(self, event: ViewRendered) -> None:
        """A painted piece of a moment that is compared."""
        for still in self._stills:
            if still.requester == event.requester:
                still.show_piece(event, self._surround())
                self.viewport().update(self.on_screen(event.box).toAlignedRect())

    def _draw_still(self, still: Still, painter: QPainter) -> None:
        still.draw(
            painter, self.on_screen, self.extent, QRectF(self.viewport().rect()), self._checker.pattern(self.palette())
        )

    def picture(self) -> QImage | None:
        """The whole canvas as far as it was painted, small."""
        return self._pixels.whole(self.layer)

    def result(self) -> QImage | None:
        """The same of the finished picture, whichever layer is shown."""
        return (self._aside[0] if self.layer == PATCHES else self._pixels).whole(RESULT)

    def show_piece(self, event: ViewRendered) -> None:
        """A painted piece: onto the screen, and into the small picture of the whole."""
        if event.layer != self.layer or self._away:
            return
        if event.image.size:  # patches before the first step, or a view beside the canvas, are empty
            if event.canvas_size != self.extent:
                self.set_extent(event.canvas_size)
            self._pixels.put(event, self._asked, self._surround())
            self.viewport().update()
        if event.done and event.ticket == self._ticket:
            self._unseen = True

    def seen_picture(self, cut_out: bool = True) -> QImage:
        """What of the canvas is on screen, in the pixels of the screen, without labels and lines; null for nothing.

        Args:
            cut_out: it is transparent where the canvas shows checks; else all of it is as it was painted.
        """
        seen = (
            self.on_screen(self.extent.box).intersected(QRectF(self.viewport().rect()))
            if self.extent.area
            else QRectF()
        )
        if seen.isEmpty():
            return QImage()
        ratio = self.devicePixelRatioF()
        clear = cut_out and self._ground.hides and self.layer != PATCHES
        kind = QImage.Format.Format_ARGB32_Premultiplied if clear else QImage.Format.Format_RGB32
        image = QImage(round(seen.width() * ratio), round(seen.height() * ratio), kind)
        image.fill(self._surround())
        painter = QPainter(image)
        painter.scale(ratio, ratio)
        painter.translate(-seen.topLeft())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 4)
        self._draw_stored(painter, self.on_screen, QRectF(self.viewport().rect()))
        if clear:
            self._ground.cut(painter, self.on_screen(self.extent.box))
        painter.end()
        return image

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_requested.emit(event.globalPos())

    # ------------------------------------------------------------ requests

    def ask(self, coarse_first: bool = False) -> None:
        """Sends a `RenderView` for what is visible now.

        Args:
            coarse_first: everything that is in sight changed, so that a coarse picture says more than the stored one.
        """
        if coarse_first:
            self._pixels.outdate()
        self._ask(coarse_first)

    def _ask(self, coarse_first: bool) -> None:
        self._settle.stop()
        if not self._connected or self._resting or self._away or not self.isVisible() or self.loupe.isVisible():
            return
        box = self.visible_box() if self.extent.area else Box(0, 0, self.viewport().height(), self.viewport().width())
        if box.area == 0:
            return
        scale = min(1.0, self.zoom * self.devicePixelRatioF()) if self.extent.area else 1.0
        size = Size(max(1, round(box.height * scale)), max(1, round(box.width * scale)))
        nothing = not self._pixels.has(self.layer)  # a newer question takes the place of the one for a first picture
        self._asked, self._touched = self._request(box, size, CANVAS, coarse_first or nothing), None
        self.view_requested.emit(self._asked)
        for still in self._stills:
            request = still.request(box, size, self.extent)
            if request is not None:
                self.view_requested.emit(request)

    def ask_touched(self, box: Box) -> None:
        """Asks for what a brush touched alone; what else is on screen stays, and pieces under way are painted anew."""
        if not self._connected or self._resting or not self.isVisible() or not self._asked.box.area:
            self.ask()
            return
        if self._touched is not None:  # the newer question takes the place of the older one
            box = joined(box, self._touched.box)
        visible = box.clip(self._asked.box).clip(self.extent.box)
        if visible.area:
            on_screen = on_pixels(visible, self._asked.box, self._asked.size)
            self._touched = self._request(*on_screen, TOUCHED, coarse_first=True)
            self.view_requested.emit(self._touched)

    def show_touched(self, event: ViewRendered) -> None:
        """A painted piece of what a brush touched."""
        if event.layer == self.layer and event.image.size and event.canvas_size == self.extent:
            self._pixels.put_touched(event, self._surround())
            self.viewport().update(self.on_screen(event.box).toAlignedRect())
        if event.done and self._touched is not None and event.ticket == self._touched.ticket:
            self._touched = None

    def _request(self, box: Box, size: Size, requester: Requester, coarse_first: bool = False) -> RenderView:
        self._ticket += 1
        return RenderView(
            box, size, self.layer, self._ticket, requester, coarse_first=coarse_first, pieces=self._tells_pieces
        )

    def _ask_for_loupe(self, box: Box, size: Size) -> None:
        if self._connected:
            request = self._request(box, size, LOUPE)
            self.loupe.asked(request)
            self.view_requested.emit(request)

    def answer_failed(self) -> None:
        """A request was not answered; asks again with the next change of the view."""
        self._unseen = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._unseen:
            self._unseen = False
            if self._alive:
                QTimer.singleShot(0, self.ask)

    # ------------------------------------------------------------ pixels

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.save()
        painter.resetTransform()
        painter.fillRect(self.viewport().rect(), self._surround())
        if self.extent.area:
            whole = self.on_screen(self.extent.box)
            painter.setClipRect(whole)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 4)
            self._draw_stored(painter, self.on_screen, QRectF(self.viewport().rect()))
            self._draw_ground(painter)
            self.compare.paint(painter, whole)
            self._draw_progress(painter, whole)
            painter.setClipping(False)
        if self.hasFocus():
            self._ring.paint(painter, QRectF(self.viewport().rect()))
        painter.restore()

    def _draw_progress(self, painter: QPainter, whole: QRectF) -> None:
        """A line at the upper edge: how much of the next picture is there, while the last one still stands."""
        share = self._pixels.arrived_share if self._pixels.standing_in or not self._alive else None
        if share is not None:
            seen = whole.intersected(QRectF(self.viewport().rect()))
            line = QRectF(seen.left(), seen.top(), seen.width() * share, PROGRESS_PX)
            painter.fillRect(line, QColor(theme.colors().accent))

    def _draw_stored(self, painter: QPainter, place: Callable[[Box], QRectF], seen: QRectF) -> None:
        if self.extent.area:
            self._pixels.draw(painter, place, self.extent, seen, self.layer, self._checker.pattern(self.palette()))

    def _draw_ground(self, painter: QPainter, canvas: QRectF | None = None, seen: QRectF | None = None) -> None:
        """Checks where a file will be transparent; the canvas lies as in the viewport unless told otherwise."""
        if self.layer != PATCHES:
            whole = self.on_screen(self.extent.box) if canvas is None else canvas
            self._ground.paint(painter, whole, QRectF(self.viewport().rect()) if seen is None else seen)

    def _surround(self) -> QColor:
        return QColor(theme.colors().canvas)

    def changeEvent(self, event) -> None:
        if event.type() == event.Type.PaletteChange:
            self._checker.forget()
        super().changeEvent(event)

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

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring.arrive(event, self.window().windowHandle())
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._close_loupe()
        super().focusOutEvent(event)
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.loupe.isVisible():
            self._move_loupe(event.position().toPoint())

    def _open_loupe(self) -> None:
        pointer = self.viewport().mapFromGlobal(QCursor.pos())
        if self.extent.area and not self.loupe.isVisible() and self.viewport().rect().contains(pointer):
            self.loupe.begin(self.extent, self.zoom, self._alive)
            self._move_loupe(pointer)

    def _move_loupe(self, pointer: QPoint) -> None:
        point = self.mapToScene(pointer)
        self.loupe.move_to(pointer, point.y(), point.x())

    def _close_loupe(self) -> None:
        if self.loupe.isVisible():
            self.loupe.hide()
            self.ask()


def _alike(a: Size, b: Size) -> bool:
    """Whether two canvases have about one shape, so that a picture of one can stand for the other."""
    if not (a.area and b.area):
        return False
    return abs(a.height * b.width - a.width * b.height) <= SAME_SHAPE * a.height * b.width
