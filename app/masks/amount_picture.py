"""A map of how much that is being painted: greys, of which 128 is as the setting says. No widgets here."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QObject, QRect

from app.masks.picture import WHOLLY, MaskPicture, Place, Touch, crop, squares_from_line

UNCHANGED = 128
"""The grey of places where everything is as the setting says, as the engine reads it."""
TIMES = 10.0
"""What white multiplies by, and black divides by."""
_LIKE = 6
"""Greys so near to that of a place are filled together with it."""
_MORE, _LESS = (255, 150, 20), (40, 110, 255)
"""What lies over the picture where there is more and less; told apart by all kinds of eyes."""


class AmountPicture(MaskPicture):
    """Its labels are greys; a stroke lies over what was there before it, however often it crosses itself."""

    empty = UNCHANGED
    soft = True

    def __init__(self, greys: np.ndarray, parent: QObject | None = None) -> None:
        """
        Args:
            greys: uint8 [h, w].
        """
        super().__init__(greys, (), parent)
        self._covered = np.zeros((0, 0), np.float32)

    @property
    def blank(self) -> bool:
        return False

    def can_paint(self, label: int) -> bool:
        return True

    def shades(self, over_picture: bool) -> np.ndarray:
        """Greys as they are; over a picture orange where there is more and blue where there is less."""
        greys = np.arange(256)
        if not over_picture:
            return (0xFF000000 | greys << 16 | greys << 8 | greys).astype(np.uint32)
        power = (greys - UNCHANGED) / (255 - UNCHANGED)
        alpha = np.clip(np.abs(power), 0, 1)
        colors = np.where(power[:, None] > 0, _MORE, _LESS)  # [256, 3]
        red, green, blue = np.round(colors * alpha[:, None]).astype(np.uint32).T  # premultiplied
        return np.round(255 * alpha).astype(np.uint32) << 24 | red << 16 | green << 8 | blue

    def completed(self) -> np.ndarray:
        return self._labels.copy()

    # ------------------------------------------------------------ painting

    def begin(self) -> None:
        if self._before is None:
            self._covered = np.zeros(self._labels.shape, np.float32)
        super().begin()

    def _paint_line(self, rect: QRect, start: Place, end: Place, radius: float, label: int, touch: Touch) -> None:
        soft_px = max(1.0, radius * (1 - touch.hardness))
        inside = (radius + 0.5 - np.sqrt(squares_from_line(rect, start, end))) / soft_px
        self._cover(rect, _smooth(inside), label, touch.opacity)

    def _paint_inside(self, rect: QRect, inside: np.ndarray, label: int, touch: Touch) -> None:
        self._cover(rect, inside.astype(np.float32) / 255, label, touch.opacity)

    def gradient(self, start: Place, end: Place, label: int, touch: Touch = WHOLLY) -> None:
        """All of it before the line's start, nothing of it beyond its end, and more and less between them."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        x = np.arange(self.width, dtype=np.float32)[None] + 0.5 - start[0]  # [1, w]
        y = np.arange(self.height, dtype=np.float32)[:, None] + 0.5 - start[1]  # [h, 1]
        along = (x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9)
        self._covered[:] = 0  # what was drawn of it before the hand moved on
        self._cover(self._whole(), np.clip(1 - along, 0, 1), label, touch.opacity)
        self._touch(self._whole())

    def fill(self, x: float, y: float, label: int, touch: Touch = WHOLLY) -> None:
        """Covers the area around a place that is about as grey as it; nothing outside the picture."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        found = np.zeros((self.height + 2, self.width + 2), np.uint8)
        flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | 255 << 8
        cv2.floodFill(self._labels, found, (int(x), int(y)), 0, _LIKE, _LIKE, flags)
        self.select(np.ascontiguousarray(found[1:-1, 1:-1]), label, touch)

    def invert(self, label: int) -> None:
        """More becomes less, and less more."""
        del label
        self._labels[:] = np.clip(2 * UNCHANGED - self._labels.astype(np.int16), 0, 255)
        self._touch(self._whole())

    def _cover(self, rect: QRect, cover: np.ndarray, label: int, opacity: float) -> None:
        """Lays a grey over what was there before the stroke, by a share for each pixel, [h, w] in 0..1."""
        covered = crop(self._covered, rect)
        np.maximum(covered, cover * opacity, out=covered)
        before = self._labels if self._before is None else self._before
        under = crop(before, rect).astype(np.float32)
        crop(self._labels, rect)[:] = np.round(under + (label - under) * covered).astype(np.uint8)

    def _scaled(self, size: tuple[int, int]) -> np.ndarray:
        smaller = size[0] < self.width
        return cv2.resize(self._labels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def grey_of(times: float) -> int:
    """The grey that multiplies a setting so many times, within what greys can say."""
    power = np.clip(np.log(max(times, 1e-9)) / np.log(TIMES), -1, 1)
    return 0 if power < -0.9999 else round(float(UNCHANGED + power * (255 - UNCHANGED)))


def times_of(grey: int) -> float:
    """How many times as much as the setting says a grey means."""
    return float(TIMES ** max(-1.0, (grey - UNCHANGED) / (255 - UNCHANGED)))


def _smooth(x: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, and an S between."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
