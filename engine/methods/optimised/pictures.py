"""Pictures whose pixels are optimised: where they begin, how they grow, and their tones."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.box import Size
from engine.planes import averaged
from engine.style.objective import Objective

_LUMA = (0.299, 0.587, 0.114)


def scattered(objective: Objective, size: Size, regions: int, random: torch.Generator) -> Tensor:
    """Colours of one style at random places, each region's in that region: [1, 3, h, w], 0..1, on the CPU.

    Where regions are like styles of their own, of one of these for each.
    """
    noise = torch.zeros(3, size.area)
    places = torch.zeros(size.area, dtype=torch.long) if objective.labels is None else objective.labels.cpu().flatten()
    weights = torch.tensor([max(style.weight, 1e-6) for style in objective.styles])
    allowed = torch.ones(1, len(weights)) if objective.allowed is None else objective.allowed.float()
    chosen = [int(torch.multinomial(weights * may, 1, generator=random)) for may in allowed]
    for region in range(regions):
        style = objective.styles[chosen[region % len(chosen)]]
        pixels = style.image[0].cpu().flatten(1)
        here, there = (places == region).nonzero()[:, 0], torch.arange(pixels.shape[1])
        if style.labels is not None:
            inside = (style.labels.cpu().flatten() == region).nonzero()[:, 0]
            there = inside if len(inside) else there
        noise[:, here] = pixels[:, there[torch.randint(len(there), (len(here),), generator=random)]]
    return noise.view(1, 3, size.height, size.width)


def luma(image: Tensor) -> Tensor:
    """[3, h, w] to [1, h, w], by the weights of ITU-R BT.601."""
    weights = torch.tensor(_LUMA, device=image.device, dtype=image.dtype)[:, None, None]
    return (image * weights).sum(0, keepdim=True)


def enlarged(picture: Tensor, size: Size) -> Tensor:
    """[1, 3, h, w] at another size, 0..1."""
    shape = (size.height, size.width)
    # On the CPU, and once for each size: Apple's processors have no such kernel before torch 2.8.
    larger = functional.interpolate(picture.cpu(), shape, mode="bicubic", align_corners=False, antialias=True)
    return larger.clamp(0, 1).to(picture.device)


def thumbnail(image: Tensor, side: int = 192) -> Tensor:
    """[B, 3, h, w], its longer side at most `side` pixels."""
    factor = min(1.0, side / max(image.shape[2:]))
    height, width = (max(1, round(length * factor)) for length in image.shape[2:])
    return averaged(image, height, width).clamp(0, 1)
