"""The U-Net of FAMOS (figure 7 and appendix II): strided encoder, up-convolving decoder, coordinates at every level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Margin
from engine.nn.layers import Norm, NormThenReLU, ResidualBlock, norm_layer
from engine.nn.up_convolution import UpConvolution

NO_MARGIN = Margin(0, 0, 0, 0)
MixAt = Callable[[Tensor, int], Tensor]
"""Logits [B, N, h, w] and how much smaller than the image they are; gives the mixed templates [B, 3, h, w]."""


@dataclass(frozen=True)
class UNetShape:
    """Sizes of a U-Net.

    Args:
        width: channels after the first layer, doubled at each.
        depth: number of halvings.
        bottleneck: channels at the bottleneck; 0 for width * 2**(depth - 1).
        coordinates: join psi, average-pooled, to the input of every encoder layer and to every skip.
        noise: channels of noise, and where they join.
        mixed_templates: N, to mix templates at every decoder level but the last and join them; 0 for none.
    """

    in_channels: int
    out_channels: int
    width: int = 80
    depth: int = 4
    kernel: int = 5
    norm: Norm = "layer"
    bottleneck: int = 0
    skips: bool = True
    residual_blocks: int = 0
    coordinates: bool = True
    noise: int = 0
    noise_at: Literal["bottleneck", "input"] = "bottleneck"
    mixed_templates: int = 0

    @property
    def alignment_px(self) -> int:
        return 2**self.depth


class UNet(nn.Module):
    """Sides of the input are multiples of the alignment, 2**depth."""

    def __init__(self, shape: UNetShape) -> None:
        super().__init__()
        self.shape = s = shape
        psi = 2 if s.coordinates else 0
        widths = [s.width * 2**level for level in range(s.depth)]
        widths[-1] = s.bottleneck or widths[-1]
        channels = s.in_channels + psi + (s.noise if s.noise_at == "input" else 0)
        self.encoder = nn.ModuleList()
        for level, width in enumerate(widths):
            self.encoder.append(
                NormThenReLU(
                    nn.Conv2d(channels, width, s.kernel, stride=2, padding=s.kernel // 2),
                    norm_layer(s.norm if level else "none", width),
                    nn.Tanh() if level == s.depth - 1 else nn.LeakyReLU(0.2, inplace=True),
                )
            )
            channels = width + psi
        channels = widths[-1] + (s.noise if s.noise_at == "bottleneck" else 0)
        self.decoder, self.mixers = nn.ModuleList(), nn.ModuleList()
        for level in reversed(range(1, s.depth)):  # level: how often the output is still halved
            width = s.width * 2 ** (level - 1)
            self.decoder.append(
                NormThenReLU(
                    *self._blocks(channels),
                    UpConvolution(channels, width, s.kernel),
                    norm_layer(s.norm, width),
                    nn.ReLU(inplace=True),
                )
            )
            channels = width + (widths[level - 1] + psi if s.skips else 0)
            if s.mixed_templates:
                self.mixers.append(nn.Conv2d(channels, s.mixed_templates, 1))
                channels += 3
        # How far around the wanted pixels each level of the decoder is looked at, from full size to the bottleneck.
        self._looked_at = [0]
        for _ in range(s.depth):
            layer = (s.kernel // 2 + 1) // 2 + s.residual_blocks * 2 * (s.kernel // 2)
            self._looked_at.append(-(-self._looked_at[-1] // 2) + layer)
        self.last_blocks = nn.Sequential(*self._blocks(channels))
        self.head = UpConvolution(channels, s.out_channels, s.kernel)

    def _blocks(self, channels: int) -> list[ResidualBlock]:
        return [ResidualBlock(channels, self.shape.kernel, self.shape.norm) for _ in range(self.shape.residual_blocks)]

    def forward(
        self,
        image: Tensor,
        psi: Tensor | None,
        noise: Tensor | None,
        splits: Sequence[int],
        mix_at: MixAt | None = None,
        margin: Margin = NO_MARGIN,
    ) -> list[Tensor]:
        """
        Args:
            image: [B, C, H, W].
            psi: coordinates [B, 2, H, W], where the shape has them.
            noise: [B, Z, H / alignment_px, W / alignment_px], where the shape has it.
            splits: how the D output channels are parted.
            margin: pixels at each side that are not wanted, multiples of the alignment. Each level of the decoder
                leaves away what no wanted pixel looks at, so that a halo costs next to nothing at full size.

        Returns:
            dense float32 [B, D_i, H, W] for each part, less the margin.
        """
        s = self.shape
        x = image
        if s.noise and s.noise_at == "input":
            assert noise is not None
            x = torch.cat([x, functional.interpolate(noise, scale_factor=s.alignment_px, mode="bilinear")], 1)
        skips = []
        for layer in self.encoder:
            if s.coordinates:
                assert psi is not None
                x = _joined(x, psi)
                psi = functional.avg_pool2d(psi, 2)
            x = layer(x)
            skips.append(x if psi is None or not s.coordinates else _joined(x, psi))
        if s.noise and s.noise_at == "bottleneck":
            assert noise is not None
            x = _joined(x, noise)
        x, left = _trimmed(x, margin, s.alignment_px, self._looked_at[s.depth])
        for done, layer in enumerate(self.decoder, start=1):
            x = layer(x)
            level = s.depth - done
            x, left = _trimmed(x, left.times(2), 1, self._looked_at[level])
            if s.skips:
                x = torch.cat([x, _trimmed(skips[level - 1], margin, 2**level, self._looked_at[level])[0]], 1)
            if s.mixed_templates:
                assert mix_at is not None
                x = torch.cat([x, mix_at(self.mixers[done - 1](x), 2**level)], 1)
        parts = self.head.planes(self.last_blocks(x), splits)
        return [_trimmed(part, left.times(2), 1, 0)[0].contiguous() for part in parts]


def _joined(x: Tensor, beside: Tensor) -> Tensor:
    """Both, one after another, in the type and memory of x: in another one the whole would be turned over and over."""
    return torch.cat([x, beside.to(x.dtype, memory_format=torch.channels_last)], 1)


def _trimmed(x: Tensor, margin: Margin, ratio: int, wanted: int) -> tuple[Tensor, Margin]:
    """x [B, C, h, w] with at most `wanted` pixels of its margin at each side, and the margin that is left.

    Args:
        margin: of x, in pixels `ratio` times smaller than its own.
    """
    given = [side // ratio for side in (margin.top, margin.left, margin.bottom, margin.right)]
    top, left, bottom, right = (max(0, side - wanted) for side in given)
    kept = x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]
    return kept, Margin(*(min(side, wanted) for side in given))
