"""The perceptual network without a download: random filters on a pyramid of the image.

Two uses, both found by trying. Plain and fresh at every step, compared by sorted values, they match the distribution
of patches (Elnekave and Weiss 2022, "Generating natural images with direct patch distributions matching"): whole
objects of a texture appear, coarse to fine. Rectified and fixed, compared by Gram matrices (Ustyuzhaninov et al. 2017,
"What does it take to generate natural textures?"), they give colours and blobs, and no whole objects.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.nn.perceptual import Padding, Perceptual

SIDE = 7


class Filters(Perceptual):
    """`level1` sees the image itself, `level2` its half, and so on; each through random filters of 7 x 7 px.

    Args:
        filters: how many at each level, each of length 1.
        levels: 1..6.
        rectified: ReLU after the filters.
        fixed: keep the first filters for ever.
        random: draws the first filters.
        detail: half of the filters look away from the mean colour of their patch, and count so many times; 0 for none.
    """

    weight: Tensor

    def __init__(
        self,
        filters: int,
        levels: int,
        rectified: bool,
        fixed: bool,
        random: torch.Generator,
        padding: Padding = "replicate",
        detail: float = 0.0,
    ) -> None:
        super().__init__(padding)
        self.detail = detail
        self.layers = tuple(f"level{level}" for level in range(1, levels + 1))
        self.strides = {layer: 2**index for index, layer in enumerate(self.layers)}
        self.style_layers, self.content_layers = self.layers, self.layers[max(0, levels - 2) : levels - 1 or 1]
        self.rectified, self.fixed, self.filters = rectified, fixed, filters
        self.register_buffer("weight", self._drawn(random))  # [levels, filters, 3, 7, 7]

    def refresh(self, random: torch.Generator) -> None:
        if not self.fixed:
            self.weight.copy_(self._drawn(random))

    def _drawn(self, random: torch.Generator) -> Tensor:
        weight = torch.randn(len(self.layers), self.filters, 3, SIDE, SIDE, generator=random)
        if self.detail:
            half = weight[:, : self.filters // 2]
            weight[:, : self.filters // 2] = half - half.mean((3, 4), keepdim=True)
        weight = weight / weight.flatten(2).norm(dim=2)[:, :, None, None, None]
        if self.detail:
            weight[:, : self.filters // 2] *= self.detail
        return weight

    def activations(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        found = {}
        for level, layer in enumerate(self.layers):
            if level:
                image = functional.avg_pool2d(image, 2)
            if layer in layers:
                response = functional.conv2d(self.padded(image, SIDE // 2), self.weight[level])
                found[layer] = functional.relu(response) if self.rectified else response
        return found

    def carried(self, mask: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        found = {}
        for level, layer in enumerate(self.layers):
            if level:
                mask = functional.avg_pool2d(mask, 2)
            if layer in layers:
                found[layer] = self.mean_filtered(mask, SIDE // 2)
        return found

    def channels(self, layer: str) -> int:
        return self.filters

    def layer_reach_px(self, layer: str) -> int:
        stride = self.strides[layer]
        return SIDE // 2 * stride + stride - 1
