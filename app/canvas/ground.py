"""Light and dark checks over the places of a picture that a file of it will leave transparent."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from app.widgets import theme

CHECK_PX = 8
"""Side of one check in units of the window, whatever the zoom: whole pixels of the screen at scales 1, 1.25, 1.5, 2."""


class Ground:
    """The picture is painted everywhere all the same: what is hidden is known apart from it."""

    def __init__(self) -> None:
        self._hidden: QImage | None = None
        """Over the whole canvas: how much of each place is hidden."""
        self._kept: tuple[tuple[object, ...], QImage] | None = None
        """What was painted last, and for what."""

    def set_opacity(self, opacity: np.ndarray | None) -> None:
        """How opaque the canvas is, float32 [h, w], 0..1, at any size; None where all of it is."""
        self._kept = None
        if opacity is None:
            self._hidden = None
            return
        hidden = np.ascontiguousarray(255 - np.round(255 * opacity.clip(0, 1)), dtype=np.uint8)
        height, width = hidden.shape
        self._hidden = QImage(hidden.data, width, height, width, QImage.Format.Format_Alpha8).copy()

    def paint(self, painter: QPainter, canvas: QRectF, seen: QRectF) -> None:
        """
        Args:
            canvas: where the whole canvas lies.
            seen: the part of the screen that matters.
        """
        part = canvas.intersected(seen)
        if self._hidden is None or part.isEmpty():
            return
        ratio = painter.device().devicePixelRatioF()
        wanted = (canvas.getRect(), part.getRect(), ratio, theme.colors().checks)
        if self._kept is None or self._kept[0] != wanted:
            self._kept = wanted, self._checks(self._hidden, canvas, part, ratio)
        painter.drawImage(part.topLeft(), self._kept[1])

    @property
    def hides(self) -> bool:
        """Whether anything of the canvas is hidden."""
        return self._hidden is not None

    def cut(self, painter: QPainter, canvas: QRectF) -> None:
        """Takes away what is hidden from a picture with an alpha channel, in place of laying checks over it."""
        if self._hidden is not None:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)
            painter.drawImage(canvas, self._hidden)
            painter.restore()

    @staticmethod
    def _checks(hidden: QImage, canvas: QRectF, part: QRectF, ratio: float) -> QImage:
        """The checks of a part of the screen, as dense as the places below them are hidden."""
        size = (part.size() * ratio).toSize()
        checks = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        checks.fill(Qt.GlobalColor.transparent)
        painter = QPainter(checks)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = QRectF((canvas.topLeft() - part.topLeft()) * ratio, canvas.size() * ratio)
        painter.drawImage(place, hidden)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.drawTiledPixmap(checks.rect(), _pattern(round(CHECK_PX * ratio)))
        painter.end()
        checks.setDevicePixelRatio(ratio)
        return checks


def _pattern(side_px: int) -> QPixmap:
    light, dark = (QColor(color) for color in theme.colors().checks)
    pattern = QPixmap(2 * side_px, 2 * side_px)
    pattern.fill(light)
    painter = QPainter(pattern)
    for corner in (QPointF(0, side_px), QPointF(side_px, 0)):
        painter.fillRect(QRectF(corner.x(), corner.y(), side_px, side_px), dark)
    painter.end()
    return pattern
