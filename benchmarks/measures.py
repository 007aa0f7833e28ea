"""How well a picture shows its content, and how near it is to its style, as numbers. Pictures are made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

_SIZE = (60, 90)
"""Width and height at which pictures are compared: a face is there, the pieces are not."""
_STRUCTURE_WIDTH = 128


def content_match(picture: Path, content: Path) -> float:
    """Rank correlation (Spearman) of the two pictures' lightness at 60 x 90 px: 1 the same order of tones, -1 inverted.

    Ranks, so that a style which is darker or flatter than the content can still match it. 0 where either is plain.
    The window correlates values instead, which notices less: docs/moments.md has both on the same pictures.
    """
    first, second = (_ranks(_lightness(path).ravel()) for path in (picture, content))
    spread = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / spread) if spread else 0.0


def structure(picture: Path, content: Path) -> float:
    """Mean local correlation of the two pictures' lightness at 128 px width (Gaussian window of 3 px), -1..1.

    Weighted by the content's local deviation, up to 30 of 255: a face that is lost counts, where rank correlation is
    decided by a large background.
    """
    with Image.open(content) as image:
        size = (_STRUCTURE_WIDTH, max(1, round(image.height * _STRUCTURE_WIDTH / image.width)))
    ours, theirs = (_lightness(path, size).astype(np.float32) for path in (picture, content))
    mean_ours, mean_theirs = _blurred(ours), _blurred(theirs)
    variance_ours = np.maximum(_blurred(ours * ours) - mean_ours**2, 1e-3)
    variance_theirs = np.maximum(_blurred(theirs * theirs) - mean_theirs**2, 1e-3)
    weight = np.minimum(np.sqrt(variance_theirs), 30)
    covariance = _blurred(ours * theirs) - mean_ours * mean_theirs
    return float((covariance / np.sqrt(variance_ours * variance_theirs) * weight).sum() / weight.sum())


def _blurred(plane: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(plane, (0, 0), 3.0)


def _lightness(path: Path, size: tuple[int, int] = _SIZE) -> np.ndarray:
    """[h, w], 0..255, each the mean of its part of the picture."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), np.float64)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Places in ascending order, about their mean; equal values share the mean of theirs."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    places = np.cumsum(sizes) - (sizes + 1) / 2
    return places[group] - (len(values) - 1) / 2


def style_distances(picture: Path, styles: Sequence[Path], samples: int = 6000) -> tuple[float, float]:
    """Sliced Wasserstein distances of 7 x 7 patches at three scales, in units of that between two halves of the style.

    Returns:
        of the patches as they are, and of their detail alone, each patch's mean colour removed.
    """
    random = np.random.default_rng(0)
    pictures, halves = _pyramid(picture), [_pyramid(path) for path in styles]
    if len(halves) == 1:
        wide = [level.shape[1] // 2 for level in halves[0]]
        halves = [
            [level[:, :middle] for level, middle in zip(halves[0], wide, strict=True)],
            [level[:, middle:] for level, middle in zip(halves[0], wide, strict=True)],
        ]
    middle = max(1, len(halves) // 2)
    sums = np.zeros(4)
    for level in range(3):

        def cloud(pyramids: Sequence[Sequence[np.ndarray]], level: int = level) -> np.ndarray:
            parts = [_patches(pyramid[level], samples // len(pyramids), random) for pyramid in pyramids]
            return np.concatenate(parts)

        pairs = ((cloud([pictures]), cloud(halves)), (cloud(halves[:middle]), cloud(halves[middle:])))
        for place, (a, b) in enumerate(pairs):
            count = min(len(a), len(b))
            sums[place] += _sliced_wasserstein(a[:count], b[:count], random)
            sums[place + 2] += _sliced_wasserstein(_detail(a[:count]), _detail(b[:count]), random)
    return float(sums[0] / sums[1]), float(sums[2] / sums[3])


def piece_area_px(chosen: np.ndarray) -> float:
    """Mean area of connected places of one piece, each pixel counted once: int [H, W], the piece of each pixel."""
    areas = []
    for piece in np.unique(chosen):
        _, _, stats, _ = cv2.connectedComponentsWithStats((chosen == piece).astype(np.uint8), connectivity=4)
        areas.append(stats[1:, cv2.CC_STAT_AREA])
    return float(np.concatenate(areas).mean())


def _pyramid(path: Path) -> list[np.ndarray]:
    with Image.open(path) as image:
        rgb = image.convert("RGB")
    return [
        np.asarray(rgb.resize((rgb.width // s, rgb.height // s), Image.Resampling.BOX), np.float64) / 255
        for s in (1, 2, 4)
    ]


def _patches(image: np.ndarray, count: int, random: np.random.Generator, side: int = 7) -> np.ndarray:
    height, width, _ = image.shape
    rows, columns = random.integers(0, height - side, count), random.integers(0, width - side, count)
    return np.stack([image[y : y + side, x : x + side].ravel() for y, x in zip(rows, columns, strict=True)])


def _detail(patches: np.ndarray) -> np.ndarray:
    colors = patches.reshape(len(patches), -1, 3)
    return (colors - colors.mean(1, keepdims=True)).reshape(len(patches), -1)


def _sliced_wasserstein(a: np.ndarray, b: np.ndarray, random: np.random.Generator, slices: int = 128) -> float:
    directions = random.normal(size=(a.shape[1], slices))
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.mean(np.abs(np.sort(a @ directions, 0) - np.sort(b @ directions, 0))))
