"""The painted pixels that the canvas has: the newest view, and a small picture of the whole for what it left out.

No widgets here; where things lie on the screen is view.py's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from app.widgets.arrays import to_image
from engine.box import Box, Size
from engine.messages import RenderView, ViewRendered

BACK_PX = 1024
"""Longest side of the whole-canvas picture that is kept for each layer, for what the last view did not cover."""


DisplayTransform = Callable[[np.ndarray], np.ndarray]
"""From pixels as they are to those on the screen, uint8 [h, w, 3] in sRGB both: a soft proof."""


class Pixels:
    """Pieces come in with `put`, and are drawn wherever `draw` is told that the canvas lies."""

    def __init__(self) -> None:
        self.display_transform: DisplayTransform | None = None
        """Of the pieces that come from now on."""
        self._front: QImage | None = None
        self._front_box = Box(0, 0, 0, 0)
        self._front_layer = ""
        self._shown_ticket = -1
        self._back: dict[str, QImage] = {}
        self._canvas_box = Box(0, 0, 0, 0)

    def forget(self) -> None:
        """They belong to nothing any more."""
        self._front, self._back = None, {}

    def set_picture(self, image: QImage, layer: str) -> None:
        """A picture of the whole canvas, to stand until that layer is painted."""
        self._front, self._front_layer = None, layer
        self._back[layer] = image.convertToFormat(QImage.Format.Format_RGB32)

    def whole(self, layer: str) -> QImage | None:
        """The whole canvas as far as it was painted, small; of the layer shown before where there is none of this."""
        return self._back.get(layer) or self._back.get(self._front_layer)

    def put(self, event: ViewRendered, asked: RenderView, ground: QColor) -> None:
        """A piece; `asked` is the newest request, older ones only reach the picture of the whole."""
        pixels = event.image if self.display_transform is None else self.display_transform(event.image)
        piece = to_image(pixels).convertToFormat(QImage.Format.Format_RGB32)
        self._put_back(piece, event, ground)
        if event.ticket != asked.ticket:
            return
        if self._shown_ticket != event.ticket:
            self._shown_ticket = event.ticket
            self._new_front(asked, ground)
        if self._front is not None:
            put(self._front, self._front_box, piece, event.box)

    def draw(
        self,
        painter: QPainter,
        place: Callable[[Box], QRectF],
        canvas: Size,
        seen: QRectF,
        layer: str,
        empty: QPixmap,
    ) -> None:
        """
        Args:
            place: where a box of the canvas is to be drawn.
            seen: the part of the screen that matters.
            empty: pattern for what was never painted.
        """
        whole, front = place(canvas.box), place(self._front_box)
        if self._front is None or not front.contains(seen.intersected(whole)):
            back = self.whole(layer)
            if back is not None:
                painter.drawImage(whole, back)
            else:
                painter.drawTiledPixmap(whole, empty)
        if self._front is not None:
            painter.drawImage(front, self._front)

    def _new_front(self, asked: RenderView, ground: QColor) -> None:
        """A fresh image for the newest request, on which the earlier picture stands until the pieces come."""
        if self._front is not None and (self._front_box, _size_of(self._front)) == (asked.box, asked.size):
            self._front_layer = asked.layer
            return
        fresh = QImage(asked.size.width, asked.size.height, QImage.Format.Format_RGB32)
        fresh.fill(ground)
        back = self.whole(asked.layer)
        if back is not None:
            put(fresh, asked.box, back, self._canvas_box)
        if self._front is not None:
            put(fresh, asked.box, self._front, self._front_box)
        self._front, self._front_box, self._front_layer = fresh, asked.box, asked.layer

    def _put_back(self, piece: QImage, event: ViewRendered, ground: QColor) -> None:
        self._canvas_box = event.canvas_size.box
        back = self._back.get(event.layer)
        if back is None:
            scale = min(1.0, BACK_PX / max(event.canvas_size.height, event.canvas_size.width))
            back = QImage(
                max(1, round(event.canvas_size.width * scale)),
                max(1, round(event.canvas_size.height * scale)),
                QImage.Format.Format_RGB32,
            )
            back.fill(ground)
            self._back[event.layer] = back
        put(back, event.canvas_size.box, piece, event.box)


def put(target: QImage, target_box: Box, piece: QImage, box: Box) -> None:
    """Draws a picture of `box` onto one of `target_box`; edges are rounded, so neighbours meet without a gap."""
    across, down = target.width() / target_box.width, target.height() / target_box.height
    left, right = round((box.left - target_box.left) * across), round((box.right - target_box.left) * across)
    top, bottom = round((box.top - target_box.top) * down), round((box.bottom - target_box.top) * down)
    painter = QPainter(target)
    if (right - left, bottom - top) == (piece.width(), piece.height()):
        painter.drawImage(left, top, piece)
    else:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, top, max(1, right - left), max(1, bottom - top)), piece)
    painter.end()


def _size_of(image: QImage) -> Size:
    return Size(image.height(), image.width())
