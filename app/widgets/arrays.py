"""Arrays of pixels as images of Qt."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage


def to_image(pixels: np.ndarray) -> QImage:
    """A QImage that owns its bytes, from uint8 [h, w, 3]."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
