"""Arrays of pixels as images of Qt."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage


def to_image(pixels: np.ndarray) -> QImage:
    """A QImage that owns its bytes, from uint8 [h, w, 3]."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def mask_image(inside: np.ndarray, shade: int) -> QImage:
    """A QImage that owns its bytes, of one premultiplied shade, 0xAARRGGBB, where a plane [h, w] is true."""
    pixels = np.where(inside, np.uint32(shade), np.uint32(0)).astype(np.uint32)
    height, width = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
