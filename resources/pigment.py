"""Brushes and the palette that the example pictures share: noise, colour ramps, light on a relief. No pictures here.

Fields are float32 [H, W], colours are sRGB 0..1, and every random number comes from the generator that is passed in.
"""

from __future__ import annotations

import cv2
import numpy as np

NIGHT, INDIGO, TEAL, SAGE = "#0a1222", "#1d3161", "#1d6b73", "#86b79b"
CREAM, GOLD, AMBER, RUST, ROSE = "#f8ecd3", "#ecb64a", "#d8862b", "#a83d22", "#de9078"


def rgb(color: str) -> np.ndarray:
    """`#rrggbb` as float32 [3]."""
    return np.array([int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)], np.float32)


def ramp(values: np.ndarray, *colors: str) -> np.ndarray:
    """Values 0..1 to colours laid out evenly: [..., 3]."""
    steps = np.linspace(0, len(colors) - 1, 1024)
    stops = np.stack([rgb(color) for color in colors])
    table = np.stack([np.interp(steps, range(len(colors)), stops[:, band]) for band in range(3)], axis=-1)
    return table.astype(np.float32)[(np.clip(values, 0, 1) * 1023).astype(np.int32)]


def plane(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """y and x of every pixel, float32 [height, width]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return y, x


def noise(
    rng: np.random.Generator, height: int, width: int, cell_y: float, cell_x: float | None = None, octaves: int = 4
) -> np.ndarray:
    """Smooth noise of about -1..1 whose largest features have `cell` pixels: float32 [height, width]."""
    cell_x = cell_x or cell_y
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        rows, columns = (max(2, int(side * 2**octave / cell) + 3) for side, cell in ((height, cell_y), (width, cell_x)))
        grid = rng.uniform(-1, 1, (min(rows, height), min(columns, width))).astype(np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * 0.55**octave
    return total


def smooth(low: float, high: float, values: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, and a soft step between; `high` may be the lower one."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def laid(picture: np.ndarray, color: np.ndarray | str, cover: np.ndarray) -> np.ndarray:
    """Colour ([3] or [..., 3]) over a picture [..., 3] where `cover` [...] is 1."""
    paint = np.broadcast_to(rgb(color) if isinstance(color, str) else color, picture.shape)
    cover = np.broadcast_to(np.clip(cover, 0, 1), picture.shape[:-1])
    touched = np.nonzero(cover)
    window = tuple(slice(int(places.min()), int(places.max()) + 1) if places.size else slice(0) for places in touched)
    result = picture.copy()
    result[window] += (paint[window] - picture[window]) * cover[window][..., None]
    return result


def light(height: np.ndarray, steepness: float, shine: float = 24.0) -> tuple[np.ndarray, np.ndarray]:
    """Light from the upper left on a relief: diffuse (about 0..1.2, flat ground has 0.75) and the highlights, 0..1."""
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=steepness / 8)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=steepness / 8)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    diffuse = np.clip((0.42 * slope_x + 0.5 * slope_y + 0.75) / length, 0, 2)
    half = np.clip((0.23 * slope_x + 0.28 * slope_y + 0.93) / length, 0, 1)
    return diffuse, half**shine


def finished(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scaled down by area to its final size: uint8 [height, width, 3]."""
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return (np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8)
