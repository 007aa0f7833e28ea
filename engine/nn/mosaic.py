"""The generator of FAMOS (its figures 1 and 8): U-Net, mixture of templates, blend, and the refining U-Net."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Box, Margin
from engine.fields.noise import between
from engine.nn.smoothing import smoothed
from engine.nn.unet import NO_MARGIN, UNet, UNetShape
from engine.templates.atlas import View
from engine.templates.mix_kernel import MixKernel
from engine.templates.mixture import Mixture, biased, mix, mix_only, weighted_sum

Mode = Literal["blend", "paint", "copy"]
Blend = Literal["convex", "separate", "additive"]


@dataclass(frozen=True)
class MosaicShape:
    """Sizes of the generator.

    Args:
        mode: blend I_G and I_M, see `blended`; paint I = I_G (no templates); copy I = I_M (alpha = 0).
        templates: N.
        unet: of the first U-Net; channels in and out are set here.
        refine: a second U-Net repaints I_G and alpha (figure 8); blend only.
        global_noise, local_noise, periodic_noise: channels of each kind.
        mix_scales: templates are mixed at every level of the decoder as well.
    """

    mode: Mode
    templates: int
    unet: UNetShape
    refine: bool = False
    global_noise: int = 20
    local_noise: int = 10
    periodic_noise: int = 0
    mix_scales: bool = False
    blend: Blend = "convex"

    @property
    def masks(self) -> int:
        """How many there are: alpha, and where the two are separate beta."""
        return 2 if self.mode == "blend" and self.blend == "separate" else 1

    @property
    def noise(self) -> int:
        return self.global_noise + self.local_noise + self.periodic_noise

    @property
    def mixes(self) -> bool:
        return self.mode != "paint"

    @property
    def paints(self) -> bool:
        return self.mode != "copy"


class Noise(NamedTuple):
    """What is random in a picture.

    everywhere: the same all over a canvas, [B, Zg]. local: at each bottleneck pixel, [B, Zl, h, w]. phase: of the
    periodic channels, in radians, [B, Zp]. rows, columns: bottleneck coordinates, [h] and [w].
    """

    everywhere: Tensor
    local: Tensor
    phase: Tensor
    rows: Tensor
    columns: Tensor

    def towards(self, other: Noise, part: float) -> Noise:
        """On the way to another one, 0 to 1; phases turn the shorter way."""
        turn = torch.remainder(other.phase - self.phase + math.pi, 2 * math.pi) - math.pi
        return self._replace(
            everywhere=between(self.everywhere, other.everywhere, part),
            local=between(self.local, other.local, part),
            phase=self.phase + part * turn,
        )


class Painting(NamedTuple):
    """I, I_M, I_G, alpha and A. Images [B, 3, H, W] in -1..1; alpha [B, 1, H, W] in 0..1, or with beta [B, 2, H, W].

    logits: log A as it was decided, [B, N, H, W], not normalised and without any bias, where it was asked for.
    """

    result: Tensor
    collage: Tensor
    painted: Tensor
    alpha: Tensor
    mixture: Mixture | None
    logits: Tensor | None = None

    def shown(self) -> Painting:
        """Only the pictures, without gradients: what is left to look at after a step."""
        pictures = (self.result, self.collage, self.painted, self.alpha)
        result, collage, painted, alpha = (picture.detach() for picture in pictures)
        return Painting(result, collage, painted, alpha, None)


class Decision(NamedTuple):
    """What the first U-Net says of a box: logits [B, N, H, W], and of what is painted [B, 3 + masks, H, W].

    Templates, maps and temperature act on it, so that it can be kept while they change.
    """

    logits: Tensor
    painted: Tensor

    def cropped(self, outer: Box, box: Box) -> Decision:
        """The same for a part of the box that it was made for."""
        rows, columns = box.within(outer)
        return self if box == outer else Decision(*(part[..., rows, columns] for part in self))

    def dense(self) -> Decision:
        """Without what a part of a larger box would hold in memory besides."""
        return Decision(*(part.contiguous() for part in self))

    def smoothed(self, deviation_px: float) -> Decision:
        """What lies where is decided of the surroundings of a pixel, see smoothing.py; what is painted stays."""
        return self._replace(logits=smoothed(self.logits, deviation_px)) if self.logits.shape[1] else self

    def decisions(self) -> tuple[Tensor | None, ...]:
        """What takes memory where it is kept."""
        return tuple(self)


class MosaicGenerator(nn.Module):
    """Content, coordinates, noise and templates to a picture."""

    def __init__(self, shape: MosaicShape) -> None:
        super().__init__()
        self.shape = shape
        painted = 3 + shape.masks if shape.mode == "blend" else 3 if shape.mode == "paint" else 0
        self._splits = (shape.templates if shape.mixes else 0, painted)
        self.unet = UNet(
            replace(
                shape.unet,
                in_channels=3,
                out_channels=sum(self._splits),
                noise=shape.noise,
                mixed_templates=shape.templates if shape.mix_scales and shape.mixes else 0,
            )
        )
        self.refiner = None
        if shape.refine and shape.mode == "blend":
            refined = replace(shape.unet, in_channels=14, out_channels=painted, noise=shape.noise, mixed_templates=0)
            self.refiner = UNet(refined)
        self.waves = _Waves(shape.periodic_noise, shape.global_noise) if shape.periodic_noise else None

    def forward(
        self,
        content: Tensor,
        psi: Tensor,
        noise: Noise,
        view: View | None,
        temperature: float | Tensor,
        mix_kernel: MixKernel | None,
        measure: bool = True,
        margin: Margin = NO_MARGIN,
        bias: Tensor | None = None,
        painted_share: Tensor | None = None,
        keep_logits: bool = False,
        smoothing_px: float = 0.0,
    ) -> Painting:
        """
        Args:
            content: I_C [B, 3, H, W] in -1..1; H and W are multiples of the alignment.
            psi: coordinates [B, 2, H, W].
            view: templates inside the B boxes; None in mode paint.
            margin: pixels at each side that are not wanted; `view` and the result are those of the box without it. Only
                where `trims`.
            temperature: of the softmax; a tensor [] where a captured step reads it from the card.
            bias: what is added to log A, [B, N, H, W] of the box as it is returned, or with sides of 1: where templates
                may lie.
            painted_share: multiplies alpha, [B, 1, H, W] of the box as it is returned.
            keep_logits: the result has them.
            smoothing_px: over what decisions are averaged before.
            measure: take what the losses need of A; without, entropy, variation and usage are empty.
        """
        z = self._noise_map(noise)
        decided = self.unet(
            content,
            psi,
            z,
            self._splits,
            lambda logits, pool: self._mixed(logits, view, temperature, pool, bias),
            margin,
        )
        decision = Decision(*decided)
        del decided
        decision = decision.smoothed(smoothing_px)  # logits as they came are freed
        painting = self.composed(
            decision,
            view,
            temperature,
            mix_kernel,
            measure,
            bias,
            painted_share,
            keep_logits,
            overwrite=True,
        )
        return painting if self.refiner is None else self._refined(painting, content, psi, z, painted_share)

    def decided(self, content: Tensor, psi: Tensor, noise: Noise, margin: Margin = NO_MARGIN) -> Decision:
        """The first half of `forward`, where `trims`; `composed` is the other. Arguments as there."""
        return Decision(*self.unet(content, psi, self._noise_map(noise), self._splits, None, margin))

    def composed(
        self,
        decision: Decision,
        view: View | None,
        temperature: float | Tensor,
        mix_kernel: MixKernel | None,
        measure: bool = True,
        bias: Tensor | None = None,
        painted_share: Tensor | None = None,
        keep_logits: bool = False,
        overwrite: bool = False,
    ) -> Painting:
        """Templates mixed and blended as it was decided, before any second U-Net; arguments as those of `forward`.

        Args:
            overwrite: nobody else reads the decision, so that A may take its place in memory.
        """
        logits, x = decision
        kept = logits.float() / temperature if keep_logits and view is not None else None
        if bias is not None:
            logits, overwrite = biased(logits, bias, temperature), True
        collage, mixture = self._collage(logits, view, temperature, mix_kernel, measure, overwrite)
        if self.shape.mode == "copy":
            assert collage is not None
            return Painting(collage, collage, collage, collage.new_zeros(len(x), 1, *x.shape[2:]), mixture, kept)
        painted, mask = x[:, :3].tanh(), x[:, 3:]
        if collage is None or mixture is None:
            return Painting(painted, painted, painted, painted.new_ones(len(x), 1, *x.shape[2:]), None)
        share = 1.0 if painted_share is None else painted_share
        alpha = mask.sigmoid() * share
        result = blended(self.shape.blend, painted, collage, alpha)
        return Painting(result, collage, painted, alpha, mixture, kept)

    def _refined(
        self, first: Painting, content: Tensor, psi: Tensor, z: Tensor | None, painted_share: Tensor | None
    ) -> Painting:
        """I_G and alpha by the second U-Net (figure 8)."""
        assert self.refiner is not None
        assert first.mixture is not None
        seams = edges(first.mixture.weights)
        seen = torch.cat([content, first.collage, first.result, first.painted, seams], 1)
        (x,) = self.refiner(seen, psi, z, self._splits[1:])
        painted = x[:, :3].tanh()
        alpha = x[:, 3:].sigmoid() * (1.0 if painted_share is None else painted_share)
        result = blended(self.shape.blend, painted, first.collage, alpha)
        return first._replace(result=result, painted=painted, alpha=alpha)

    @property
    def trims(self) -> bool:
        """Whether a margin can be left away before the end: nothing after the first U-Net looks sideways."""
        return self.refiner is None and not self.shape.mix_scales

    @staticmethod
    def _collage(
        logits: Tensor,
        view: View | None,
        temperature: float | Tensor,
        mix_kernel: MixKernel | None,
        measure: bool,
        overwrite: bool,
    ) -> tuple[Tensor | None, Mixture | None]:
        if view is None:
            return None, None
        if measure:
            mixture = mix(logits, view, temperature, mix_kernel, overwrite)
        else:
            collage, weights = mix_only(logits, view, temperature, mix_kernel, overwrite)
            nothing = weights.new_empty(0)
            mixture = Mixture(collage, nothing, nothing, nothing, weights)
        return mixture.collage * 2 - 1, mixture

    @staticmethod
    def _mixed(
        logits: Tensor, view: View | None, temperature: float | Tensor, pool: int, bias: Tensor | None
    ) -> Tensor:
        assert view is not None
        logits = logits.float() / temperature
        if bias is not None:  # in a block of pixels lies what may lie at any of them
            logits = logits + (bias if bias.shape[-1] == 1 else functional.max_pool2d(bias, pool))
        return weighted_sum(logits.softmax(1), view, pool) * 2 - 1

    def _noise_map(self, noise: Noise) -> Tensor | None:
        """[B, Zg + Zl + Zp, h, w]"""
        size = (len(noise.everywhere), -1, len(noise.rows), len(noise.columns))
        parts = [noise.everywhere[:, :, None, None].expand(size), noise.local]
        if self.waves is not None:
            parts.append(self.waves(noise))
        return torch.cat(parts, 1) if self.shape.noise else None


def blended(blend: Blend, painted: Tensor, collage: Tensor, masks: Tensor) -> Tensor:
    """I of I_G and I_M, in -1..1 all.

    convex: alpha I_G + (1 - alpha) I_M, the paper's. separate: alpha I_G + (1 - beta) I_M, and additive: 2 alpha I_G +
    I_M, both cut off at -1 and 1: blend modes 0 and 1 of the peer's code, its `blend` in utils.py.

    Args:
        masks: alpha [B, 1, H, W]; for separate alpha and beta [B, 2, H, W].
    """
    alpha = masks[:, :1]
    if blend == "separate":
        return (alpha * painted + (1 - masks[:, 1:]) * collage).clamp(-1, 1)
    if blend == "additive":
        return (2 * alpha * painted + collage).clamp(-1, 1)
    return alpha * painted + (1 - alpha) * collage


def edges(weights: Tensor) -> Tensor:
    """Where the mixture changes: sums over n of absolute differences, upwards and leftwards; [B, 2, H, W].

    The outermost row and column are 0. Differs from the peer's code: no gradient flows back through them.
    """
    down = torch.zeros_like(weights[:, :1])
    right = torch.zeros_like(down)
    down[:, :, 1:] = (weights[:, :, 1:] - weights[:, :, :-1]).abs().sum(1, keepdim=True)
    right[..., 1:] = (weights[..., 1:] - weights[..., :-1]).abs().sum(1, keepdim=True)
    return torch.cat([down, right], 1)


class _Waves(nn.Module):
    """Periodic noise (Bergmann et al. 2017, PSGAN, section 2): sin(k . (y, x) + phase).

    k is learned from the global noise; it starts at half to one and a half pi a bottleneck pixel, in four quadrants.
    """

    start: Tensor

    def __init__(self, count: int, global_channels: int) -> None:
        super().__init__()
        rings = math.ceil(count / 4)
        radius = torch.tensor([0.5 + index // 4 / rings for index in range(count)]) * math.pi
        quarter = torch.tensor([(0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (-1.0, 1.0)]).repeat(rings, 1)[:count]
        self.register_buffer("start", radius[:, None] * quarter, persistent=False)  # [Zp, 2]
        self.shift = nn.Sequential(nn.Linear(max(global_channels, 1), 50), nn.ReLU(), nn.Linear(50, 2 * count))

    def forward(self, noise: Noise) -> Tensor:
        """[B, Zp, h, w]"""
        source = noise.everywhere if noise.everywhere.shape[1] else noise.everywhere.new_zeros(len(noise.phase), 1)
        with torch.autocast(source.device.type, enabled=False):
            k = self.start + self.shift(source).unflatten(1, (-1, 2))  # [B, Zp, 2]
        place = k[..., 0, None, None] * noise.rows[:, None] + k[..., 1, None, None] * noise.columns
        return (place + noise.phase[..., None, None]).sin()


class ColorReconstruction(nn.Module):
    """R of the learned correspondence map: 1x1 convolutions from the style's colours to the content's."""

    def __init__(self, width: int = 50) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, width, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, 3, 1))

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)
