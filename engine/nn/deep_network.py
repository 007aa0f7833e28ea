"""The deep generator of textures, V2 (Ulyanov et al. 2017, section 5.1), and its kin without cells, `layered`.

Unbounded: noise lies on the plane, so any box of a texture can be painted. V1 is in texture_networks.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Box
from engine.device import uploaded
from engine.fields.noise import NoiseField
from engine.nn.layers import Norm, norm_layer
from engine.nn.texture_networks import Edge
from engine.nn.up_convolution import UpConvolution

CELL = 4
"""Side of what the full layers make of one noise vector, before the enlarging stages."""


@dataclass(frozen=True)
class DeepShape:
    """Sizes of V2.

    Args:
        width: channels at full size; doubled at each coarser level, up to 8 times.
        stages: enlargements; a cell is 4 * 2**stages pixels.
        latent: length of a cell's noise vector.
        condition: channels that join at the coarsest level and at every stage; with them, `local` noise does, too.
        local: channels of noise at each place of the levels whose ratio is at least `finest`.
        finest: px. Finer noise shows as bristles and grain instead of deciding shapes.
        smooth: how many of the last enlargements are smooth, see `UpConvolution`.
        cells: start from full layers on cells of noise (the paper's V2); otherwise from the local noise alone.
    """

    width: int = 16
    stages: int = 5
    latent: int = 256
    condition: int = 0
    local: int = 0
    finest: int = 16
    cells: bool = True
    norm: Norm = "instance"
    padding: Edge = "circular"
    smooth: int = 0

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels from the coarsest level to full size."""
        return tuple(self.width * min(8, 2**level) for level in reversed(range(self.stages + 1)))

    @property
    def ratios(self) -> tuple[int, ...]:
        return tuple(2**level for level in reversed(range(self.stages + 1)))

    @property
    def noisy_ratios(self) -> tuple[int, ...]:
        """The ratios of the levels that local noise joins: the coarsest, and others that are not too fine."""
        return tuple(ratio for ratio in self.ratios if ratio >= self.finest or ratio == self.ratios[0])

    def joining(self, level: int) -> int:
        """Channels that join at a level."""
        return (self.local if level < len(self.noisy_ratios) else 0) + self.condition


class DeepNoise(NamedTuple):
    """cells: [B, latent, n, m], of which the coarse rows and columns from (top, left) are used, height x width of them.

    local: [B, Z, H / ratio, W / ratio] for each ratio that has noise, from coarse to fine; empty without local noise.
    """

    cells: Tensor | None
    top: int
    left: int
    height: int
    width: int
    local: list[Tensor]


class DeepNetwork(nn.Module):
    """V2: two full layers make 4x4 of each noise vector, then stages of enlarging and convolution.

    Differs from the paper: the plane is covered by cells with a noise vector each, and the stages run over many of
    them, so that a texture has any size; training crops lie across cells, so their borders are learned as well.
    """

    def __init__(self, shape: DeepShape) -> None:
        super().__init__()
        self.shape = s = shape
        widths = s.widths
        if s.cells:
            self.full = nn.Sequential(
                nn.Conv2d(s.latent, s.latent, 1),
                nn.LeakyReLU(0.01, inplace=True),
                nn.Conv2d(s.latent, widths[0] * CELL**2, 1),
            )
        start = (widths[0] if s.cells else 0) + s.joining(0)
        self.start = nn.Sequential(
            nn.Conv2d(start, widths[0], 3, padding=1, padding_mode=s.padding),
            norm_layer(s.norm, widths[0]),
            nn.LeakyReLU(0.01, inplace=True),
        )
        self.enlarging, self.refining = nn.ModuleList(), nn.ModuleList()
        for level, (before, width) in enumerate(pairwise(widths), start=1):
            smooth = level > s.stages - s.smooth
            self.enlarging.append(
                nn.Sequential(
                    UpConvolution(before, width, 3 if smooth else 5, s.padding, smooth),
                    norm_layer(s.norm, width),
                    nn.LeakyReLU(0.01, inplace=True),
                )
            )
            self.refining.append(
                nn.Sequential(
                    nn.Conv2d(width + s.joining(level), width, 3, padding=1, padding_mode=s.padding),
                    norm_layer(s.norm, width),
                    nn.LeakyReLU(0.01, inplace=True),
                )
            )
        self.last = nn.Conv2d(widths[-1], 3, 1)

    @property
    def alignment_px(self) -> int:
        return self.shape.ratios[0]

    @property
    def period_px(self) -> int:
        """Seamless repeats have sides that are multiples of this."""
        return self.alignment_px * (CELL if self.shape.cells else 1)

    def forward(self, noise: DeepNoise, condition: Tensor | None = None, margin_px: int = 0) -> Tensor:
        """
        Args:
            condition: [B, K, H, W], where the shape has it.
            margin_px: pixels at each side that are not wanted: a multiple of the alignment, at least what `felt` tells.

        Returns:
            [B, 3, H - 2 margin, W - 2 margin], without a bound.
        """
        parts = []
        if noise.cells is not None:
            grid = functional.pixel_shuffle(self.full(noise.cells), CELL)  # [B, C, 4n, 4m]
            parts.append(grid[:, :, noise.top : noise.top + noise.height, noise.left : noise.left + noise.width])
        return self._enlarged(parts, noise.local, condition, margin_px)

    def _enlarged(self, start: list[Tensor], local: list[Tensor], condition: Tensor | None, margin_px: int) -> Tensor:
        """Each level leaves away what no wanted pixel looks at, so that a margin costs next to nothing at full size."""
        joining = self._joining(local, condition)
        margins = [margin_px // ratio for ratio in self.shape.ratios]
        looked_at = _looked_at(len(margins))
        x = self.start(torch.cat(start + joining[0], 1))
        x, margin = _trimmed(x, margins[0], looked_at[0])
        for level, (enlarge, refine) in enumerate(zip(self.enlarging, self.refining, strict=True), start=1):
            margin *= 2
            beside = [_trimmed(part, margins[level], margin)[0] for part in joining[level]]
            x = refine(torch.cat([enlarge(x), *beside], 1))
            x, margin = _trimmed(x, margin, looked_at[level])
        return self.last(x)

    def _joining(self, local: list[Tensor], condition: Tensor | None) -> list[list[Tensor]]:
        """What joins at each level, from coarse to fine."""
        parts = [[z] for z in local] + [[] for _ in range(len(self.shape.ratios) - len(local))]
        if self.shape.condition:
            assert condition is not None
            for level in reversed(range(len(parts))):
                parts[level].append(condition)
                condition = functional.avg_pool2d(condition, 2) if level else condition
        return parts

    def drawn(self, count: int, side: int, random: torch.Generator, device: torch.device) -> DeepNoise:
        """Noise for `count` samples of side x side pixels, U(-1, 1), all of them at one place within the cells."""
        s, coarse = self.shape, side // self.alignment_px

        def uniform(channels: int, height: int, width: int) -> Tensor:
            return uploaded(torch.rand(count, channels, height, width, generator=random) * 2 - 1, device)

        top, left = torch.randint(CELL, (2,), generator=random).tolist()
        cells = None
        if s.cells:
            cells = uniform(s.latent, -(-(top + coarse) // CELL), -(-(left + coarse) // CELL))
        local = [uniform(s.local, side // ratio, side // ratio) for ratio in s.noisy_ratios] if s.local else []
        return DeepNoise(cells, top, left, coarse, coarse, local)

    def noise_at(self, box: Box, seed: int, device: torch.device, period: tuple[int, int] | None) -> DeepNoise:
        """The noise of an aligned box of the plane; `period`, in pixels, for seamless repeats."""
        s, coarse = self.shape, box.coarser(self.alignment_px)
        around = coarse.align(CELL)
        cells = None
        if s.cells:
            repeat = None if period is None else (period[0] // self.period_px, period[1] // self.period_px)
            cells = NoiseField(s.latent, seed, device, repeat).at(around.coarser(CELL))[None]
        local = []
        for ratio in s.noisy_ratios if s.local else ():
            repeat = None if period is None else (period[0] // ratio, period[1] // ratio)
            local.append(NoiseField(s.local, seed + ratio, device, repeat).at(box.coarser(ratio))[None])
        top, left = coarse.top - around.top, coarse.left - around.left
        return DeepNoise(cells, top, left, coarse.height, coarse.width, local)

    def felt(self, plane: Tensor) -> Tensor:
        """[1, 1, H, W] to [1, 3, H, W], for `receptive_margin`: all that the network sees of a place comes from it."""
        s = self.shape
        pooled = [functional.avg_pool2d(plane, ratio) for ratio in s.ratios]
        local = [z.expand(-1, s.local, -1, -1) for z in pooled[: len(s.noisy_ratios)]] if s.local else []
        condition = plane.expand(-1, s.condition, -1, -1) if s.condition else None
        cells = [pooled[0].expand(-1, s.widths[0], -1, -1)] if s.cells else []
        return self._enlarged(cells, local, condition, 0)


def _looked_at(levels: int) -> list[int]:
    """How far beyond the wanted pixels each level must be right, in its own pixels, from coarse to fine."""
    further = [0]
    for _ in range(levels - 1):
        # One pixel for the 3x3 convolution at the finer level, and one at this level for the folded enlargement.
        further.append(-(-(further[-1] + 1) // 2) + 1)
    return further[::-1]


def _trimmed(x: Tensor, margin: int, wanted: int) -> tuple[Tensor, int]:
    """[B, C, h, w] with a margin of at most `wanted`, and the margin that is left."""
    cut = max(0, margin - wanted)
    return x[..., cut : x.shape[-2] - cut, cut : x.shape[-1] - cut], margin - cut
