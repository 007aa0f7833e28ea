"""Keeping the content's colours: what is done to the style images before anything is compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from engine.images.sources import Source
from engine.methods.optimised.pictures import luma

Colors = Literal["style", "luminance", "matched"]


def styles_for(styles: Sequence[Source], content: Source | None, colors: Colors) -> list[Source]:
    """The styles in grey (`luminance`), in the content's colours (`matched`), or as they are.

    Gatys et al. 2016, "Preserving color in neural artistic style transfer".
    """
    if content is None or colors == "style":
        return list(styles)
    if colors == "luminance":
        return [Source(style.image, _bytes(luma(style.pixels.float()).expand(3, -1, -1))) for style in styles]
    return [Source(style.image, matched(style.pixels, content.pixels)) for style in styles]


def matched(style: Tensor, content: Tensor) -> Tensor:
    """uint8 [3, h, w]: the style with the mean and the covariance of the content's colours, by Cholesky factors."""
    mean, factor = _statistics(style)
    wanted_mean, wanted_factor = _statistics(content)
    turn = wanted_factor @ torch.linalg.inv(factor)  # [3, 3]
    pixels = style.double().flatten(1)
    return _bytes((turn @ (pixels - mean) + wanted_mean).view(style.shape))


def _statistics(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [3, 1] and the Cholesky factor [3, 3] of the covariance; a plain image is taken to vary by one level."""
    pixels = image.double().flatten(1)
    mean = pixels.mean(1, keepdim=True)
    covariance = (pixels - mean) @ (pixels - mean).T / pixels.shape[1]
    return mean, torch.linalg.cholesky(covariance + torch.eye(3, dtype=torch.float64))


def _bytes(image: Tensor) -> Tensor:
    return image.round().clamp(0, 255).to(torch.uint8)
