"""The perceptual network without a download: filters of 7 x 7 px on a pyramid of the image.

Two uses, both found by trying.

- The style's own patches, whitened by their covariance and drawn anew at every step, compared by sorted values: they
  match the distribution of patches (Elnekave and Weiss 2022, "Generating natural images with direct patch distributions
  matching", by random filters), so that whole objects of a texture appear, coarse to fine. Answers to random filters
  are near to normal distributions whatever a picture shows, which leaves coloured specks, and lets a generator reach
  them by gratings; answers to a patch of the style are seldom high, except where that patch is found.
- Random, rectified and fixed, compared by Gram matrices (Ustyuzhaninov et al. 2017, "What does it take to generate
  natural textures?"): they give colours and blobs, and no whole objects.

L-BFGS, which needs filters that stay, compares sorted values by random ones, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.device import uploaded
from engine.style.perceptual import Padding, Perceptual

SIDE = 7
VALUES = 3 * SIDE * SIDE
"""Of a patch."""
EXEMPLARS = 4096
"""Patches of the style, at each level, that filters are drawn from."""
LOOKED_AT = 40_000
"""Patches, at each level, that their covariance is taken of."""
_LEAST_SHARE = 0.01
"""Of the mean variance, added to all: directions in which the style hardly varies are not raised without end."""


class Filters(Perceptual):
    """`level1` sees the image itself, `level2` its half, and so on; each through random filters of 7 x 7 px.

    Args:
        filters: how many at each level, each of length 1.
        levels: 1..6.
        rectified: ReLU after the filters.
        fixed: keep the first filters for ever.
        random: draws the first filters.
        detail: 0..1, how far filters made of patches are whitened (see `adapt`).
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
        self._exemplars: list[Tensor] = []
        self.register_buffer("weight", self._drawn(random))  # [levels, filters, 3, 7, 7]

    def refresh(self, random: torch.Generator) -> None:
        if not self.fixed:
            self.weight.copy_(uploaded(self._drawn(random), self.weight.device))

    def adapt(self, images: Sequence[Tensor], random: torch.Generator) -> None:
        """From now on filters are whitened patches of these images [1, 3, H, W], drawn anew at each `refresh`.

        With patches p of covariance S, mean removed, a filter is W (W p) / |W p| for W = (S + e)^(-detail / 2): at
        detail 1 all patterns count alike, at 0 large shapes and light count by far the most. W is scaled so that
        answers are as large as those of random filters of length 1.
        """
        self._exemplars = []
        for level in range(len(self.layers)):
            patches = torch.cat([_patches(image, LOOKED_AT // len(images), random) for image in images])
            patches = (patches - patches.mean(0)).cpu()  # [P, VALUES]; in double below, which MPS lacks
            variance, directions = torch.linalg.eigh((patches.mT @ patches).double() / len(patches))
            variance = variance.clamp_min(0)
            factor = (variance + _LEAST_SHARE * variance.mean() + 1e-12) ** (-self.detail / 2)
            factor = factor * ((variance.sum() + 1e-12) / ((variance * factor**2).sum() + 1e-12)).sqrt()
            whitening = ((directions * factor) @ directions.mT).float()
            chosen = patches[torch.randperm(len(patches), generator=random)[:EXEMPLARS]] @ whitening
            chosen = chosen / chosen.norm(dim=1, keepdim=True).clamp_min(1e-6)
            self._exemplars.append(chosen @ whitening)
            if level + 1 < len(self.layers):
                images = [functional.avg_pool2d(image, 2) for image in images]
        self.refresh(random)

    def _drawn(self, random: torch.Generator) -> Tensor:
        if self._exemplars:
            places = [torch.randint(len(patches), (self.filters,), generator=random) for patches in self._exemplars]
            weight = torch.stack([patches[place] for patches, place in zip(self._exemplars, places, strict=True)])
            return weight.unflatten(2, (3, SIDE, SIDE))
        weight = torch.randn(len(self.layers), self.filters, 3, SIDE, SIDE, generator=random)
        return weight / weight.flatten(2).norm(dim=2)[:, :, None, None, None]

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

    def layer_receptive_px(self, layer: str) -> int:
        stride = self.strides[layer]
        return SIDE // 2 * stride + stride - 1


def _patches(image: Tensor, most: int, random: torch.Generator) -> Tensor:
    """Up to so many patches of an image [1, 3, H, W], at random places: [P, VALUES]."""
    room = [max(0, SIDE - side) for side in image.shape[2:]]
    image = functional.pad(image, (0, room[1], 0, room[0]), mode="replicate")
    rows, columns = (side - SIDE + 1 for side in image.shape[2:])
    places = torch.arange(rows * columns)
    if len(places) > most:
        places = torch.randint(rows * columns, (most,), generator=random)
    places = places.to(image.device)
    every = torch.arange(SIDE, device=image.device)
    top = (places // columns)[:, None, None] + every[:, None]  # [P, SIDE, 1]
    left = (places % columns)[:, None, None] + every  # [P, 1, SIDE]
    return image[0][:, top, left].transpose(0, 1).flatten(1)
