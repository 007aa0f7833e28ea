"""The pyramid generator of textures, V1 (Ulyanov et al. 2017, section 5.1). Unbounded: noise lies on the plane.

V2 is in deep_network.py; training is elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Box
from engine.device import uploaded
from engine.fields.noise import NoiseField
from engine.nn.layers import Norm, norm_layer

Edge = Literal["circular", "replicate"]


@dataclass(frozen=True)
class PyramidShape:
    """Sizes of V1.

    Args:
        width: channels that each scale brings; the finest level has `width * scales`.
        scales: the coarsest is 2**(scales - 1) times smaller than the image.
        noise: channels of noise at each scale.
        condition: channels that join the noise at every scale: a one-hot mask, average-pooled.
    """

    width: int = 8
    scales: int = 6
    noise: int = 3
    condition: int = 0
    norm: Norm = "instance"
    padding: Edge = "circular"

    @property
    def ratios(self) -> tuple[int, ...]:
        """The ratios from coarse to fine: 32, 16, ... 1."""
        return tuple(2**level for level in reversed(range(self.scales)))


class PyramidNetwork(nn.Module):
    """V1: each scale's noise passes a block, joins what came from the coarser ones, and passes another block."""

    def __init__(self, shape: PyramidShape) -> None:
        super().__init__()
        self.shape = s = shape
        self.arriving, self.joined, self.balances = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level in range(s.scales):
            self.arriving.append(_block(s.noise + s.condition, s.width, s.norm, s.padding))
            if level:
                # Norms before joining, so that neither side drowns the other.
                self.balances.append(nn.ModuleList([norm_layer(s.norm, level * s.width), norm_layer(s.norm, s.width)]))
                total = (level + 1) * s.width
                self.joined.append(_block(total, total, s.norm, s.padding))
        self.last = nn.Conv2d(s.scales * s.width, 3, 1)

    @property
    def alignment_px(self) -> int:
        return self.shape.ratios[0]

    @property
    def period_px(self) -> int:
        """Seamless repeats have sides that are multiples of this."""
        return self.alignment_px

    def forward(self, noise: Sequence[Tensor], condition: Tensor | None = None) -> Tensor:
        """
        Args:
            noise: [B, Z, H / ratio, W / ratio] for each ratio, from coarse to fine.
            condition: [B, K, H, W], where the shape has it.

        Returns:
            [B, 3, H, W], without a bound.
        """
        x = noise[0]
        for level, (z, ratio) in enumerate(zip(noise, self.shape.ratios, strict=True)):
            if self.shape.condition:
                assert condition is not None
                z = torch.cat([z, functional.avg_pool2d(condition, ratio)], 1)
            arriving = self.arriving[level](z)
            if level == 0:
                x = arriving
                continue
            below, beside = self.balances[level - 1]  # type: ignore[misc]
            x = functional.interpolate(x, scale_factor=2)
            x = self.joined[level - 1](torch.cat([below(x), beside(arriving)], 1))
        return self.last(x)

    def drawn(self, count: int, side: int, random: torch.Generator, device: torch.device) -> list[Tensor]:
        """Noise for `count` samples of side x side pixels, U(-1, 1)."""
        sides = [side // ratio for ratio in self.shape.ratios]
        return [uploaded(torch.rand(count, self.shape.noise, s, s, generator=random) * 2 - 1, device) for s in sides]

    def noise_at(self, box: Box, seed: int, device: torch.device, period: tuple[int, int] | None) -> list[Tensor]:
        """The noise of an aligned box of the plane; `period`, in pixels, for seamless repeats."""
        noise = []
        for ratio in self.shape.ratios:
            repeat = None if period is None else (period[0] // ratio, period[1] // ratio)
            noise.append(NoiseField(self.shape.noise, seed + ratio, device, repeat).at(box.coarser(ratio))[None])
        return noise

    def felt(self, plane: Tensor) -> Tensor:
        """[1, 1, H, W] to [1, 3, H, W], for `receptive_margin`: all that the network sees of a place comes from it."""
        condition = plane.expand(-1, self.shape.condition, -1, -1) if self.shape.condition else None
        pooled = [functional.avg_pool2d(plane, ratio) for ratio in self.shape.ratios]
        return self([z.expand(-1, self.shape.noise, -1, -1) for z in pooled], condition)


def _block(inputs: int, outputs: int, norm: Norm, padding: Edge) -> nn.Sequential:
    """3x3, 3x3 and 1x1, each with its norm and leaky ReLU."""
    layers: list[nn.Module] = []
    for kernel in (3, 3, 1):
        layers += [
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode=padding),
            norm_layer(norm, outputs),
            nn.LeakyReLU(0.01, inplace=True),
        ]
        inputs = outputs
    return nn.Sequential(*layers)
