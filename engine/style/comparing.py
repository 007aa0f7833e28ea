"""What the knobs of comparing stand for: which layers are looked at, the statistic of style, and the weights of layers.

The same for pixels that are optimised and for generators that are trained; who has no knob of a kind has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.style.gram import Gram, Link, Linking, links_of
from engine.style.perceptual import Perceptual
from engine.style.several_sizes import SeveralSizes, of_each_size
from engine.style.sliced import BINS, Sliced
from engine.style.statistics import Statistic

Layers = Literal["classic", "all"]


@dataclass(frozen=True)
class Comparison:
    """How styles and contents are compared, beside the network.

    Args:
        statistic: sorted values, or Gram matrices, which all below `layer_weights` is about.
        style_layers, content_layers: the classic ones (Gatys), or all.
        layer_weights: geometric ones are of Novak and Nikulin 2016, section 3.1.
        links, blurred: see `links_of`.
        shift, adjacent, power, cubes, equal_regions, by_area: see `Gram`.
        bins: of sorted values.
    """

    statistic: Literal["sliced", "gram"]
    style_layers: Layers = "classic"
    content_layers: Layers = "classic"
    layer_weights: Literal["uniform", "geometric"] = "uniform"
    links: Linking = "each"
    blurred: bool = False
    shift: float = 0.0
    adjacent: bool = False
    power: float = 1.0
    cubes: int = 0
    equal_regions: bool = False
    by_area: bool = False
    bins: int = BINS

    def statistic_of(self, network: Perceptual) -> Statistic:
        """How styles are compared, and of which layers."""
        layers = _chosen(self.style_layers, network.style_layers, network)
        if self.statistic == "sliced":
            return Sliced(layers, self.bins)
        links = [link for own in of_each_size(layers) for link in self._links_of(own, network)]
        return Gram(links, self.shift, self.adjacent, self.power, self.cubes, self.equal_regions, self.by_area)

    def content_layers_of(self, network: Perceptual) -> tuple[str, ...]:
        """The content layers of the image's own size alone."""
        return tuple(of_each_size(_chosen(self.content_layers, network.content_layers, network))[0])

    def style_weights(self, statistic: Statistic) -> Mapping[str, float]:
        """The weights of the statistic's terms; their sum is 1."""
        sizes = of_each_size(statistic.names)
        weights = {}
        for names in sizes:
            shares = self._shares(len(names), deeper=False)
            weights |= {name: share / len(sizes) for name, share in zip(names, shares, strict=True)}
        return weights

    def content_weights(self, network: Perceptual) -> Mapping[str, float]:
        """The weights of the content's layers; their sum is 1."""
        layers = self.content_layers_of(network)
        return dict(zip(layers, self._shares(len(layers), deeper=True), strict=True))

    def _links_of(self, layers: list[str], network: Perceptual) -> tuple[Link, ...]:
        middle, size = network.content_layers[0], layers[0].partition("/")[2]
        middle = f"{middle}/{size}" if size else middle
        if self.links == "to_content" and middle not in layers:
            layers = [layer for layer in network.layers if layer in (*layers, middle)]
        return links_of(layers, self.links, self.blurred, middle)

    def _shares(self, count: int, deeper: bool) -> list[float]:
        return [1 / count] * count if self.layer_weights == "uniform" else geometric(count, deeper)


def geometric(count: int, deeper: bool) -> list[float]:
    """Weights of layers from shallow to deep, each double or half of the one before; sum 1.

    See Novak and Nikulin 2016, section 3.1.
    """
    weights = [2.0 ** (index if deeper else count - 1 - index) for index in range(count)]
    return [weight / sum(weights) for weight in weights]


def at_sizes(network: Perceptual, sizes: int) -> Perceptual:
    """The network, looking at so many sizes of an image, where its filters stay; others have levels of their own."""
    return SeveralSizes(network, sizes) if sizes > 1 and network.fixed else network


def _chosen(which: Layers, classic: tuple[str, ...], network: Perceptual) -> tuple[str, ...]:
    return classic if which == "classic" else network.layers
