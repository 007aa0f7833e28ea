"""Masks to practise on: random landscapes cut into regions (Ulyanov 2016, "Feed-forward neural doodle").

Diamond-square heights, k-means on the heights, a median filter, and small regions given to their neighbours.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch import Tensor


def heights(side: int, roughness: float, random: np.random.Generator) -> np.ndarray:
    """A diamond-square landscape, float32 [side, side] in 0..1.

    Args:
        roughness: 0..1; how much of the chance is left at each halving of the step. Less is smoother.
    """
    power = max(1, math.ceil(math.log2(max(side - 1, 2))))
    extent = 2**power
    land = np.zeros((extent + 1, extent + 1))
    land[::extent, ::extent] = random.uniform(-1, 1, (2, 2))
    step, spread = extent, 1.0
    while step > 1:
        half = step // 2
        corners = land[::step, ::step]
        middle = (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]) / 4
        land[half::step, half::step] = middle + spread * random.uniform(-1, 1, middle.shape)
        _edges(land, step, half, spread, random)
        step, spread = half, spread * roughness
    land = land[:side, :side]
    return ((land - land.min()) / max(float(np.ptp(land)), 1e-9)).astype(np.float32)


def _edges(land: np.ndarray, step: int, half: int, spread: float, random: np.random.Generator) -> None:
    """The diamond half of a step: middles of edges are means of up to four neighbours, plus chance."""
    wide = np.pad(land, half, constant_values=np.nan)
    size = len(land)
    for top, left in ((0, half), (half, 0)):
        rows, columns = np.arange(top, size, step), np.arange(left, size, step)
        y, x = np.ix_(rows + half, columns + half)
        neighbours = np.stack([wide[y - half, x], wide[y + half, x], wide[y, x - half], wide[y, x + half]])
        land[np.ix_(rows, columns)] = np.nanmean(neighbours, 0) + spread * random.uniform(
            -1, 1, (len(rows), len(columns))
        )


def by_height(land: np.ndarray, regions: int, random: np.random.Generator) -> np.ndarray:
    """k-means on the heights, uint8 labels like `land`; which height is which region is by chance."""
    values = np.sort(land.flatten())[:: max(1, land.size // 4096)]
    centres = np.sort(random.choice(values, regions, replace=len(values) < regions))
    for _ in range(8):
        nearest = np.abs(values[:, None] - centres).argmin(1)
        for index in range(regions):
            if (nearest == index).any():
                centres[index] = values[nearest == index].mean()
    return random.permutation(regions)[np.abs(land[..., None] - centres).argmin(-1)].astype(np.uint8)


def without_small(labels: np.ndarray, least_px: int) -> np.ndarray:
    """Connected parts of fewer pixels get the label that is nearest among those that stay."""
    while not np.array_equal(cleaned := _given_away(labels, least_px), labels):
        labels = cleaned  # what is nearest may lie apart from its part, so that it is looked at again
    return labels


def _given_away(labels: np.ndarray, least_px: int) -> np.ndarray:
    kept = np.zeros(labels.shape, bool)
    for label in np.unique(labels):
        count, parts, stats, _ = cv2.connectedComponentsWithStats((labels == label).astype(np.uint8), connectivity=4)
        large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= least_px)
        kept |= np.isin(parts, large[(large > 0) & (large < count)])
    if kept.all() or not kept.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(
        (~kept).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.asarray(nearest, np.int64)
    table = np.zeros(int(places.max()) + 1, np.uint8)
    table[places[kept]] = labels[kept]
    return table[places]


def generated(side: int, regions: int, random: torch.Generator, smallest: float = 0.01) -> Tensor:
    """A mask for practice, uint8 [side, side] of labels 0..regions-1; some may be absent.

    Args:
        smallest: parts that cover less than this share of the mask are given to their neighbours.
    """
    seed = int(torch.randint(2**31 - 1, (1,), generator=random))
    chance = np.random.default_rng(seed)
    land = heights(side, chance.uniform(0.4, 0.75), chance)
    labels = by_height(land, regions, chance)
    window = min(31, side // 8) | 1
    labels = cv2.medianBlur(labels, max(3, window))
    return torch.from_numpy(without_small(labels, round(smallest * side**2)))


def practice(side: int, regions: int, random: torch.Generator, whole_share: float) -> Tensor:
    """As `generated`, or with a chance of `whole_share` a single region all over.

    The post's masks may leave a large, varied region (a sky) hardly any room, so that its distribution is never learned
    whole; now and then each region gets the picture to itself.
    """
    if float(torch.rand(1, generator=random)) < whole_share:
        region = int(torch.randint(regions, (1,), generator=random))
        return torch.full((side, side), region, dtype=torch.uint8)
    return generated(side, regions, random)
