"""Which perceptual networks there are, `filters` (filters.py) and `vgg19` (vgg.py); opening one, and evening it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from engine.images.sources import resampled
from engine.style.filters import Filters
from engine.style.perceptual import Padding, Perceptual, Pooling
from engine.style.vgg import Vgg19
from engine.style.weights import VGG19, present

NetworkKind = Literal["filters", "vgg19"]
StatisticKind = Literal["sliced", "gram"]
_NORMALISED_PX, _LEAST_PX = 512, 64
"""Longer side at which means of activations no longer change, and the shorter side that is left then."""


def open_network(
    kind: NetworkKind,
    *,
    statistic: StatisticKind,
    random: torch.Generator,
    device: torch.device,
    filters: int = 0,
    levels: int = 0,
    fixed: bool | None = None,
    pooling: Pooling = "average",
    padding: Padding = "replicate",
    detail: float = 0.0,
) -> Perceptual:
    """A network ready for use on a device.

    Args:
        statistic: what its activations will be compared by; `filters` are rectified and fixed for `gram`, and plain and
            fresh at each `refresh` for `sliced` (Elnekave and Weiss 2022).
        random: draws the first filters, where the network has random ones.
        filters: how many at each level, for `filters`; 0: 32 for sliced, 64 for gram.
        levels: of the pyramid, for `filters`; 0: 2 for sliced, 5 for gram.
        fixed: overrides the choice for `filters`: L-BFGS needs fixed ones.
        detail: 0..1, for `filters` that are adapted to a style: how far fine patterns count as much as large shapes.
        pooling: for `vgg19`; the pyramid of `filters` always averages.

    Raises:
        MissingWeightsError: `vgg19` is asked for and its file is not on this machine; what to do is said.
        BadWeightsError: the file is damaged or of another network.
    """
    if kind == "filters":
        plain = statistic == "sliced"
        network: Perceptual = Filters(
            filters=filters or (32 if plain else 64),
            levels=levels or (2 if plain else 5),
            rectified=not plain,
            fixed=(not plain) if fixed is None else fixed,
            random=random,
            padding=padding,
            detail=detail,
        )
    else:
        network = Vgg19(pooling, padding)
        network.load(present(VGG19))
    return network.to(device)


def normalise_over(network: Perceptual, images: Sequence[Tensor], device: torch.device) -> None:
    """`Perceptual.normalise` over images uint8 [3, h, w], made smaller where they are large."""
    small = [resampled(x, min(1.0, _NORMALISED_PX / max(x.shape[1:])), least_px=_LEAST_PX) for x in images]
    network.normalise([x[None].to(device).float() / 255 for x in small])
