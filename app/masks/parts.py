"""The style beside a mask that stands for it: each region as a part of it, lit where it is pointed at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.masks.files import MaskFile
from app.masks.regions import distance
from app.widgets import theme
from app.widgets.arrays import mask_image

_TALLEST_PX = 140
_NEAR = 60.0
"""Colours nearer than this stand for one region, as where masks are matched."""
_SMALLEST_PX = 4


class StyleParts(QWidget):
    """
    Args:
        style: the painting that the mask's regions stand for parts of; hidden without one.
        mask: its own mask.
    """

    def __init__(self, style: QImage | None, mask: MaskFile | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._style, self._mask = style, mask
        self._lit: int | None = None
        self._dark = QImage()
        self.setAccessibleName(self.tr("The style, with the region that is pointed at"))
        self.setToolTip(self.tr("Point at a region in the list to see its part of the style"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setVisible(style is not None and mask is not None)

    def sizeHint(self) -> QSize:
        if self._style is None:
            return QSize(0, 0)
        return QSize(240, min(_TALLEST_PX, round(240 * self._style.height() / max(1, self._style.width()))))

    def light(self, color: Sequence[int] | None) -> None:
        """Darkens all but the part that a region of this colour stands for; None ends that."""
        label = None if color is None else self._label(color)
        if label != self._lit:
            self._lit = label
            if label is not None and self._mask is not None:
                self._dark = mask_image(self._mask.labels != label, 0xB4000000)
            self.update()

    def cut(self, color: Sequence[int]) -> QImage | None:
        """A square piece of the style from the part that a region of this colour stands for; None without one."""
        label = self._label(color)
        if label is None or self._style is None or self._mask is None:
            return None
        height, width = self._mask.labels.shape
        return cut_of(self._style, self._mask.labels == label, QRect(0, 0, width, height))

    def _label(self, color: Sequence[int]) -> int | None:
        if self._mask is None:
            return None
        near = [(distance(region.color, color), region.label) for region in self._mask.regions]
        return min(near)[1] if near and min(near)[0] < _NEAR else None

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._style is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shown = self._style.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF((self.width() - shown.width()) / 2, 0, shown.width(), shown.height())
        painter.drawImage(place, self._style)
        if self._lit is not None:
            painter.drawImage(place, self._dark)
        painter.setPen(QColor(theme.colors().border))
        painter.drawRect(place.adjusted(0, 0, -1, -1))


def cut_of(image: QImage, inside: np.ndarray, place: QRect) -> QImage | None:
    """The largest square of an image that lies within a plane of truth, [h, w]; None where there is hardly one.

    Args:
        place: where the image lies in the plane.
    """
    height, width = inside.shape
    scale = min(1.0, 256 / max(height, width))  # a swatch needs no more
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    framed = cv2.copyMakeBorder(small, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_C, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    reach = float(depth[row, column]) / scale
    if reach * 2 < _SMALLEST_PX:
        return None
    across, down = image.width() / place.width(), image.height() / place.height()
    middle = ((column + 0.5) / scale - place.left(), (row + 0.5) / scale - place.top())
    square = QRectF((middle[0] - reach) * across, (middle[1] - reach) * down, 2 * reach * across, 2 * reach * down)
    found = square.toAlignedRect().intersected(image.rect())
    return None if found.isEmpty() else image.copy(found)
