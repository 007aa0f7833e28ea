"""The canvas: takes the pieces that the engine painted, and asks for the next ones. No buttons here.

A `RenderView` goes out when the view changed, and while the picture is alive when
the last piece of the previous one has been painted on the screen: so the screen sets the pace, never the engine.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.loupe import Loupe
from app.canvas.picture_view import PictureView
from app.canvas.pixels import DisplayTransform, joined, on_pixels
from app.canvas.still import MomentPicture
from app.session_events import CANVAS, LOUPE, TOUCHED
from engine.box import Box, Size
from engine.messages.commands import RenderView, Requester
from engine.messages.events import ViewRendered

SETTLE_MS = 70
"""A zoom or pan rests this long before new pixels are asked for."""


class CanvasView(PictureView):
    view_requested = Signal(object)
    """A `RenderView` to be posted to the session."""
    menu_requested = Signal(QPoint)
    """Where on the screen to open a menu: a right click, or its key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._connected = self._resting = self._away = False
        self._ticket = 0
        self._unseen = False
        self._asked = RenderView(Box(0, 0, 0, 0), Size(0, 0))
        self._touched: RenderView | None = None
        """What a brush touched and is being painted anew."""
        self._tells_pieces = False
        self.loupe = Loupe(self.viewport(), self._draw_stored)
        self.loupe.over = self._draw_ground
        self.loupe.wanted.connect(self._ask_for_loupe)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(lambda: self.ask())
        self.visible_changed.connect(self._settle.start)
        self.viewport().setMouseTracking(True)

    # ------------------------------------------------------------ what is shown

    def begin(self, extent: Size) -> None:
        """The session paints another picture from now on; what is shown stands in until all of that is there."""
        self._away = False
        super().begin(extent)
        self._asked = RenderView(Box(0, 0, 0, 0), Size(0, 0))

    def leave_for(self, picture: QImage) -> None:
        """The session was asked to go to a moment, whose picture stands here from now on; null where there is none."""
        self._away = True
        super().leave_for(picture)

    def stay(self) -> None:
        """The moment could not be gone to."""
        if self._away:
            self._away = False
            self.ask(coarse_first=True)

    def set_display_transform(self, transform: DisplayTransform | None) -> None:
        """What pixels go through on their way to the screen, here and in the loupe; None shows them as they are."""
        super().set_display_transform(transform)
        self.loupe.pixels.display_transform = transform
        self.ask()

    def set_layer(self, layer: str) -> None:
        """Shows the last picture of that layer, if one is kept, until it is painted anew."""
        if layer != self.layer:
            super().set_layer(layer)
            self._ask(coarse_first=not (self._pixels.has(layer) if self._alive else self._pixels.is_fresh(layer)))

    def set_session(self, connected: bool, alive: bool) -> None:
        """Whether somebody answers requests, and whether the picture changes by itself."""
        began = (connected and not self._connected) or (alive and not self._alive)
        self._connected, self._alive = connected, alive
        self._away = self._away and connected
        if not connected:
            self._pixels.give_up_coming()
            self.viewport().update()
        if began:
            self.ask()

    def set_tells_pieces(self, tells: bool) -> None:
        """Whether who paints can say which piece lies where."""
        self._tells_pieces = tells

    def set_resting(self, resting: bool) -> None:
        """Asks for nothing while the artist waits for other pictures, which would come half as fast."""
        self._resting = resting
        if not resting:
            self.ask()

    def compare_moments(self, left: MomentPicture | None, right: MomentPicture | None = None) -> None:
        """Lays a moment left of a line, and another one right of it where there is one; None ends that."""
        super().compare_moments(left, right)
        if left is not None:
            self.ask()

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

    # ------------------------------------------------------------ keys, loupe

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
