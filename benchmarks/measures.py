"""How well a picture shows its content, as numbers. Pictures are made elsewhere."""

from __future__ import annotations

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
