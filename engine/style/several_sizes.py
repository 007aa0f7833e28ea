"""A perceptual network that looks at an image and at smaller copies of it: the loss is then a pyramid.

Layers of copies are named "conv1_1/2", "conv1_1/4": the layer, and what the image's sides are divided by. A statistic
that compares them, in whole pictures or tile by tile, knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.style.perceptual import Perceptual


class SeveralSizes(Perceptual):
    """
    Args:
        network: whose filters stay.
        sizes: how many, the image's own and each half of the one before.
    """

    def __init__(self, network: Perceptual, sizes: int) -> None:
        super().__init__(network.padding)
        self.network = network
        self._places = {named(layer, 2**index): (layer, 2**index) for index in range(sizes) for layer in network.layers}
        self.layers = tuple(self._places)
        self.strides = {name: times * network.strides[layer] for name, (layer, times) in self._places.items()}
        self.style_layers = tuple(named(layer, 2**index) for index in range(sizes) for layer in network.style_layers)
        self.content_layers = network.content_layers
        self.fixed = network.fixed

    def activations(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        found = {}
        for times, own in self._by_size(layers).items():
            smaller = functional.avg_pool2d(image, times) if times > 1 else image
            found |= {named(layer, times): x for layer, x in self.network.activations(smaller, own).items()}
        return found

    def carried(self, mask: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        found = {}
        for times, own in self._by_size(layers).items():
            smaller = functional.avg_pool2d(mask, times) if times > 1 else mask
            found |= {named(layer, times): x for layer, x in self.network.carried(smaller, own).items()}
        return found

    def channels(self, layer: str) -> int:
        return self.network.channels(self._places[layer][0])

    def layer_receptive_px(self, layer: str) -> int:
        own, times = self._places[layer]
        return times * self.network.layer_receptive_px(own) + times - 1

    def refresh(self, random: torch.Generator) -> None:
        self.network.refresh(random)

    def _by_size(self, layers: Sequence[str]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for name in layers:
            layer, times = self._places[name]
            found.setdefault(times, []).append(layer)
        return found


def named(layer: str, times: int) -> str:
    """The layer of a copy whose sides are divided by `times`."""
    return layer if times == 1 else f"{layer}/{times}"


def of_each_size(layers: Sequence[str]) -> list[list[str]]:
    """Layers that belong together, the image's own first: links and weights are made within each."""
    found: dict[str, list[str]] = {}
    for name in layers:
        found.setdefault(name.rpartition("/")[2] if "/" in name else "", []).append(name)
    return list(found.values())
