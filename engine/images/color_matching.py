"""Colours of a content moved towards those of the styles, so that a style without blue can show a blue sky.

A few colours stand for each side (k-means); the content's are carried to the styles' as cheaply as can be: optimal
transport with an entropy (Cuturi 2013), whose own blur is taken off again (Feydy et al. 2019), so that alike colours
stay. As with tones flat places count little, no colour counts for more than a part, and contrasts grow within bounds.
Light and dark are left to tone_matching.py: the grey of each pixel stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.images.activity import counted
from engine.images.sources import Source

_COLORS = 8
"""That stand for each side."""
_BINS = 20
"""Of each axis of RGB, in which colours are counted before some are chosen to stand for them."""
_MOST_SHARE = 2 / _COLORS
"""Most of one side that one of its colours may count for; what is above is shared out evenly."""
_REACH = 24.0
"""Within so much, of 0..255, of a colour that stands for others the same is done as to it."""
_BLUR = 20.0
"""That of the transport, of 0..255: colours nearer than this are carried alike."""
_STEEPEST = 2.5
"""How many times farther apart two colours may lie than before."""
_ROUNDS = 100
"""Of the transport."""
_AXES = torch.tensor(
    [[3.0**-0.5] * 3, [2.0**-0.5, 0.0, -(2.0**-0.5)], [6.0**-0.5, -2 * 6.0**-0.5, 6.0**-0.5]], dtype=torch.float64
)
"""Rows of length 1, at right angles: grey, red against blue, and both against green."""


class ColorMapping(NamedTuple):
    """What is done to colours near to some: these, [K, 3] along the axes in 0..255, and how they move, [K, 2]."""

    places: Tensor
    shifts: Tensor

    def shift_of(self, colors: Tensor) -> Tensor:
        """[N, 3] along the axes gives [N, 2], what is added to all but their grey."""
        return _nearness(colors, self.places) @ self.shifts.to(colors.dtype)


def color_matched(content: Source, mapping: ColorMapping) -> Source:
    """The content with its colours moved, each as far as it stays within 0..255; its grey values stay."""
    axes, matched = _AXES.float(), torch.empty_like(content.pixels)
    for given, moved in zip(content.pixels.split(128, 1), matched.split(128, 1), strict=True):
        rgb = given.flatten(1).T.float()  # [N, 3]
        colors = rgb @ axes.T
        wanted = colors[:, 1:] + mapping.shift_of(colors)
        grey, chroma = rgb.mean(1, keepdim=True), wanted @ axes[1:]
        moved.copy_((grey + chroma * _room(grey, chroma)).round_().clamp_(0, 255).T.reshape(given.shape))
    return Source(content.image, matched, content.opacity)


def color_mapping(content: Source, styles: Sequence[Source]) -> ColorMapping:
    """Where each of the content's colours goes; the frames of a film share that of the first.

    Args:
        styles: they count by their weights.
    """
    weights = [style.image.weight for style in styles]
    if sum(weights) <= 0:
        weights = [1.0] * len(styles)
    histograms = [weight * _histogram(style) for weight, style in zip(weights, styles, strict=True)]
    ours, theirs = _few(_histogram(content)), _few(torch.stack(histograms).sum(0))
    places = ours[0]
    shifts = (_carried(*ours, *theirs) - _carried(*ours, *ours))[:, 1:]
    return ColorMapping(places.float(), _bounded(places, shifts).float())


def _room(grey: Tensor, chroma: Tensor) -> Tensor:
    """How much of a colour [N, 3] around its grey [N, 1] there is room for in 0..255, 0..1."""
    room = torch.where(chroma > 0, 255 - grey, grey) / chroma.abs().clamp_min(1e-3)
    return room.amin(1, keepdim=True).clamp(max=1)


def _histogram(source: Source) -> Tensor:
    """How much of what counts each bin of RGB holds, float64 [bins ** 3] of sum 1."""
    colors, activity = counted(source.pixels, source.opacity)
    bins = np.minimum((colors * (_BINS / 256)).astype(np.int64), _BINS - 1)
    index = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    counts = np.bincount(index.ravel(), activity.ravel().astype(np.float64), minlength=_BINS**3)
    return torch.from_numpy(counts / max(counts.sum(), 1e-12))


def _few(histogram: Tensor) -> tuple[Tensor, Tensor]:
    """The colours that stand for a histogram, [K, 3] along the axes, and how much each counts, [K] of sum 1.

    By k-means from the colours that lie farthest from those before, so that chance has no part in it.
    """
    index = histogram.nonzero()[:, 0]
    shares = histogram[index]
    bins = torch.stack([index // _BINS**2, index // _BINS % _BINS, index % _BINS], 1).double()
    colors = (bins + 0.5) * (256 / _BINS) @ _AXES.T  # [N, 3]
    chosen = [(shares[:, None] * colors).sum(0)]
    while len(chosen) < min(_COLORS, len(colors)):
        far = torch.cdist(colors, torch.stack(chosen)).amin(1) * shares.sqrt()
        chosen.append(colors[int(far.argmax())])
    centres, before = torch.stack(chosen), None
    masses = torch.ones(len(centres), dtype=torch.float64)
    while before is None or not torch.equal(before, centres):  # sums of squares fall, so it ends
        nearest = torch.cdist(colors, centres).argmin(1)
        masses = torch.zeros(len(centres), dtype=torch.float64).index_add_(0, nearest, shares)
        sums = torch.zeros_like(centres).index_add_(0, nearest, shares[:, None] * colors)
        there = masses > 0
        before, centres, masses = centres[there], sums[there] / masses[there, None], masses[there]
    excess = (masses - _MOST_SHARE).clamp_min(0).sum()
    return centres, masses.clamp(max=_MOST_SHARE) + excess / len(masses)


def _carried(colors: Tensor, masses: Tensor, others: Tensor, other_masses: Tensor) -> Tensor:
    """Where the plan of transport takes each of some colours on average, [K, 3]."""
    logs = torch.cdist(colors, others).square() / (-2 * _BLUR**2)  # [K, L]
    by_row, by_column = torch.zeros_like(masses), torch.zeros_like(other_masses)
    for _ in range(_ROUNDS):
        by_column = -torch.logsumexp(logs + (by_row + masses.log())[:, None], 0)
        by_row = -torch.logsumexp(logs + (by_column + other_masses.log())[None], 1)
    return (logs + by_row[:, None] + (by_column + other_masses.log())[None]).softmax(1) @ others


def _nearness(colors: Tensor, places: Tensor) -> Tensor:
    """How much each of some places is the colour's, [N, K] of sum 1: by the inverse square of the distance."""
    nearness = 1 / (torch.cdist(colors, places.to(colors.dtype)).square_() + _REACH**2)
    return nearness / nearness.sum(1, keepdim=True)


def _bounded(places: Tensor, shifts: Tensor) -> Tensor:
    """The same shifts, their differences made smaller where two colours would come too far apart."""
    edges = torch.linspace(0, 255, 9, dtype=torch.float64)
    colors = torch.cartesian_prod(edges, edges, edges) @ _AXES.T  # [N, 3]
    beside = colors[:, None] + torch.eye(3, dtype=torch.float64)  # [N, 3, 3]
    slopes = (_nearness(beside.flatten(0, 1), places) @ shifts).unflatten(0, (-1, 3))
    slopes = slopes - (_nearness(colors, places) @ shifts)[:, None]  # [N, 3, 2]
    slopes[:, 1:] += torch.eye(2, dtype=torch.float64)  # of the mapping: what is added, and the colour itself
    steepest, mean = float(torch.linalg.matrix_norm(slopes, 2).max()), shifts.mean(0)
    part = (_STEEPEST - 1) / (steepest - 1) if steepest > _STEEPEST else 1.0
    return mean + (shifts - mean) * part
