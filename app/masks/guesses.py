"""First guesses of where something matters in a picture, as maps of how much, to be corrected. No widgets here.

The OpenCV that comes along brings no finder of faces, so that what is drawn finely and what stands out stand for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from app.masks.amount_picture import UNCHANGED
from engine.images.read import read_image

_READ_PX = 250_000
"""A guess needs no more of a picture."""
_SALIENCY_PX = 64
Guess = Callable[[np.ndarray], np.ndarray]
"""From a picture, uint8 [h, w, 3], to how much there is of something, float32 [h, w], 0..1."""


def detail(pixels: np.ndarray) -> np.ndarray:
    """Where a picture has edges and fine things, as the spread of its greys around each place."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    side = max(3, min(grey.shape) // 24)
    mean = cv2.blur(grey, (side, side))
    spread = np.sqrt(np.maximum(cv2.blur(grey * grey, (side, side)) - mean * mean, 0))
    return _ranged(cv2.GaussianBlur(spread, (0, 0), side / 2))


def standing_out(pixels: np.ndarray) -> np.ndarray:
    """What an eye is drawn to: the part of the spectrum that is not as in all pictures (Hou and Zhang 2007)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = grey.shape
    scale = _SALIENCY_PX / max(height, width)
    small = cv2.resize(
        grey, (max(8, round(width * scale)), max(8, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    spectrum = np.fft.fft2(small)
    amplitude = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    residual = amplitude - cv2.blur(amplitude, (3, 3))
    found = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    smooth = cv2.GaussianBlur(found.astype(np.float32), (0, 0), 3)
    return _ranged(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC))


def light(pixels: np.ndarray) -> np.ndarray:
    """Where a picture is light."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return _ranged(cv2.GaussianBlur(grey, (0, 0), max(1.0, min(grey.shape) / 100)))


def dark(pixels: np.ndarray) -> np.ndarray:
    """Where a picture is dark."""
    return 1 - light(pixels)


GUESSES: dict[str, Guess] = {"detail": detail, "standing_out": standing_out, "light": light, "dark": dark}


def guessed(path: Path, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """A guess as a map, greys uint8 of a shape (h, w): black where there is least of it, white where there is most.

    The picture lies in the map as it does below it, whole and in the middle; beyond it nothing is changed.

    Raises:
        BadImageError: the picture can not be read.
    """
    pixels = read_image(path, _READ_PX).pixels.permute(1, 2, 0).numpy()
    found = GUESSES[kind](np.ascontiguousarray(pixels))
    height, width = shape
    scale = min(height / found.shape[0], width / found.shape[1])
    inner = (max(1, min(width, round(found.shape[1] * scale))), max(1, min(height, round(found.shape[0] * scale))))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    greys = np.full(shape, UNCHANGED, np.uint8)
    greys[top : top + inner[1], left : left + inner[0]] = np.round(
        255 * np.clip(cv2.resize(found, inner, interpolation=cv2.INTER_LINEAR), 0, 1)
    )
    return greys


def _ranged(values: np.ndarray) -> np.ndarray:
    """0 at the values that few are below, 1 at those that few are above."""
    low, high = np.percentile(values, (5, 97))
    return np.clip((values - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
