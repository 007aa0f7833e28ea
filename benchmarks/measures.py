"""How well a picture shows its content, as a number. Pictures are made elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

_SIZE = (60, 90)
"""Width and height at which pictures are compared: a face is there, the pieces are not."""


def content_match(picture: Path, content: Path) -> float:
    """Rank correlation (Spearman) of the two pictures' lightness at 60 x 90 px: 1 the same order of tones, -1 inverted.

    Ranks, so that a style which is darker or flatter than the content can still match it. 0 where either is plain.
    """
    first, second = (_ranks(_lightness(path)) for path in (picture, content))
    spread = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / spread) if spread else 0.0


def _lightness(path: Path) -> np.ndarray:
    """[5400], 0..255, each the mean of its part of the picture."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize(_SIZE, Image.Resampling.BOX), np.float64).ravel()


def _ranks(values: np.ndarray) -> np.ndarray:
    """Places in ascending order, about their mean; equal values share the mean of theirs."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    places = np.cumsum(sizes) - (sizes + 1) / 2
    return places[group] - (len(values) - 1) / 2
