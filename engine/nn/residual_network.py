"""The residual network of fast stylisation (Johnson et al. 2016; with instance norm Ulyanov et al. 2017, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Box
from engine.device import uploaded
from engine.fields.noise import NoiseField
from engine.nn.layers import NoiseInjection, Norm, ResidualBlock, applied, styled_norm
from engine.nn.up_convolution import UpConvolution

ALIGNMENT_PX = 16
"""Side of the places of the noise that decides strokes, in pixels: channels of finer noise would only show as grain."""
SLOPE = 0.2
"""Of a leaky ReLU: after a plain one whole areas of a content can fall silent, and stay unpainted."""
_BOTTLENECK = 4
_GAIN = 0.3
"""Of a block at first: from 0 it takes hundreds of steps until anything looks further than a few pixels."""


@dataclass(frozen=True)
class ResidualShape:
    """Sizes of the network.

    Args:
        width: channels at full size; 2 and 4 times as many after each halving.
        blocks: residual blocks at a quarter of the size. Each sees 16 px further.
        noise: channels of noise, one value in 16 x 16 px; with them, one map is injected at a half and at full size.
            0 for a network that gives one picture for a content.
        slope: of the ReLU below 0, outside the residual blocks; 0 for the paper's plain one.
        styles: how many it knows, see `StyledNorm`.
        smooth: enlarges smoothly, see `UpConvolution`.
    """

    width: int = 32
    blocks: int = 5
    noise: int = 0
    norm: Norm = "instance"
    padding: Literal["circular", "replicate"] = "replicate"
    slope: float = SLOPE
    styles: int = 1
    smooth: bool = False


class ResidualNoise(NamedTuple):
    """coarse: [B, Z, H / 16, W / 16]. half: [B, 1, H / 2, W / 2]. full: [B, 1, H, W]. All U(-1, 1)."""

    coarse: Tensor
    half: Tensor
    full: Tensor


class ResidualNetwork(nn.Module):
    """9x9, two 3x3 of stride 2, residual blocks, two up-convolutions, 9x9. Sides are multiples of 16."""

    def __init__(self, shape: ResidualShape) -> None:
        super().__init__()
        self.shape = s = shape

        def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
            plain = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode=s.padding)
            return [plain, styled_norm(s.norm, outputs, s.styles), nn.LeakyReLU(s.slope)]

        self.encoder = nn.Sequential(
            *convolution(3, s.width, 9),
            *convolution(s.width, 2 * s.width, 3, 2),
            *convolution(2 * s.width, 4 * s.width, 3, 2),
        )
        self.joining = nn.Conv2d(4 * s.width + s.noise, 4 * s.width, 1) if s.noise else None
        blocks = [ResidualBlock(4 * s.width, 3, s.norm, s.padding, s.styles, _GAIN) for _ in range(s.blocks)]
        self.blocks = nn.Sequential(*blocks)
        self.enlarging, self.injecting, self.finishing = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for inputs, outputs in ((4 * s.width, 2 * s.width), (2 * s.width, s.width)):
            self.enlarging.append(UpConvolution(inputs, outputs, 3 if s.smooth else 5, s.padding, s.smooth))
            self.finishing.append(nn.Sequential(styled_norm(s.norm, outputs, s.styles), nn.LeakyReLU(s.slope)))
            if s.noise:
                self.injecting.append(NoiseInjection(outputs))
        self.last = nn.Conv2d(s.width, 3, 9, padding=4, padding_mode=s.padding)

    def forward(self, content: Tensor, noise: ResidualNoise | None = None, style: int = 0) -> Tensor:
        """
        Args:
            content: [B, 3, H, W], -1..1.
            noise: where the shape has it.
            style: which of those that it knows.

        Returns:
            [B, 3, H, W], without a bound.
        """
        x = applied(self.encoder, content, style)
        if self.joining is not None:
            assert noise is not None
            x = self.joining(torch.cat([x, _enlarged(noise.coarse)], 1))
        x = applied(self.blocks, x, style)
        for stage, (enlarge, finish) in enumerate(zip(self.enlarging, self.finishing, strict=True)):
            x = enlarge(x)
            if noise is not None:
                x = self.injecting[stage](x, (noise.half, noise.full)[stage])
            assert isinstance(finish, nn.Sequential)
            x = applied(finish, x, style)
        return self.last(x)

    def drawn(self, count: int, side: int, random: torch.Generator, device: torch.device) -> ResidualNoise | None:
        """Noise for `count` pictures of side x side pixels; None where the shape has none."""
        channels = self.shape.noise
        if not channels:
            return None
        shapes = ((channels, side // ALIGNMENT_PX), (1, side // 2), (1, side))
        return ResidualNoise(
            *(uploaded(torch.rand(count, depth, s, s, generator=random) * 2 - 1, device) for depth, s in shapes)
        )

    def noise_at(self, box: Box, seed: int, device: torch.device) -> ResidualNoise | None:
        """The noise of an aligned box of the plane, a batch of one; None where the shape has none."""
        channels = self.shape.noise
        if not channels:
            return None
        places = ((channels, ALIGNMENT_PX), (1, 2), (1, 1))
        fields = (NoiseField(depth, seed + ratio, device).at(box.coarser(ratio))[None] for depth, ratio in places)
        return ResidualNoise(*fields)

    def felt(self, plane: Tensor) -> Tensor:
        """[1, 1, H, W] to [1, 3, H, W], for `fields.artwork.receptive_margin`."""
        noise = None
        if self.shape.noise:
            coarse = functional.avg_pool2d(plane, ALIGNMENT_PX).expand(-1, self.shape.noise, -1, -1)
            noise = ResidualNoise(coarse, functional.avg_pool2d(plane, 2), plane)
        return self(plane.expand(-1, 3, -1, -1), noise)


def _enlarged(noise: Tensor) -> Tensor:
    """To the size of the bottleneck, without the edges of its places."""
    return functional.interpolate(noise, scale_factor=ALIGNMENT_PX // _BOTTLENECK, mode="bilinear", align_corners=False)
