"""Style that pulls only where the content's activations are strong (Novak and Nikulin 2016, section 4.1).

The paper found that it keeps textures out of plain areas, but hardly settles: the gradient is no longer that of a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from engine.box import Margin
from engine.style.perceptual import Features, Perceptual

_SAMPLED = 1_000_000
"""Activations of a layer that a share of them is found by."""


class GradientMask:
    """
    Args:
        kept_shares: by layer, how much of the gradient passes.
        tiles: of the whole content, each [1, 3, h, w] with its halo.
    """

    def __init__(
        self, network: Perceptual, kept_shares: Mapping[str, float], tiles: Iterable[tuple[Tensor, Margin]]
    ) -> None:
        self._network, self._layers = network, list(kept_shares)
        tiles = list(tiles)
        samples: dict[str, list[Tensor]] = {layer: [] for layer in self._layers}
        with torch.no_grad():
            for content, halo in tiles:
                features = network.extract(content, self._layers, halo=halo)
                for layer in self._layers:
                    values = features.core(features.activations[layer], features.strides[layer], layer).flatten()
                    samples[layer].append(values[:: max(1, len(values) * len(tiles) // _SAMPLED)])
        self._thresholds = {
            layer: torch.cat(found).quantile(1 - kept_shares[layer]) for layer, found in samples.items()
        }

    def passing(self, features: Features, content: Tensor) -> Features:
        """The same features, with gradients only where those of the content, of the same place, are strong."""
        with torch.no_grad():
            seen = self._network(content, self._layers)
        passing = dict(features.activations)
        for layer in self._layers:
            x = passing[layer]
            passing[layer] = torch.where(seen[layer] >= self._thresholds[layer], x, x.detach())
        return replace(features, activations=passing)
