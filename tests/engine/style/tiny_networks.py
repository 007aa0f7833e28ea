"""Perceptual networks small enough for tests in double precision, and pictures for them."""

import torch
from torch import Tensor
from torch.nn import functional

from engine.style.filters import Filters
from engine.style.vgg import Vgg19


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def image(height: int, width: int, seed: int = 0, batch: int = 1) -> Tensor:
    coarse = torch.rand(batch, 3, -(-height // 6), -(-width // 6), generator=generator(seed), dtype=torch.float64)
    fine = torch.rand(batch, 3, height, width, generator=generator(seed + 1), dtype=torch.float64)
    return 0.7 * functional.interpolate(coarse, (height, width), mode="bilinear") + 0.3 * fine


def tiny_vgg(padding: str = "replicate", pooling: str = "average") -> Vgg19:
    network = Vgg19(pooling, padding, widths=(3, 4, 4, 5, 5)).double()  # type: ignore[arg-type]
    random = generator(3)
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=random) * (0.3 if parameter.dim() > 1 else 0.1))
    return network


def tiny_filters(padding: str = "replicate", rectified: bool = False, levels: int = 3) -> Filters:
    return Filters(4, levels, rectified, False, generator(4), padding).double()  # type: ignore[arg-type]


NETWORKS = {"vgg19": tiny_vgg, "filters": tiny_filters}
