"""Perceptual networks: an image to {layer name: activations}, the same for all methods that compare activations.

The networks are in vgg.py (`vgg19`: VGG-19, Simonyan and Zisserman 2014) and filters.py (`filters`: a pyramid of random
filters, nothing to download); how activations are compared is in gram.py (`Gram`) and sliced.py (`Sliced`), with what
both are in statistics.py. To use them:

    network = open_network("filters", statistic="sliced", random=generator, device=device)
    statistic = Sliced(network.layers)                     # or Gram(links_of(network.layers, "each"))
    network.refresh(random)                                # every step where not network.fixed: other filters, then
    target = statistic.target([[network.extract(style)]])     # ... the target anew; image [1, 3, H, W], 0..1
    terms = statistic.losses(network.extract(image), target)  # {link or layer: scalar}, mean over [B, 3, H, W]
    terms["..."].backward()

    network.layers: tuple[str, ...]                        # shallow to deep; network.strides[layer]: px per activation
    network.style_layers, network.content_layers           # the classic choice (Gatys et al. 2015)
    network(image, layers=None) -> dict[str, Tensor]       # [B, C, h, w] each; h = H // stride
    network.masks(mask, layers=None) -> dict[str, Tensor]  # mask [B, R, H, W] carried along -> [B, R, h, w] each
    network.extract(image, layers=None, mask=None, halo=...)  # both, and the part that counts: for statistics
    network.receptive_px(layers), network.least_px(layers)     # halo of a tile; smallest image side
    network.normalise(images)                              # mean activation 1 for each filter, over these images
    network.adapt(images, random)                          # filters that are not fixed, suited to these images

What neither can do: no network here knows what a picture shows; `vgg19` responds to parts of objects, `filters` to
edges and colours of 7 x 7 px at each level of its pyramid only, so larger shapes must come from coarse scales.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Margin, Size

Padding = Literal["replicate", "valid", "circular"]
Pooling = Literal["average", "max"]

NOTHING = Margin(0, 0, 0, 0)


@dataclass(frozen=True)
class Features:
    """What a network saw of an image or of a tile of it, and which part of it counts.

    Args:
        activations: by layer, [B, C, h, w].
        strides: px per activation, by layer.
        margins: px at each side of the image that do not count, by layer: a tile's halo, or what padding has touched.
        size: of the image, in px.
        masks: by layer, [1 or B, R, h, w]; empty where there are no regions.
        times: by layer, [1 or B, 1, h, w], how many times each place counts; empty where all count once.
    """

    activations: Mapping[str, Tensor]
    strides: Mapping[str, int]
    margins: Mapping[str, Margin]
    size: Size
    masks: Mapping[str, Tensor] = field(default_factory=dict)
    times: Mapping[str, Tensor] = field(default_factory=dict)

    def detached(self) -> Features:
        kept = {layer: x.detach() for layer, x in self.activations.items()}
        return replace(self, activations=kept)

    def core(self, image: Tensor, stride: int, *layers: str) -> Tensor:
        """The part of [..., h, w] values at a stride that counts in all these layers."""
        top, left, bottom, right = (
            max(getattr(self.margins[layer], side) for layer in layers) for side in ("top", "left", "bottom", "right")
        )
        rows = slice(-(-top // stride), max(0, self.size.height - bottom) // stride)
        columns = slice(-(-left // stride), max(0, self.size.width - right) // stride)
        return image[..., rows, columns]


class Perceptual(nn.Module, ABC):
    """Base of the perceptual networks. Images are sRGB, 0..1; weights take no gradients.

    Every convolution pads its input by the same mode, so that h = H // stride in all layers. `replicate` and `circular`
    count all activations; `valid` leaves those out that padding has touched.

    Attributes:
        layers: names, shallow to deep.
        strides: px of the image for each activation.
        hard_edges: masks are not averaged where images are convolved.
        fixed: whether its filters stay; else `refresh` exchanges them and targets must be taken anew.
        style_layers, content_layers: the classic choice.
    """

    layers: tuple[str, ...]
    strides: Mapping[str, int]
    style_layers: tuple[str, ...]
    content_layers: tuple[str, ...]
    fixed: bool = True
    hard_edges: bool = False

    def __init__(self, padding: Padding) -> None:
        super().__init__()
        self.padding: Padding = padding
        self._gains: dict[str, Tensor] = {}

    @abstractmethod
    def activations(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """What `forward` gives, before normalisation."""

    @abstractmethod
    def carried(self, mask: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """What `masks` gives, for these layers."""

    @abstractmethod
    def channels(self, layer: str) -> int:
        """C of a layer."""

    @abstractmethod
    def layer_receptive_px(self, layer: str) -> int:
        """How far from its place one activation looks, in px."""

    def forward(self, image: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """[B, 3, H, W], 0..1, to {layer: [B, C, H // stride, W // stride]}."""
        found = self.activations(image, self.layers if layers is None else layers)
        return {layer: x * self._gains[layer] if layer in self._gains else x for layer, x in found.items()}

    def masks(self, mask: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """[B, R, H, W], 0..1, carried through the network beside an image (Ulyanov 2016, "neural doodles").

        A mean filter at each convolution and average pooling at each pooling: edges blur as the network looks further;
        with `hard_edges` only the pooling.
        """
        return self.carried(mask, self.layers if layers is None else layers)

    def extract(
        self,
        image: Tensor,
        layers: Sequence[str] | None = None,
        mask: Tensor | Mapping[str, Tensor] | None = None,
        halo: Margin = NOTHING,
        times: Mapping[str, Tensor] | None = None,
    ) -> Features:
        """Activations ready for a statistic.

        Args:
            mask: [1 or B, R, H, W], or what `masks` made of it.
            times: what `masks` made of how often each place counts, [1 or B, 1, H, W].
            halo: px at each side of a tile that only lend their surroundings; 0 at the picture's own border.
        """
        layers = self.layers if layers is None else layers
        margins = {}
        for layer in layers:
            touched = self.layer_receptive_px(layer) if self.padding == "valid" else 0
            sides = (max(side, touched) for side in (halo.top, halo.left, halo.bottom, halo.right))
            margins[layer] = Margin(*sides)
        masks = self.masks(mask, layers) if isinstance(mask, Tensor) else (mask or {})
        return Features(self(image, layers), self.strides, margins, Size(*image.shape[-2:]), masks, times or {})

    def receptive_px(self, layers: Sequence[str] | None = None) -> int:
        """How far the furthest-looking of these layers looks, in px."""
        return max(self.layer_receptive_px(layer) for layer in (layers or self.layers))

    def least_px(self, layers: Sequence[str] | None = None) -> int:
        """The smallest side of an image that all these layers can see."""
        layers = layers or self.layers
        if self.padding == "valid":
            return max(2 * self.layer_receptive_px(layer) + 2 * self.strides[layer] for layer in layers)
        return max(2 * self.strides[layer] for layer in layers)

    def refresh(self, random: torch.Generator) -> None:
        """Exchanges the filters where they are not fixed."""
        del random

    def normalise(self, images: Sequence[Tensor]) -> None:
        """Scales each filter to a mean (absolute) activation of 1 over images [1, 3, H, W] (Gatys et al. 2015).

        As all layers are linear up to a positive factor, this equals scaling the weights. Filters that never respond
        are left as they are.
        """
        self._gains = {}
        sums: dict[str, Tensor] = {}
        with torch.no_grad():
            for image in images:
                for layer, x in self(image).items():
                    mean = x.abs().mean((0, 2, 3), keepdim=True)  # [1, C, 1, 1]
                    sums[layer] = sums.get(layer, torch.zeros_like(mean)) + mean / len(images)
        self._gains = {layer: torch.where(mean > 1e-6, 1 / mean, 1.0) for layer, mean in sums.items()}

    def adapt(self, images: Sequence[Tensor], random: torch.Generator) -> None:
        """Suits filters that are not fixed to the images [1, 3, H, W] that they will be compared with."""
        del images, random

    def padded(self, image: Tensor, radius: int) -> Tensor:
        """[B, C, H + 2 radius, W + 2 radius]."""
        mode = "circular" if self.padding == "circular" else "replicate"
        return functional.pad(image, (radius,) * 4, mode=mode)

    def mean_filtered(self, mask: Tensor, radius: int) -> Tensor:
        if self.hard_edges:
            return mask
        return functional.avg_pool2d(self.padded(mask, radius), 2 * radius + 1, stride=1)
