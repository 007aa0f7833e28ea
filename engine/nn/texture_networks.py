"""Generators of textures: V1, a pyramid of noise, and V2, deep, from cells of noise (Ulyanov et al. 2017, section 5.1).

Both are unbounded here: noise lies on the plane, so any box of a texture can be painted. Training is elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Box
from engine.nn.layers import Norm, UpConvolution, norm_layer
from engine.noise import NoiseField

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
        """From coarse to fine: 32, 16, ... 1."""
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
    def grain(self) -> int:
        return self.shape.ratios[0]

    @property
    def period_px(self) -> int:
        """Seamless repeats have sides that are multiples of this."""
        return self.grain

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
        return [(torch.rand(count, self.shape.noise, s, s, generator=random) * 2 - 1).to(device) for s in sides]

    def noise_at(self, box: Box, seed: int, device: torch.device, period: tuple[int, int] | None) -> list[Tensor]:
        """The noise of an aligned box of the plane; `period`, in pixels, for seamless repeats."""
        noise = []
        for ratio in self.shape.ratios:
            repeat = None if period is None else (period[0] // ratio, period[1] // ratio)
            noise.append(NoiseField(self.shape.noise, seed + ratio, device, repeat).at(_shrunk(box, ratio))[None])
        return noise

    def felt(self, plane: Tensor) -> Tensor:
        """[1, 1, H, W] to [1, 3, H, W], for `field.reach`: whatever reaches the network from a place comes from it."""
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


# ---------------------------------------------------------------- V2

FINEST_NOISE = 8
"""Noise at finer levels would show as grain: detail shall follow from larger shapes."""

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
        local: channels of noise at each place of the levels whose ratio is at least `FINEST_NOISE`.
        cells: start from full layers on cells of noise (the paper's V2); otherwise from the local noise alone.
    """

    width: int = 16
    stages: int = 5
    latent: int = 256
    condition: int = 0
    local: int = 0
    cells: bool = True
    norm: Norm = "instance"
    padding: Edge = "circular"

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels from the coarsest level to full size."""
        return tuple(self.width * min(8, 2**level) for level in reversed(range(self.stages + 1)))

    @property
    def ratios(self) -> tuple[int, ...]:
        return tuple(2**level for level in reversed(range(self.stages + 1)))

    @property
    def noisy_ratios(self) -> tuple[int, ...]:
        """Of the levels that noise joins."""
        return tuple(ratio for ratio in self.ratios if ratio >= FINEST_NOISE or ratio == self.ratios[0])

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
            self.enlarging.append(
                nn.Sequential(
                    UpConvolution(before, width, 5, s.padding),
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
    def grain(self) -> int:
        return self.shape.ratios[0]

    @property
    def period_px(self) -> int:
        """Seamless repeats have sides that are multiples of this."""
        return self.grain * (CELL if self.shape.cells else 1)

    def forward(self, noise: DeepNoise, condition: Tensor | None = None, margin_px: int = 0) -> Tensor:
        """
        Args:
            condition: [B, K, H, W], where the shape has it.
            margin_px: pixels at each side that are not wanted: a multiple of the grain, at least the reach.

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
        s, coarse = self.shape, side // self.grain

        def uniform(channels: int, height: int, width: int) -> Tensor:
            return (torch.rand(count, channels, height, width, generator=random) * 2 - 1).to(device)

        top, left = torch.randint(CELL, (2,), generator=random).tolist()
        cells = None
        if s.cells:
            cells = uniform(s.latent, -(-(top + coarse) // CELL), -(-(left + coarse) // CELL))
        local = [uniform(s.local, side // ratio, side // ratio) for ratio in s.noisy_ratios] if s.local else []
        return DeepNoise(cells, top, left, coarse, coarse, local)

    def noise_at(self, box: Box, seed: int, device: torch.device, period: tuple[int, int] | None) -> DeepNoise:
        """The noise of an aligned box of the plane; `period`, in pixels, for seamless repeats."""
        s, coarse = self.shape, _shrunk(box, self.grain)
        around = coarse.align(CELL)
        cells = None
        if s.cells:
            repeat = None if period is None else (period[0] // self.period_px, period[1] // self.period_px)
            cells = NoiseField(s.latent, seed, device, repeat).at(_shrunk(around, CELL))[None]
        local = []
        for ratio in s.noisy_ratios if s.local else ():
            repeat = None if period is None else (period[0] // ratio, period[1] // ratio)
            local.append(NoiseField(s.local, seed + ratio, device, repeat).at(_shrunk(box, ratio))[None])
        top, left = coarse.top - around.top, coarse.left - around.left
        return DeepNoise(cells, top, left, coarse.height, coarse.width, local)

    def felt(self, plane: Tensor) -> Tensor:
        """[1, 1, H, W] to [1, 3, H, W], for `field.reach`: whatever reaches the network from a place comes from it."""
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


def _shrunk(box: Box, ratio: int) -> Box:
    """An aligned box on a grid `ratio` times coarser."""
    return Box(box.top // ratio, box.left // ratio, box.height // ratio, box.width // ratio)
