"""Tones of a content moved towards those of the styles, so that a dark style can show a bright portrait.

Found by trying, and in no paper: histogram matching whose source histogram counts a place by how much happens around
it, with its contrast limited as by adaptive equalisation (Zuiderveld 1994, CLAHE).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.images.activity import counted
from engine.images.sources import Source

_LIMIT = 2 / 256
"""Most of the counted content that one of the 256 grey values may hold; what is above is shared out evenly."""


def tone_matched(content: Source, styles: Sequence[Source], amount: float, like: Source | None = None) -> Source:
    """The content with its grey values moved towards the styles' histogram; hues stay.

    Args:
        styles: their histograms count by their weights.
        amount: 0: as the content is. 0.5: the styles' range, with contrast limited and flat backgrounds left flat.
            1: exactly the styles' histogram, whatever that does to flat places. Between them, in between.
        like: the picture whose tones decide the mapping, so that the frames of a film do not flicker; else the content.
    """
    if amount <= 0:
        return content
    table = tone_table((like or content).pixels, styles, amount, (like or content).opacity)
    matched = torch.empty_like(content.pixels)
    for given_rows, matched_rows in zip(_bands(content.pixels), _bands(matched), strict=True):
        levels = _grey(given_rows)
        shift = table[levels.int()] - levels.to(torch.int16)  # [h, w]
        matched_rows.copy_((given_rows.to(torch.int16) + shift).clamp_(0, 255))
    return Source(content.image, matched, content.opacity)


def tone_table(pixels: Tensor, styles: Sequence[Source], amount: float, opacity: Tensor | None = None) -> Tensor:
    """Where each grey value goes, int16 [256], rising. See `tone_matched`; `pixels` uint8 [3, h, w].

    Places that are transparent, by an opacity uint8 [h, w], do not count.
    """
    weights = [style.image.weight for style in styles]
    if sum(weights) <= 0:
        weights = [1.0] * len(styles)
    each = [weight * _histogram(style.pixels, style.opacity) for weight, style in zip(weights, styles, strict=True)]
    wanted = torch.stack(each).sum(0).cumsum(0)
    wanted = wanted / wanted[-1]
    exact = _mapping(_histogram(pixels, opacity), wanted)
    if amount >= 1:
        return exact
    limited = _mapping(_limited(_activity_histogram(pixels, opacity)), wanted)
    start, end = (torch.arange(256), limited) if amount < 0.5 else (limited, exact)
    part = amount * 2 if amount < 0.5 else amount * 2 - 1
    return torch.lerp(start.double(), end.double(), part).round().to(torch.int16)


def _mapping(given: Tensor, wanted: Tensor) -> Tensor:
    """int16 [256] that takes a histogram to a cumulative one, both float64 [256] of sum 1."""
    middle = given.cumsum(0) - given / 2  # a grey value stands for the middle of its share
    return torch.searchsorted(wanted, middle).clamp(max=255).to(torch.int16)


def _limited(histogram: Tensor) -> Tensor:
    """The same with no value above the limit: the slope of the mapping is bounded where much of a picture is alike."""
    excess = (histogram - _LIMIT).clamp_min(0).sum()
    return histogram.clamp(max=_LIMIT) + excess / len(histogram)


def _activity_histogram(pixels: Tensor, opacity: Tensor | None) -> Tensor:
    """Grey values counted by the deviation around them, see activity.py; float64 [256] of sum 1."""
    colors, activity = counted(pixels, opacity)
    grey = colors.mean(2)
    counts = np.bincount(grey.round().astype(np.int64).ravel(), activity.ravel().astype(np.float64), minlength=256)
    return torch.from_numpy(counts / counts.sum())


def _histogram(pixels: Tensor, opacity: Tensor | None) -> Tensor:
    counts = torch.zeros(256, dtype=torch.float64)
    if opacity is not None:
        counts += torch.bincount(_grey(pixels).flatten(), opacity.flatten().double() / 255, minlength=256)
        return counts / counts.sum()
    for rows in _bands(pixels):
        counts += torch.bincount(_grey(rows).flatten(), minlength=256)
    return counts / counts.sum()


def _bands(pixels: Tensor) -> tuple[Tensor, ...]:
    """Some rows at a time, so that what is computed of a large picture stays small."""
    return pixels.split(256, 1)


def _grey(pixels: Tensor) -> Tensor:
    return (pixels.to(torch.int32).sum(0) / 3).round().to(torch.uint8)  # [h, w]
