"""What the drawn pictures of the gallery share."""

import cv2
import numpy as np


def smooth(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, an S between; falling where `low` is the larger."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def to_bytes(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """float [H, W, 3], 0..1, to uint8 of another size."""
    small = cv2.resize(np.clip(picture, 0, 1), (width, height), interpolation=cv2.INTER_AREA)
    return (small * 255 + 0.5).astype(np.uint8)
