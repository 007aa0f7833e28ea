"""What the knobs of comparing stand for: which layers are looked at, the statistic of style, and the weights of all."""

from __future__ import annotations

from engine.methods.optimised.base_settings import PixelSettings
from engine.style.objective import Weights
from engine.style.perceptual import Perceptual
from engine.style.statistics import Gram, Linking, Sliced, Statistic, geometric, links_of


def statistic_of(s: PixelSettings, network: Perceptual, by_area: bool = False) -> Statistic:
    """How styles are compared, and of which layers.

    Args:
        by_area: see `Gram`.
    """
    layers = _chosen(s.style_layers, network.style_layers, network)
    if s.statistic == "sliced":
        return Sliced(layers)
    links: Linking = s.links
    middle = network.content_layers[0]
    if links == "to_content" and middle not in layers:
        layers = tuple(layer for layer in network.layers if layer in (*layers, middle))
    return Gram(links_of(layers, links, s.blurred, middle), s.shift, s.adjacent, by_area)


def seen_layers(s: PixelSettings, network: Perceptual, statistic: Statistic, with_content: bool) -> list[str]:
    """All layers that something is compared in."""
    layers = [*statistic.layers]
    if with_content and s.content_by == "features":
        layers += _chosen(s.content_layers, network.content_layers, network)
    return layers


def weights_of(s: PixelSettings, network: Perceptual, statistic: Statistic) -> Weights:
    """Of the terms and of the layers within them, as the settings are now."""
    layers = _chosen(s.content_layers, network.content_layers, network)
    names = statistic.names
    uniform = s.layer_weights == "uniform"
    style = [1 / len(names)] * len(names) if uniform else geometric(len(names), deeper=False)
    content = [1 / len(layers)] * len(layers) if uniform else geometric(len(layers), deeper=True)
    by_features = s.content_by == "features"
    return Weights(
        style=s.style_weight,
        content=s.content_weight if by_features else 0.0,
        tones=0.0 if by_features else s.content_weight,
        variation=s.variation_weight,
        style_layers=dict(zip(names, style, strict=True)),
        content_layers=dict(zip(layers, content, strict=True)),
    )


def _chosen(which: str, classic: tuple[str, ...], network: Perceptual) -> tuple[str, ...]:
    return classic if which == "classic" else network.layers
