"""The residual network of fast stylisation (Johnson et al. 2016; with instance norm Ulyanov et al. 2017, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.nn.layers import Norm, ResidualBlock, UpConvolution, norm_layer

GRAIN = 16
"""Side of the places of noise, in pixels: finer noise shows as grain instead of becoming strokes."""
_BOTTLENECK = 4


@dataclass(frozen=True)
class ResidualShape:
    """Sizes of the network.

    Args:
        width: channels at full size; 2 and 4 times as many after each halving.
        blocks: residual blocks at a quarter of the size. Each sees 16 px further.
        noise: channels of noise, one value in 16 x 16 px; 0 for a network that gives one picture for a content.
    """

    width: int = 32
    blocks: int = 5
    noise: int = 0
    norm: Norm = "instance"
    padding: Literal["circular", "replicate"] = "replicate"


class ResidualNetwork(nn.Module):
    """9x9, two 3x3 of stride 2, residual blocks, two up-convolutions, 9x9. Sides are multiples of 16."""

    def __init__(self, shape: ResidualShape) -> None:
        super().__init__()
        self.shape = s = shape

        def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
            plain = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode=s.padding)
            return [plain, norm_layer(s.norm, outputs), nn.ReLU()]

        def enlargement(inputs: int, outputs: int) -> list[nn.Module]:
            return [UpConvolution(inputs, outputs, 5, s.padding), norm_layer(s.norm, outputs), nn.ReLU()]

        self.encoder = nn.Sequential(
            *convolution(3, s.width, 9),
            *convolution(s.width, 2 * s.width, 3, 2),
            *convolution(2 * s.width, 4 * s.width, 3, 2),
        )
        self.joining = nn.Conv2d(4 * s.width + s.noise, 4 * s.width, 1) if s.noise else None
        self.blocks = nn.Sequential(*[ResidualBlock(4 * s.width, 3, s.norm, s.padding) for _ in range(s.blocks)])
        self.decoder = nn.Sequential(*enlargement(4 * s.width, 2 * s.width), *enlargement(2 * s.width, s.width))
        self.last = nn.Conv2d(s.width, 3, 9, padding=4, padding_mode=s.padding)

    def forward(self, content: Tensor, noise: Tensor | None = None) -> Tensor:
        """
        Args:
            content: [B, 3, H, W], -1..1.
            noise: [B, Z, H / 16, W / 16], where the shape has it.

        Returns:
            [B, 3, H, W], without a bound.
        """
        x = self.encoder(content)
        if self.joining is not None:
            assert noise is not None
            x = self.joining(torch.cat([x, _enlarged(noise)], 1))
        return self.last(self.decoder(self.blocks(x)))

    def felt(self, plane: Tensor) -> Tensor:
        """[1, 1, H, W] to [1, 3, H, W], for `field.reach`."""
        noise = functional.avg_pool2d(plane, GRAIN).expand(-1, self.shape.noise, -1, -1)
        return self(plane.expand(-1, 3, -1, -1), noise)


def _enlarged(noise: Tensor) -> Tensor:
    """To the size of the bottleneck, without the edges of its places."""
    return functional.interpolate(noise, scale_factor=GRAIN // _BOTTLENECK, mode="bilinear", align_corners=False)
