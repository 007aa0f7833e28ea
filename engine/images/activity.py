"""What of a picture counts when its tones or colours are matched: a place by how much happens around it."""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

_MOST_ACTIVITY = 24.0
"""Deviation, of 0..255, from which on a place counts fully: an edge is not worth more than a cheek."""
_LEAST_ACTIVITY = 0.5
"""That of a flat place, so that a picture of flat areas alone still has something that counts."""
_MEASURED_PX = 512
"""Longer side at which activity is measured: noise of single pixels is not activity."""


def counted(pixels: Tensor, opacity: Tensor | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A picture of about 512 px, float32 [h, w, 3] in 0..255, and how much each of its places counts, [h, w].

    That is the deviation of its grey values in windows of 1/64 of the side, within bounds.

    Args:
        pixels: uint8 [3, h, w].
        opacity: uint8 [h, w]; what is transparent does not count.
    """
    image = np.ascontiguousarray(pixels.permute(1, 2, 0).numpy())  # [h, w, 3]
    shrink = _MEASURED_PX / max(image.shape[:2])
    if shrink < 1:
        size = (max(1, round(image.shape[1] * shrink)), max(1, round(image.shape[0] * shrink)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    colors = image.astype(np.float32)
    grey = colors.mean(2)
    window = max(3, round(max(grey.shape) / 64) | 1)
    mean, square = (cv2.blur(x, (window, window), borderType=cv2.BORDER_REFLECT_101) for x in (grey, grey * grey))
    activity = np.sqrt(np.maximum(square - mean * mean, 0)).clip(_LEAST_ACTIVITY, _MOST_ACTIVITY)
    if opacity is not None:
        there = cv2.resize(opacity.numpy(), grey.shape[::-1], interpolation=cv2.INTER_AREA)
        activity = activity * (there / np.float32(255))
    return colors, activity
