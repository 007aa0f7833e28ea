"""How much of a canvas pieces take over the last steps of training, so that balances need not hold in each step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.images.sources import Source

DECAY = 0.95
"""Some twenty steps of patches cover a canvas."""


def running_usage(mean: Tensor, running: Tensor, decay: float = DECAY) -> Tensor:
    """The mean use over the last steps, [N], with the whole gradient of this step's.

    Args:
        mean: u over this step's patches, [N].
        running: [N], moves on by this step.
        decay: 0..1, of what was used before.
    """
    running.lerp_(mean.detach(), 1 - decay)
    return running + mean - mean.detach()


def usage_of_images(usage: Tensor, image: Tensor, count: int) -> Tensor:
    """The use of style images, [B, S], of that of pieces of them.

    Args:
        usage: u [B, K].
        image: of each piece, int64 [B, K].
        count: S, how many images there are.
    """
    return torch.zeros(len(usage), count, dtype=usage.dtype, device=usage.device).scatter_add(1, image, usage)


def mean_color(images: Sequence[Source]) -> Tensor:
    """Of images by their weights, of what is opaque of them: float32 [3], -1..1; grey where there are none."""
    total, weights = torch.zeros(3, dtype=torch.float64), 0.0
    for image in images:
        pixels = image.pixels.cpu().flatten(1).double()  # [3, P]
        opaque = torch.ones(pixels.shape[1]) if image.opacity is None else image.opacity.cpu().flatten()
        mean = pixels @ opaque.double() / opaque.double().sum().clamp_min(1e-9)
        weight = image.image.weight if any(each.image.weight for each in images) else 1.0
        total, weights = total + weight * mean, weights + weight
    return (total / (127.5 * weights) - 1).float() if weights else torch.zeros(3)
