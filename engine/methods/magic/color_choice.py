"""Pieces chosen by their colour too: what *Match the colours* adds to what the network decides.

The network that comes along learned to compare grey values and is blind to colours, so they act beside it, at once:
the farther the mean colour of a piece is from the content's, block by block, the less it is wanted there.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine import losses
from engine.templates.atlas import Atlas, View
from engine.templates.sets import Sets

BLOCK_PX = 8
"""Side of the blocks; content is compared so, too, as a rule."""
_STRENGTH = 200.0
"""Of the square of a difference in RGB, 0..1 each: what is decided differs by about 10 between pieces. By eye: at 100
wrong colours are gone from calm places, at 1,000 faces are lost."""


class ColorChoice:
    """Holds the style images as means of blocks, for each atlas and side of blocks that was asked about."""

    def __init__(self) -> None:
        self._means: dict[tuple[Atlas, int], Atlas] = {}

    def added(self, sets: Sets, content: Tensor, amount: float, block_px: int) -> Tensor:
        """What is added to logits so that pieces of other colours are less wanted, [B, K, H, W].

        Pieces are taken as they lie before they are bent.

        Args:
            content: [B, 3, H, W] in -1..1.
            amount: 0 to 1.
            block_px: H and W are multiples of it.
        """
        height, width = content.shape[2:]
        view = sets.view(height, width)
        middle = slice(block_px // 2, None, block_px)
        means = View(self._means_of(view.atlas, block_px), view.begins[..., middle], view.columns[..., middle])
        pieces = _chroma(means.crops(0, sets.count).flatten(0, 1)).unflatten(0, (-1, sets.count))  # [B, K, 2, h, w]
        wanted = _chroma(functional.avg_pool2d(content.float() * 0.5 + 0.5, block_px))[:, None]  # [B, 1, 2, h, w]
        apart = (pieces - wanted).square().sum(2)  # [B, K, h, w]
        return functional.interpolate(apart * (-amount * _STRENGTH), size=(height, width), mode="bilinear")

    def _means_of(self, atlas: Atlas, block_px: int) -> Atlas:
        """The images of an atlas, each pixel the mean of a block around it."""
        key = atlas, block_px
        if key not in self._means:
            self._means[key] = _blurred(*key)
        return self._means[key]


def _chroma(image: Tensor) -> Tensor:
    """What is left of RGB [B, 3, h, w] without its grey, along two axes: [B, 2, h, w]."""
    return losses.compared(image, 1.0)[:, 1:]


def _blurred(atlas: Atlas, block_px: int) -> Atlas:
    images = []
    for start, height, width in zip(atlas.starts.tolist(), atlas.heights.tolist(), atlas.widths.tolist(), strict=True):
        rows = torch.arange(start, start + height * width, width, device=atlas.pixels.device)
        image = atlas.gather(rows, torch.arange(width, device=atlas.pixels.device))[None]  # [1, 3, h, w], 0..255
        before, after = block_px // 2, (block_px - 1) // 2
        around = functional.pad(image, (before, after, before, after), mode="replicate")
        images.append(functional.avg_pool2d(around, block_px, 1)[0].round().to(torch.uint8))
    return Atlas(images, atlas.pixels.device)
