"""The style loss that generators are trained by: a batch of pictures against the artist's style images.

How activations are seen and compared is perceptual.py's and comparing.py's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from engine import losses
from engine.box import Box, Size
from engine.device import uploaded
from engine.images.regions import one_hot
from engine.images.sampling import corner
from engine.style.perceptual import Features, Perceptual
from engine.style.statistics import Statistic, Target

WINDOWS_AT_ONCE = 16
FIXED_AREA_PX = 600_000
"""How much of each style image is looked at where it is looked at only once."""


@dataclass(frozen=True)
class Style:
    """A style image.

    Args:
        pixels: uint8 [3, h, w].
        labels: region of each pixel, uint8 [h, w]; None for one region.
    """

    pixels: Tensor
    weight: float = 1.0
    labels: Tensor | None = None


class StyleLoss:
    """Distance of pictures to the style, as the mean over the layers of a network.

    Args:
        regions: how many there are; 0 compares whole pictures.
        window_px: side of the pieces in which large style images are looked at.
        area_px: of the style images, how much is looked at for each exchange of filters.
        contents: images that a network whose filters stay is normalised over as well as over the styles.
        style_weights, content_weights: of the statistic's terms, and of the layers that contents are compared in; None
            for the same for all, and the classic layers.
    """

    def __init__(
        self,
        network: Perceptual,
        statistic: Statistic,
        styles: Sequence[Style],
        regions: int,
        window_px: int,
        area_px: int,
        random: torch.Generator,
        contents: Sequence[Style] = (),
        style_weights: Mapping[str, float] | None = None,
        content_weights: Mapping[str, float] | None = None,
    ) -> None:
        self._style_weights = style_weights or dict.fromkeys(statistic.names, 1 / len(statistic.names))
        layers = network.content_layers
        self._on_device: dict[object, Tensor] = {}
        self._content_weights = content_weights or dict.fromkeys(layers, 1 / len(layers))
        self.network, self.statistic, self._styles = network, statistic, styles
        self._regions, self._window_px = regions, window_px
        self._area_px = FIXED_AREA_PX
        images = [[image for image, _ in self._windows(style, random)] for style in styles]
        if network.fixed:
            images += [[image for image, _ in self._windows(content, random)] for content in contents]
            # A large image is looked at in many pieces, and counts as much as a small one all the same.
            shares = [1 / (len(images) * len(pieces)) for pieces in images for _ in pieces]
            network.normalise(list(chain.from_iterable(images)), shares)
        else:
            network.adapt(list(chain.from_iterable(images)), random)
            self._area_px = area_px
        self._target = self._looked_at(random)

    def refresh(self, random: torch.Generator) -> None:
        """At the beginning of a step: other filters, where they are not fixed, and the style seen through them."""
        if not self.network.fixed:
            self.network.refresh(random)
            self._target = self._looked_at(random)

    def __call__(self, images: Tensor, mask: Tensor | None, pull: float | None = None) -> Tensor:
        """A scalar, mean over the batch.

        Args:
            images: [B, 3, H, W], 0..1.
            mask: [B, R, H, W], one-hot, where there are regions.
            pull: the length of each layer's gradient, whatever its loss and all that it is multiplied by later (Ulyanov
                et al. 2017, section 5.1); None for the gradient of the loss itself.
        """
        features = self.network.extract(images, self.statistic.layers, mask)
        if pull is not None:
            features = replace(
                features, activations={layer: with_gradient(x, pull) for layer, x in features.activations.items()}
            )
        found = self.statistic.losses(features, self._target)
        return self._weighed(found, self._style_weights)

    def content(self, images: Tensor, contents: Tensor) -> Tensor:
        """Mean square difference of the content layers' activations (Gatys et al. 2015), by the layers' weights."""
        layers = list(self._content_weights)
        with torch.no_grad():
            wanted = self.network(contents, layers)
        found = self.network(images, layers)
        parts = {name: losses.content(found[name], wanted[name]) for name in layers}
        return self._weighed(parts, self._content_weights)

    def _weighed(self, values: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """The sum of some scalars, each by its weight; a card is told one product for all."""
        names = tuple(values)
        key = names, tuple(weights[name] for name in names)
        if key not in self._on_device:
            self._on_device[key] = uploaded(torch.tensor(key[1]), values[names[0]].device)
        return torch.dot(torch.stack([*values.values()]), self._on_device[key])

    def _looked_at(self, random: torch.Generator) -> Target:
        pictures: list[list[Features]] = []
        with torch.no_grad():
            for style in self._styles:
                batches = _batches(self._windows(style, random))
                pictures.append([self.network.extract(x, self.statistic.layers, mask) for x, mask in batches])
        return self.statistic.target(pictures, [style.weight for style in self._styles])

    def _windows(self, style: Style, random: torch.Generator) -> list[tuple[Tensor, Tensor | None]]:
        """The whole image where it is small; else random pieces of it. float32 [1, 3, h, w] and mask [1, R, h, w]."""
        size = Size(*style.pixels.shape[1:])
        share = self._area_px / len(self._styles)
        if size.area <= share:
            return [self._cut(style, size.box)]
        side = min(self._window_px, size.height, size.width)
        corners = [corner(size, side, random).tolist() for _ in range(math.ceil(share / side**2))]
        return [self._cut(style, Box(top, left, side, side)) for top, left in corners]

    def _cut(self, style: Style, box: Box) -> tuple[Tensor, Tensor | None]:
        rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
        image = style.pixels[None, :, rows, columns].float() / 255
        if not self._regions or style.labels is None:
            return image, None
        return image, one_hot(style.labels[rows, columns], self._regions)[None]


def _batches(windows: list[tuple[Tensor, Tensor | None]]) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Windows of one size, [1, ...], some together: a card does as much at a launch."""
    for first in range(0, len(windows), WINDOWS_AT_ONCE):
        images, masks = zip(*windows[first : first + WINDOWS_AT_ONCE], strict=True)
        yield torch.cat(images), None if masks[0] is None else torch.cat(masks)


class _GradientOfLength(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, length: float) -> Tensor:
        ctx.length = length
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        return gradient / gradient.abs().sum().clamp_min(1e-12) * ctx.length, None


def with_gradient(x: Tensor, length: float) -> Tensor:
    """x; the gradient that comes back has this absolute sum."""
    return _GradientOfLength.apply(x, length)  # type: ignore[return-value]
