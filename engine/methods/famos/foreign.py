"""Colours that the style has not: what FAMOS may not paint where contents are compared in grey alone.

A content that asks for more light than the pieces have gets paint of any hue whose grey is right, and saturated cyan is
lighter than the style's blue. The discriminator hardly minds, and the content asks at each step.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.images.sources import Source

BLOCK_PX = 4
"""Side of the blocks whose mean colours count: grain and the rims of strokes are free, veils are not."""
MOST_COLORS = 256
_CELLS, _LEAST_SHARE = 16, 1 / 5000
"""Of each channel, by which colours are gathered; and how much of the style has a colour that counts."""
NEAR = 0.15
"""In units of half the range: so far from a colour of the style another one is still like it."""


def colors_of(styles: Sequence[Source], device: torch.device) -> Tensor:
    """The colours of style images, [K, 3] in -1..1, at most `MOST_COLORS`, the frequent ones first."""
    blocks = torch.cat([_blocks(style) for style in styles])  # [P, 3], 0..255
    cells = (blocks * (_CELLS / 256)).long().clamp_max(_CELLS - 1)
    _, cell, counts = torch.unique(
        cells @ torch.tensor([_CELLS**2, _CELLS, 1]), return_inverse=True, return_counts=True
    )
    means = torch.zeros(len(counts), 3).index_add_(0, cell, blocks) / counts[:, None]
    order = counts.argsort(descending=True)[:MOST_COLORS]
    frequent = order[counts[order] >= _LEAST_SHARE * len(blocks)]
    return (means[frequent if len(frequent) else order] / 127.5 - 1).to(device)


def foreign(image: Tensor, colors: Tensor) -> Tensor:
    """How far the blocks of a picture [B, 3, H, W] are from the nearest of some colours, beyond `NEAR`: their mean.

    Args:
        image: -1..1, sides of at least `BLOCK_PX`.
        colors: [K, 3], -1..1.
    """
    blocks = functional.avg_pool2d(image.float(), BLOCK_PX).permute(0, 2, 3, 1).flatten(0, 2)
    with torch.no_grad():
        # By squares less what all have alike, |b|^2: the root of each would cost as much as all else here.
        nearest = colors[torch.addmm(colors.square().sum(1), blocks, colors.T, alpha=-2).argmin(1)]
    distance = ((blocks - nearest).square().sum(1) + 1e-8).sqrt()
    return functional.relu(distance - NEAR).mean()


def _blocks(style: Source) -> Tensor:
    """Mean colours of the blocks of an image that are there, [P, 3], 0..255."""
    pixels = style.pixels.float().cpu()
    side = min(BLOCK_PX, *pixels.shape[1:])
    blocks = functional.avg_pool2d(pixels, side).flatten(1).T
    if style.opacity is None:
        return blocks
    there = functional.avg_pool2d(style.opacity[None].float().cpu(), side).flatten() >= 128
    return blocks[there] if bool(there.any()) else blocks
