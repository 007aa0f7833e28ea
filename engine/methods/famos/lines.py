"""Where a content has lines: pen strokes and outlines, which a picture can be told to show rather than its flat areas.

Ours, for pictures as the published sample of the peer's code: old districts stay whole, and a drawing lies over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine import losses
from engine.images.sources import Source

_FINE_PX, _COARSE_PX = 1.0, 12.0
"""A line is what differs from its surroundings: two Gaussians, a pen stroke and what lies around it."""
_ONE_WAY_PX, _GRAIN, _LINE = 4.0, 0.35, 0.7
"""And what runs one way: how far around a place that is looked at, and from where to where grain becomes a line."""
_LEAST, _MOST = 0.02, 10.0
"""Of a weight: flat areas are not wholly free, and no stroke outweighs all others."""
_PAINT_FLOOR, _PAINT_PX = 0.1, 2.0
"""Paint in flat areas costs up to ten times what copying asks for; it reaches as far beyond a line as this blur."""
_SAMPLES, _SAMPLE_PX = 4, 256
"""Of a content, along each of its sides; and the side of each."""


def local_contrast(content: Tensor) -> Tensor:
    """How much brighter each place is than what lies around it, [B, 1, H, W], of an image [B, 3, H, W]."""
    grey = losses.grey(content)
    return losses.gaussian_blur(grey, _FINE_PX) - losses.gaussian_blur(grey, _COARSE_PX)


def runs_one_way(content: Tensor) -> Tensor:
    """0 where an image [B, 3, H, W] has grain or nothing, 1 where it has a line or an edge, [B, 1, H, W].

    The coherence of the structure tensor: grain, as that of paper, changes in all directions alike.
    """
    grey = losses.gaussian_blur(losses.grey(content), _FINE_PX)
    down, right = torch.gradient(grey, dim=(2, 3))
    squares = torch.cat([right * right, down * down, right * down], 1)
    across, along, both = losses.gaussian_blur(squares, _ONE_WAY_PX).split(1, 1)
    coherence = torch.hypot(across - along, 2 * both) / (across + along + 1e-5)
    return ((coherence - _GRAIN) / (_LINE - _GRAIN)).clamp(0, 1)


def mean_contrast(contents: Sequence[Source], dark: bool) -> float:
    """The mean contrast of contents as networks see them, -1..1, by evenly spaced parts; the unit of `line_weight`."""
    found = [_lines(part, dark).mean() for content in contents for part in _parts(content.pixels)]
    return max(1e-3, float(torch.stack(found).mean()))


def line_weight(content: Tensor, dark: bool, contrast: float) -> Tensor:
    """How much each place of a content counts, [B, 1, H, W], 1 where a line is as strong as the mean.

    Args:
        content: [B, 3, H, W] in -1..1.
        dark: only what is darker than its surroundings.
        contrast: see `mean_contrast`.
    """
    return (_lines(content, dark) / contrast).clamp(_LEAST, _MOST)


def paint_cost(weight: Tensor) -> Tensor:
    """How much dearer paint is than elsewhere, [B, 1, H, W], of a `line_weight`: cheap on lines, dear beside them.

    Without it a style that is unlike the content is painted over as a whole, and stays so once paint is decided.
    """
    return 1 / (_PAINT_FLOOR + losses.gaussian_blur(weight, _PAINT_PX) ** 2)


def _lines(content: Tensor, dark: bool) -> Tensor:
    contrast = local_contrast(content)
    return ((-contrast).clamp_min(0) if dark else contrast.abs()) * runs_one_way(content)


def _parts(pixels: Tensor) -> list[Tensor]:
    """Up to 4 x 4 evenly spaced parts of [3, h, w], 0..255, each [1, 3, <= 256, <= 256] in -1..1."""
    height, width = pixels.shape[1:]
    rows, columns = (
        sorted({round(place) for place in torch.linspace(0, max(0, side - _SAMPLE_PX), _SAMPLES).tolist()})
        for side in (height, width)
    )
    return [
        pixels[None, :, row : row + _SAMPLE_PX, column : column + _SAMPLE_PX].float() / 127.5 - 1
        for row in rows
        for column in columns
    ]
