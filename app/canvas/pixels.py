"""The painted pixels that the canvas has: the newest view, and a small picture of the whole for what it left out.

No widgets here; where things lie on the screen is view.py's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from app.widgets.arrays import to_image
from engine.box import Box, Size
from engine.messages.commands import RenderView
from engine.messages.events import ViewRendered

BACK_PX = 1024
"""Longest side of the whole-canvas picture that is kept for each layer, for what the last view did not cover."""


DisplayTransform = Callable[[np.ndarray], np.ndarray]
"""From pixels as they are to those on the screen, uint8 [h, w, 3] in sRGB both: a soft proof."""


class Pixels:
    """Pieces come in with `put`, and are drawn wherever `draw` is told that the canvas lies.

    Where a picture stands in that view already, the pieces of the next one are collected and shown once they are all
    of it, or once a coarse picture of all of it is there: tiles of two moments are never seen side by side. Where
    nothing stands, or the view was moved over the same picture, each piece is shown as it comes.
    """

    def __init__(self) -> None:
        self.display_transform: DisplayTransform | None = None
        """Of the pieces that come from now on."""
        self._front: QImage | None = None
        self._front_box = Box(0, 0, 0, 0)
        self._front_layer = ""
        self._pieces = _unknown(Size(0, 0))
        """Which piece has most of each pixel of the front; -1 where that is not known."""
        self._coming: QImage | None = None
        """What is collected and not shown yet."""
        self._coming_pieces = _unknown(Size(0, 0))
        self._coming_area = self._seen_area = 0
        """In pixels of the canvas: of the pieces that are collected, and of all that is asked for."""
        self._ticket = -1
        self._back: dict[str, QImage] = {}
        self._fresh: set[str] = set()
        self.standing_in = self._of_another = False
        """Whether what is shown only stands in, and whether it is of another picture than the one that comes."""
        self._canvas_box = Box(0, 0, 0, 0)

    def forget(self) -> None:
        """They belong to nothing any more."""
        self._front, self._coming, self._back = None, None, {}
        self._pieces = _unknown(Size(0, 0))
        self._fresh.clear()
        self.standing_in = False

    def piece_at(self, row: int, column: int) -> int:
        """The piece at a pixel of the canvas; -1 where that is not known."""
        height, width = self._pieces.shape
        box = self._front_box
        if self._front is None or not height or not box.contains(Box(row, column, 1, 1)):
            return -1
        at = _pixel(row + 0.5 - box.top, box.height, height), _pixel(column + 0.5 - box.left, box.width, width)
        return int(self._pieces[at])

    def place_at(self, point: QPointF, place: Callable[[Box], QRectF], canvas: Size) -> tuple[int, int] | None:
        """The pixel of the canvas, (row, column), in the middle of the painted one that is shown at a point.

        Args:
            point: of the screen.
            place: where a box of the canvas is drawn.

        Returns:
            None beside the canvas.
        """
        box, painted = canvas.box, canvas
        if self._front is not None and place(self._front_box).contains(point):
            box, painted = self._front_box, _size_of(self._front)
        drawn = place(box)
        if not drawn.contains(point):
            return None
        row = _pixel(point.y() - drawn.top(), drawn.height(), painted.height)
        column = _pixel(point.x() - drawn.left(), drawn.width(), painted.width)
        return (
            box.top + int((row + 0.5) * box.height / painted.height),
            box.left + int((column + 0.5) * box.width / painted.width),
        )

    def covered(self, down: float, right: float, canvas: Size) -> np.ndarray | None:
        """Where the piece at a place of the canvas lies and is connected with it, bool [h, w], all of the canvas.

        None where it is not known, or a part of the canvas is out of sight.
        """
        if not self._pieces.size or self._front_box != canvas.box or not (0 <= down < 1 and 0 <= right < 1):
            return None
        height, width = self._pieces.shape
        row, column = int(down * height), int(right * width)
        if self._pieces[row, column] < 0:
            return None
        import cv2  # takes a tenth of a second, which the empty window need not wait for

        same = (self._pieces == self._pieces[row, column]).astype(np.uint8)
        _count, parts = cv2.connectedComponents(same, connectivity=8)
        return parts == parts[row, column]

    def set_picture(self, image: QImage, layer: str) -> None:
        """A picture of the whole canvas, to stand until that layer is painted."""
        self._front, self._coming, self._front_layer = None, None, layer
        self._back[layer] = image.convertToFormat(QImage.Format.Format_RGB32)

    def stand_in(self, image: QImage | None, layer: str, canvas: Size | None = None) -> None:
        """Another picture is painted from now on: until all of it is there, `image` stands for it, or what is shown.

        Args:
            canvas: of the picture to come, where it may be larger or smaller than the one that is shown.
        """
        if image is not None:
            self._back = {}
            self.set_picture(image, layer)
        else:
            self._back = {key: back for key, back in self._back.items() if key == self._front_layer}
            self._coming = None
            if canvas is not None and canvas != self._canvas_box.size:  # its boxes are of the other canvas
                self._front, self._pieces = None, _unknown(Size(0, 0))
        self._ticket = -1
        self._fresh.clear()
        self.standing_in, self._of_another = True, image is None

    def give_up_coming(self) -> None:
        """Nobody paints the rest of what is collected: what is shown stays."""
        self._coming, self._ticket = None, -1

    def outdate(self) -> None:
        """What is kept of the layers is no longer what would be painted."""
        self._fresh.clear()

    def whole(self, layer: str) -> QImage | None:
        """The whole canvas as far as it was painted, small; of the layer shown before where there is none of this."""
        return self._back.get(layer) or self._back.get(self._front_layer)

    def has(self, layer: str) -> bool:
        """Whether a picture of the layer is kept, of whatever moment."""
        return layer in self._back

    def is_fresh(self, layer: str) -> bool:
        """Whether it was painted since the last change."""
        return layer in self._fresh

    @property
    def arrived_share(self) -> float | None:
        """How much of what is collected is there, 0..1; None where nothing is."""
        if self._coming is None:
            return None
        return min(1.0, self._coming_area / max(1, self._seen_area))

    def put(self, event: ViewRendered, asked: RenderView, ground: QColor) -> None:
        """A piece; `asked` is the newest request, those of older ones are passed over."""
        if event.ticket != asked.ticket:
            return
        piece = self._as_shown(event)
        self._canvas_box = event.canvas_size.box
        seen = asked.box.clip(self._canvas_box)
        if self._ticket != event.ticket:
            self._ticket = event.ticket
            self._seen_area, self._coming_area = seen.area, 0
            if self._stands(asked):
                self._coming, self._coming_pieces = _blank(asked.size, ground), _unknown(asked.size)
            else:
                self._coming = None
                self._new_front(asked, ground)
        if self._coming is None:
            self._put_front(piece, event)
            self._put_back(piece, event.box, event.layer, ground)
        else:
            put(self._coming, asked.box, piece, event.box)
            if event.pieces is not None:
                put_plane(self._coming_pieces, asked.box, event.pieces, event.box)
            self._coming_area += event.box.area
            if event.done or event.box.contains(seen):
                self._show_coming(asked, ground)
        if event.done:
            self._fresh.add(event.layer)

    def put_touched(self, event: ViewRendered, ground: QColor) -> None:
        """A piece of what is there already, painted anew."""
        piece = self._as_shown(event)
        self._canvas_box = event.canvas_size.box
        self._put_back(piece, event.box, event.layer, ground)
        if self._front is not None and self._front_layer == event.layer:
            self._put_front(piece, event)

    def _as_shown(self, event: ViewRendered) -> QImage:
        pixels = event.image if self.display_transform is None else self.display_transform(event.image)
        return to_image(pixels).convertToFormat(QImage.Format.Format_RGB32)

    def _put_front(self, piece: QImage, event: ViewRendered) -> None:
        assert self._front is not None
        put(self._front, self._front_box, piece, event.box)
        if event.pieces is not None:
            size = _size_of(self._front)
            if self._pieces.shape != (size.height, size.width):
                self._pieces = _unknown(size)
            put_plane(self._pieces, self._front_box, event.pieces, event.box)

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
        in_front = self._front if self._front_layer == layer or layer not in self._back else None
        if in_front is None or not front.contains(seen.intersected(whole)):
            back = self.whole(layer)
            if back is not None:
                painter.drawImage(whole, back)
            else:
                painter.drawTiledPixmap(whole, empty)
        if in_front is not None:
            painter.drawImage(front, in_front)

    def _stands(self, asked: RenderView) -> bool:
        """Whether a picture is shown that is better to look at than half of the one that was asked for."""
        if self._front is None or self.standing_in or self._front_layer != asked.layer:
            return self._front is not None or self.whole(asked.layer) is not None
        return (self._front_box, _size_of(self._front)) == (asked.box, asked.size)

    def _show_coming(self, asked: RenderView, ground: QColor) -> None:
        assert self._coming is not None
        if self.standing_in and self._of_another:
            self._back = {}
        self.standing_in = False
        self._front, self._coming = self._coming, None
        self._pieces = self._coming_pieces
        self._front_box, self._front_layer = asked.box, asked.layer
        self._put_back(self._front, asked.box, asked.layer, ground)

    def _new_front(self, asked: RenderView, ground: QColor) -> None:
        """A fresh image for the newest request, on which the earlier picture stands until the pieces come."""
        fresh = _blank(asked.size, ground)
        back = self.whole(asked.layer)
        if back is not None:
            put(fresh, asked.box, back, self._canvas_box)
        if self._front is not None:
            put(fresh, asked.box, self._front, self._front_box)
        pieces = _unknown(asked.size)
        if self._pieces.size:
            put_plane(pieces, asked.box, self._pieces, self._front_box)
        self._pieces = pieces
        self._front, self._front_box, self._front_layer = fresh, asked.box, asked.layer

    def _put_back(self, piece: QImage, box: Box, layer: str, ground: QColor) -> None:
        canvas = self._canvas_box.size
        back = self._back.get(layer)
        if back is None:
            scale = min(1.0, BACK_PX / max(canvas.height, canvas.width))
            back = _blank(Size(max(1, round(canvas.height * scale)), max(1, round(canvas.width * scale))), ground)
            self._back[layer] = back
        put(back, self._canvas_box, piece, box)


def _pixel(offset: float, length: float, count: int) -> int:
    """Which of `count` pixels along a length an offset falls into."""
    return min(max(int(offset * count / length), 0), count - 1)


def _unknown(size: Size) -> np.ndarray:
    return np.full((size.height, size.width), -1, np.int16)


def _blank(size: Size, ground: QColor) -> QImage:
    image = QImage(size.width, size.height, QImage.Format.Format_RGB32)
    image.fill(ground)
    return image


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


def put_plane(target: np.ndarray, target_box: Box, piece: np.ndarray, box: Box) -> None:
    """The same for planes of numbers, [h, w], of which each stays what it is."""
    height, width = target.shape
    shared = box.clip(target_box)
    if not shared.area or not piece.size:
        return
    down, across = height / target_box.height, width / target_box.width
    top, bottom = round((shared.top - target_box.top) * down), round((shared.bottom - target_box.top) * down)
    left, right = round((shared.left - target_box.left) * across), round((shared.right - target_box.left) * across)
    rows = target_box.top + (np.arange(top, bottom) + 0.5) / down - box.top  # in pixels of the canvas, from the box on
    columns = target_box.left + (np.arange(left, right) + 0.5) / across - box.left
    row = np.clip(rows * piece.shape[0] / box.height, 0, piece.shape[0] - 1).astype(np.int64)
    column = np.clip(columns * piece.shape[1] / box.width, 0, piece.shape[1] - 1).astype(np.int64)
    target[top:bottom, left:right] = piece[row[:, None], column]


def joined(a: Box, b: Box) -> Box:
    """The smallest box in which both lie."""
    top, left = min(a.top, b.top), min(a.left, b.left)
    return Box(top, left, max(a.bottom, b.bottom) - top, max(a.right, b.right) - left)


def on_pixels(box: Box, view: Box, size: Size) -> tuple[Box, Size]:
    """A box within a view, widened to whole pixels of the screen, and how many there are, where the view has `size`."""
    runs = []
    for start, stop, first, length, shown in (
        (box.top, box.bottom, view.top, view.height, size.height),
        (box.left, box.right, view.left, view.width, size.width),
    ):
        begin = max(0, math.floor((start - first) * shown / length))
        end = min(shown, math.ceil((stop - first) * shown / length))
        low, high = first + round(begin * length / shown), first + round(end * length / shown)
        runs.append((low, high - low, max(1, end - begin)))
    (top, height, rows), (left, width, columns) = runs
    return Box(top, left, max(1, height), max(1, width)), Size(rows, columns)


def _size_of(image: QImage) -> Size:
    return Size(image.height(), image.width())
