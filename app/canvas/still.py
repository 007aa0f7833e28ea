"""A moment on the canvas: its small picture at once, and its own tiles, as sharp as the canvas, as they are painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from app.canvas.pixels import Pixels
from engine.box import Box, Size
from engine.messages.commands import RenderView, Requester
from engine.messages.events import ViewRendered


@dataclass(frozen=True, eq=False)
class MomentPicture:
    """What is known of a moment before it is painted: its folder, small picture and what it is called."""

    folder: Path
    image: QImage
    title: str


class Still:
    """One moment's pixels.

    Args:
        requester: who asks for its tiles.
        layer: which of the method's layers is shown, the small picture in its place until that is painted.
    """

    def __init__(self, moment: MomentPicture, requester: Requester, layer: str) -> None:
        self.requester = requester
        self._moment, self._layer = moment, layer
        self._pixels = Pixels()
        self._asked = RenderView(Box(0, 0, 0, 0), Size(0, 0))
        if not moment.image.isNull():
            self._pixels.set_picture(moment.image, layer)

    def request(self, box: Box, size: Size, canvas: Size) -> RenderView | None:
        """What to ask the session for; None where it was asked already."""
        if (box, size) == (self._asked.box, self._asked.size):
            return None
        self._asked = RenderView(
            box, size, self._layer, self._asked.ticket + 1, self.requester, canvas, snapshot=self._moment.folder
        )
        return self._asked

    def show_piece(self, event: ViewRendered, ground: QColor) -> None:
        """Takes a painted piece; see `Pixels.put`."""
        if event.image.size:
            self._pixels.put(event, self._asked, ground)

    def draw(
        self, painter: QPainter, place: Callable[[Box], QRectF], canvas: Size, seen: QRectF, empty: QPixmap
    ) -> None:
        """See `Pixels.draw`."""
        self._pixels.draw(painter, place, canvas, seen, self._layer, empty)
