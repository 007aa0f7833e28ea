"""A mask as a Field: the regions of any box of a canvas of any size. How regions are found is regions.py's."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.images.regions import one_hot
from engine.images.sources import ContentField
from engine.planes import largest


class MaskField:
    """Labels that cover a canvas (centred, proportions kept), mirrored beyond it; regions keep smooth borders.

    Args:
        labels: of 0..regions-1, uint8 [h, w].
    """

    def __init__(self, labels: Tensor, regions: int, canvas_size: Size, device: torch.device) -> None:
        self.channels, self.canvas_size = regions, canvas_size
        self._shares = ContentField((one_hot(labels, regions) * 255).to(torch.uint8), canvas_size, device)

    def at(self, box: Box) -> Tensor:
        """One-hot, float32 [R, h, w]."""
        shares = self._shares.at(box)
        return one_hot(largest(shares), self.channels)


def nearest_region(mask: Tensor, palette: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """Which of some colours each pixel of a mask is nearest to.

    Args:
        mask: uint8 [3, h, w]. palette: uint8 [R, 3]. allowed: bool [R], at least one.

    Returns:
        indices, uint8 [h, w], and how far the colour is, float32 [h, w], 0..441.
    """
    labels = torch.zeros(mask.shape[1:], dtype=torch.uint8)
    least = torch.full(mask.shape[1:], torch.inf)
    for index in allowed.nonzero().flatten().tolist():
        distance = (mask.float() - palette[index].float()[:, None, None]).square().sum(0)
        labels[distance < least] = index
        least = torch.minimum(least, distance)
    return labels, least.sqrt()
