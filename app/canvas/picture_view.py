"""The picture as far as it is painted: its layers, checks where a file is transparent, moments laid over it, a ring.

What is to be painted next is asked for elsewhere (app/canvas/view.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QFocusEvent, QImage, QPainter
from PySide6.QtWidgets import QWidget

from app.canvas.checker import Checker
from app.canvas.compare import MIDDLE, Compare
from app.canvas.ground import Ground
from app.canvas.pixels import DisplayTransform, Pixels
from app.canvas.still import MomentPicture, Still
from app.canvas.zoom_view import ZoomView
from app.session_events import COMPARED
from app.widgets import theme
from app.widgets.ring import Ring
from engine.box import Box, Size
from engine.messages.events import ViewRendered

PATCHES, RESULT = "patches", "result"
SAME_SHAPE = 0.02
"""By so much two proportions may differ that are shown as one."""
PROGRESS_PX = 2
"""Height of the line that says how much of the next picture is there."""


class PictureView(ZoomView):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Canvas"))
        self.layer = RESULT
        self._alive = False
        """Whether the picture changes by itself."""
        self._pixels = Pixels()
        self._aside = Pixels(), Size(0, 0)
        """Pixels and extent of the canvas while patches are shown, and the other way round."""
        self._stills: list[Still] = []
        """The moments that are compared."""
        self.compare = Compare(self.viewport())
        self.compare.changed.connect(self.viewport().update)
        self.compare.over = self._draw_ground
        self._ground = Ground()
        self._checker = Checker()
        self._ring = Ring()

    # ------------------------------------------------------------ what is shown

    def set_extent(self, extent: Size) -> None:
        """Another canvas, or strip of patches: earlier pixels are forgotten where its size differs."""
        if extent != self.extent:
            self._pixels.forget()
        super().set_extent(extent)

    def begin(self, extent: Size) -> None:
        """The session paints another picture from now on; what is shown stands in until all of that is there."""
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

    def leave_for(self, picture: QImage) -> None:
        """The picture of a moment that the session is to go to stands here from now on; null where there is none."""
        pixels = self._aside[0] if self.layer == PATCHES else self._pixels
        if not picture.isNull():
            pixels.stand_in(picture, RESULT)
        self.viewport().update()

    def set_display_transform(self, transform: DisplayTransform | None) -> None:
        """What pixels go through on their way to the screen; None shows them as they are."""
        for pixels in (self._pixels, self._aside[0]):
            pixels.display_transform = transform

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

    # ------------------------------------------------------------ painting

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

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring.arrive(event, self.window().windowHandle())
        super().focusInEvent(event)
        self.viewport().update()


def _alike(a: Size, b: Size) -> bool:
    """Whether two canvases have about one shape, so that a picture of one can stand for the other."""
    if not (a.area and b.area):
        return False
    return abs(a.height * b.width - a.width * b.height) <= SAME_SHAPE * a.height * b.width
