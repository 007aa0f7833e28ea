"""How near a picture has come to its style and to its content: two meters from 0 to 100, and one that looks closer.

Style match: the sliced Wasserstein distance (Rabin et al. 2011, *Wasserstein Barycenter and its Application to Texture
Mixing*) between patches of 7 x 7 pixels, at full, half and quarter size, of the picture and of the style images, in
units of that between two halves of the style itself:

    style match = 100 / max(1, distance to the style / distance between its halves)

100 says that the picture is as near to the style as one half of the style is to the other, 50 twice as far.

Content match: the correlation of both pictures, grey, small and blurred, times 100; what is opposite counts as 0.
Benchmarks take ranks instead of values, which is stricter: docs/moments.md has both on the same pictures.

Structure match: the mean correlation inside a Gaussian window at 128 px width, weighted by the content's deviation
there, times 100. It notices a face that is lost, where the content match is decided by large areas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

PATCH_PX = 7
SCALES = (1, 2, 4)
PATCHES = 2048
"""Of each scale; of several style images together."""
DIRECTIONS = 64
LEAST_DISTANCE = 0.004
"""The unit is never smaller, whatever the halves: a style of one colour has one, too."""
CONTENT_PX, CONTENT_SIGMA_PX = 90, 1.5
STRUCTURE_PX, STRUCTURE_SIGMA_PX = 128, 3.0
LARGEST_WEIGHT = 30.0
"""Levels of 8 bits; an edge counts no more than this."""


class StyleMatch:
    """The style match of pictures with the images of one style, which are looked at once.

    Args:
        styles: uint8 [3, h, w] each, sRGB, at the size at which they are learned.

    Raises:
        ValueError: there are none.
    """

    def __init__(self, styles: Sequence[Tensor]) -> None:
        if not styles:
            raise ValueError("a style has at least one image")
        generator = torch.Generator().manual_seed(0)
        directions = torch.randn(3 * PATCH_PX**2, DIRECTIONS, generator=generator, dtype=torch.float64)
        self._directions = (directions / directions.norm(dim=0)).float()  # [147, M]
        if len(styles) > 1:
            halves = styles[::2], styles[1::2]
        else:
            middle = styles[0].shape[2] // 2
            halves = [styles[0][:, :, :middle]], [styles[0][:, :, middle:]]
        one, other = (self._sorted(half, seed) for seed, half in enumerate(halves, 1))
        self._style = self._sorted(styles, 3)
        self._unit = max(_distance(one, other), LEAST_DISTANCE)

    def of(self, picture: Tensor) -> float:
        """The style match of a picture, uint8 [3, h, w], 0..100."""
        return 100.0 / max(1.0, _distance(self._sorted([picture], 4), self._style) / self._unit)

    def _sorted(self, pictures: Sequence[Tensor], seed: int) -> list[Tensor]:
        """For each scale the patches along each direction, ascending: [N, M]."""
        generator = torch.Generator().manual_seed(seed)
        return [(patches(pictures, scale, generator) @ self._directions).sort(dim=0).values for scale in SCALES]


def patches(pictures: Sequence[Tensor], scale: int, generator: torch.Generator) -> Tensor:
    """Patches from random places, an equal share from each picture: float32 [PATCHES, 147], 0..1.

    Args:
        pictures: uint8 [3, h, w]; one too small for this scale is taken larger than that.
        scale: the pictures are made smaller by this factor first, by area.
    """
    shares = torch.arange(PATCHES) * len(pictures) // PATCHES  # which picture each patch comes from
    found = []
    for index, picture in enumerate(pictures):
        count = int((shares == index).sum())
        if not count:
            continue
        height, width = picture.shape[1:]
        factor = max(1, min(scale, height // PATCH_PX, width // PATCH_PX))
        small = picture.float() / 255
        if factor > 1:
            small = F.avg_pool2d(small[None], factor)[0]
        low = PATCH_PX - min(PATCH_PX, *small.shape[1:])
        if low:  # narrower than a patch
            small = F.pad(small[None], (0, low, 0, low), mode="replicate")[0]
        rows = torch.randint(small.shape[1] - PATCH_PX + 1, (count,), generator=generator)
        columns = torch.randint(small.shape[2] - PATCH_PX + 1, (count,), generator=generator)
        inside = torch.arange(PATCH_PX)
        y = (rows[:, None] + inside)[:, :, None]  # [n, 7, 1]
        x = (columns[:, None] + inside)[:, None, :]  # [n, 1, 7]
        found.append(small[:, y, x].permute(1, 0, 2, 3).reshape(count, -1))
    return torch.cat(found)


def _distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> float:
    return sum(float((one - other).abs().mean()) for one, other in zip(a, b, strict=True))


def content_match(picture: Tensor, content: Tensor) -> float:
    """The content match of two pictures, uint8 [3, h, w] of any sizes, 0..100; 0 where one of them is plain."""
    height, width = content.shape[1:]
    factor = CONTENT_PX / max(height, width)
    size = max(2, round(height * factor)), max(2, round(width * factor))
    a, b = (cv2.GaussianBlur(_grey(image, size), (0, 0), CONTENT_SIGMA_PX) for image in (picture, content))
    a, b = a - a.mean(), b - b.mean()
    spread = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return 100.0 * max(0.0, float((a * b).sum()) / spread) if spread > 1e-6 else 0.0


def structure_match(picture: Tensor, content: Tensor) -> float:
    """The structure match of two pictures, uint8 [3, h, w] of any sizes, 0..100."""
    size = max(2, round(content.shape[1] * STRUCTURE_PX / content.shape[2])), STRUCTURE_PX
    a, b = (_grey(image, size) for image in (picture, content))

    def blurred(image: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(image, (0, 0), STRUCTURE_SIGMA_PX)

    mean_a, mean_b = blurred(a), blurred(b)
    variance_a = np.maximum(blurred(a * a) - mean_a**2, 1e-3)
    variance_b = np.maximum(blurred(b * b) - mean_b**2, 1e-3)
    weight = np.minimum(np.sqrt(variance_b), LARGEST_WEIGHT)
    correlation = (blurred(a * b) - mean_a * mean_b) / np.sqrt(variance_a * variance_b)
    return 100.0 * min(1.0, max(0.0, float((correlation * weight).sum() / weight.sum())))


def _grey(image: Tensor, size: tuple[int, int]) -> np.ndarray:
    """Luma as in Rec. 601, 0..255, of another size: float64 [h, w]."""
    pixels = image.permute(1, 2, 0).contiguous().numpy()
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)
    shrinks = size[0] <= grey.shape[0] and size[1] <= grey.shape[1]
    return cv2.resize(grey, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
