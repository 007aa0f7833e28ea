"""Colours that tell templates or elements of a set apart, for layers that show which lies where."""

from __future__ import annotations

import torch
from torch import Tensor


def palette(count: int) -> Tensor:
    """[count, 3] colours that are far apart for neighbours: hues by the golden angle, three lightnesses in turn."""
    hue = torch.arange(count) * 0.61803398875 % 1
    value = torch.tensor([0.95, 0.7, 0.45])[torch.arange(count) % 3]
    ramp = (hue[:, None] * 6 + torch.tensor([0.0, 4.0, 2.0])) % 6
    pure = (ramp - 3).abs().sub(1).clamp(0, 1)
    return value[:, None] * (0.25 + 0.75 * pure)
