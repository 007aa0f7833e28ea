"""The generator of MAGIC (figure 3): ST-U-Net, warping, softmax over the set, collage, and the second U-Net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from engine import losses
from engine.box import Box
from engine.nn.set_attention import SetAttention
from engine.nn.set_unet import Begun, SetUNet, SetUNetShape
from engine.nn.smoothing import smoothed
from engine.nn.unet import UNet, UNetShape
from engine.planes import averaged
from engine.templates.atlas import opacity_bias
from engine.templates.mix_kernel import MixKernel
from engine.templates.mixture import Mixture, biased, mix, mix_only, weighted
from engine.templates.sets import Sets

Warp = Literal["none", "affine", "flow"]
Paints = Literal["change", "picture"]


_GOLDEN = (5**0.5 - 1) / 2
"""Its multiples, without what is before the point, spread evenly however many there are."""
_HANDING = 0.2
"""How long a piece takes to change hands, of the whole way."""


@dataclass(frozen=True)
class CollageShape:
    """Sizes of the generator.

    Args:
        sets: of the ST-U-Net; its channels out are set here.
        refiner: of the second U-Net; None leaves the collage as it is.
        paints: what the second U-Net gives: a bounded change of the collage, or the picture itself, as in the paper.
    """

    sets: SetUNetShape
    refiner: UNetShape | None
    warp: Warp = "none"
    paints: Paints = "change"


class Collage(NamedTuple):
    """I and I_M, [B, 3, H, W] in about -1..1, and A. flow_variation: TV of the flow, 0 without one.

    logits: what A is the softmax of, [B, K, H, W]; None once the gradients are gone.
    """

    result: Tensor
    collage: Tensor
    mixture: Mixture
    flow_variation: Tensor
    logits: Tensor | None = None

    def shown(self) -> Collage:
        """Only the pictures, without gradients: what is left to look at after a step."""
        return self._replace(result=self.result.detach(), collage=self.collage.detach(), logits=None)


class Choice(NamedTuple):
    """What the ST-U-Net decided of a set: logits [B, K, H, W], and where elements are warped, [B, K, 2, H, W]."""

    sets: Sets
    logits: Tensor
    displacement: Tensor | None
    flow_variation: Tensor

    def cropped(self, outer: Box, box: Box) -> Choice:
        """The same decisions for a part of the box that they were made for."""
        if box == outer:
            return self
        rows, columns = box.within(outer)
        top, left = self.sets.origin.unbind(-1)
        sets = replace(self.sets, origin=torch.stack([top + rows.start, left + columns.start], -1))
        displacement = None if self.displacement is None else self.displacement[..., rows, columns]
        return self._replace(sets=sets, logits=self.logits[..., rows, columns], displacement=displacement)

    def decisions(self) -> tuple[Tensor | None, ...]:
        """What takes memory where it is kept."""
        return self.logits, self.displacement

    def smoothed(self, deviation_px: float) -> Choice:
        """The same decisions, averaged over their surroundings."""
        return self if not deviation_px else self._replace(logits=smoothed(self.logits, deviation_px))

    def transparency(self) -> Tensor | None:
        """What is added to log A since elements are transparent in places, [B, K, H, W]; None where none is."""
        if not self.sets.atlas.has_cut_outs:
            return None
        if self.displacement is None:
            return self.sets.view(self.logits.shape[2], self.logits.shape[3]).bias()
        return opacity_bias(self.sets.warped_opacity(self.displacement))

    def biased(self, bias: Tensor | None, temperature: float | Tensor) -> Choice:
        """The same where log A is moved by `bias`, [B, K, H, W]."""
        return self if bias is None else self._replace(logits=biased(self.logits, bias, temperature))


class CollageGenerator(nn.Module):
    """`choose` and `paste`, so that between the two the choices of two sets can be mixed."""

    def __init__(self, shape: CollageShape) -> None:
        super().__init__()
        self.shape = shape
        self.st_unet = SetUNet(shape.sets)
        self.locator = Locator(shape.sets) if shape.warp == "affine" else None
        self.refiner = UNet(shape.refiner) if shape.refiner is not None else None

    def forward(
        self,
        sets: Sets,
        content: Tensor | None,
        size: tuple[int, int],
        temperature: float | Tensor,
        bounds: tuple[Tensor | float, float | Tensor],
        mix_kernel: MixKernel | None,
        conditions: Tensor | None = None,
        bias: Tensor | None = None,
        smoothing_px: float = 0.0,
        kept_colors: float = 0.0,
    ) -> Collage:
        """A training step's picture.

        Args:
            content: I_C [B, 3, H, W] in -1..1, where guided.
            size: H and W, multiples of the alignment.
            temperature: of the softmax; a tensor [] where a captured step reads it from the card, as warp's bound.
            bounds: how far the second U-Net may change a value (of -1..1), and how far, in pixels, warping moves one.
            conditions: what the ST-U-Net is told, see there.
            bias: what is added to log A, [B, K, H, W]: where elements may lie.
            smoothing_px: over what decisions are averaged before.
            kept_colors: see `refined`.
        """
        repaint, warp_px = bounds
        affine = self.locate(sets, content, size) if self.locator is not None else None
        choice = self.choose(sets, content, size, warp_px, affine, (size[0] / 2, size[1] / 2), conditions)
        choice = choice.smoothed(smoothing_px).biased(bias, temperature)
        if choice.displacement is None:
            mixture = mix(choice.logits, sets.view(*size), temperature, mix_kernel)
        else:
            weights = (choice.logits.float() / temperature).softmax(1)
            mixture = _mixture(weights, weighted(weights, sets.warped(choice.displacement)))
        collage = mixture.collage * 2 - 1
        result = self.refined(collage, repaint, kept_colors)
        return Collage(result, collage, mixture, choice.flow_variation, choice.logits)

    def locate(self, sets: Sets, content: Tensor | None, size: tuple[int, int]) -> Tensor:
        """theta of each element in a patch, -1..1, [B, K, 6]."""
        assert self.locator is not None
        return self.locator(_crops(sets, size), content)

    def choose(
        self,
        sets: Sets,
        content: Tensor | None,
        size: tuple[int, int],
        warp_px: float | Tensor,
        affine: Tensor | None,
        centre: tuple[float, float],
        conditions: Tensor | None = None,
        begun: Begun | None = None,
    ) -> Choice:
        """
        Args:
            affine: theta [B, K, 6] of `locate`; the network then sees its elements warped.
            centre: (y, x) of the affine transforms, from the box's corner.
            begun: what `begin` made of these, where that is known.
        """
        displacement, elements = None, None
        if affine is not None:
            displacement = affine_displacement(affine, size, centre, warp_px)
            elements = sets.warped(displacement) * 2 - 1
        if begun is not None:
            x = self.st_unet.go_on(begun, conditions)  # [1, K, D, H, W]
        else:
            elements = _crops(sets, size) if elements is None else elements
            x = self.st_unet(elements, content, conditions)  # [B, K, D, H, W]
        variation = x.new_zeros((), dtype=torch.float32)
        if self.shape.warp == "flow":
            displacement = x[:, :, 1:].float().tanh() * warp_px
            variation = losses.total_variation(displacement.flatten(0, 1))
        return Choice(sets, x[:, :, 0], displacement, variation)

    def begin(self, sets: Sets, content: Tensor | None, size: tuple[int, int]) -> Begun:
        """The part of `choose` that comes before anything the network is told, of one set whose elements are not warped
        by an affine transform; for painting."""
        return self.st_unet.begin(_crops(sets, size), content)

    def paste(
        self,
        choices: list[tuple[Choice, float]],
        temperature: float,
        mix_kernel: MixKernel | None,
        by_pieces: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Collage [B, 3, H, W] in -1..1 and A [B, K, H, W], of sets with shares of the picture; for painting.

        Args:
            by_pieces: see `together`.
        """
        collages, mixtures = [], []
        for choice, _ in choices:
            size = (choice.logits.shape[2], choice.logits.shape[3])
            if choice.displacement is None:
                collage, weights = mix_only(choice.logits, choice.sets.view(*size), temperature, mix_kernel)
            else:
                weights = (choice.logits.float() / temperature).softmax(1)
                collage = weighted(weights, choice.sets.warped(choice.displacement))
            collages.append(collage)
            mixtures.append(weights)
        collage, mixture = together(collages, mixtures, [share for _, share in choices], by_pieces)
        return collage * 2 - 1, mixture

    def refined(self, collage: Tensor, bound: Tensor | float, kept_colors: float = 0.0) -> Tensor:
        """I = I_M + bound * tanh(U-Net_2(I_M)); or where `paints` says so I = tanh(U-Net_2(I_M)), the paper's.

        Where the picture is painted, a bound that is a Tensor [B, 1, H, W] says how much of it there is, up to 1.

        Args:
            kept_colors: of a change, 0: as it is; 1: its mean over the channels, so that a piece is made lighter or
                darker alone. A content that is compared in grey asks for light of any hue: yellow became lime.

        # differs from the paper where it paints a change: its network has to learn to copy first
        """
        if self.refiner is None:
            return collage
        painted = self.refiner(collage, None, None, (3,))[0].tanh()
        if self.shape.paints == "change":
            if kept_colors:
                painted = painted.lerp(painted.mean(1, keepdim=True).expand_as(painted), kept_colors)
            return collage + bound * painted
        return torch.lerp(collage, painted, bound.clamp(max=1)) if isinstance(bound, Tensor) else painted


def together(
    collages: Sequence[Tensor], mixtures: Sequence[Tensor], shares: Sequence[float], by_pieces: bool
) -> tuple[Tensor, Tensor]:
    """The collages of some sets as one, [B, 3, H, W], and A of all of them [B, K, H, W].

    Args:
        shares: of the picture; they add up to 1.
        by_pieces: of two sets, pieces change hands one after another, each as a whole; else all are mixed alike.
    """
    if len(collages) == 1 and shares[0] == 1:
        return collages[0], mixtures[0]
    parts: Sequence[Tensor | float] = shares
    if by_pieces and len(collages) == 2:
        second = handed_over(mixtures[0], mixtures[1], shares[1])
        parts = (1 - second, second)
    mixed = [part * mixture for part, mixture in zip(parts, mixtures, strict=True)]
    return torch.stack([part * c for part, c in zip(parts, collages, strict=True)]).sum(0), torch.cat(mixed, 1)


def handed_over(first: Tensor, second: Tensor, part: float) -> Tensor:
    """How far each place has gone over from one set to another, [B, 1, H, W]: 0 everywhere at first, 1 at the end.

    Each element has a time of its own; a place follows those that it shows, before and after, so that pieces go as a
    whole, one after another, with soft borders.

    Args:
        first, second: A of the sets, [B, K, H, W].
        part: of the way, 0 to 1.
    """
    times = [
        torch.einsum(
            "bkhw,k->bhw",
            shares,
            (torch.arange(1, shares.shape[1] + 1, device=shares.device) * _GOLDEN % 1).to(shares.dtype),
        )
        for shares in (first, second)
    ]
    time = _HANDING / 2 + (1 - _HANDING) * (times[0] + times[1]) / 2
    return ((part - time) / _HANDING + 0.5).clamp(0, 1)[:, None]


class Locator(nn.Module):
    """Where a spatial transformer (Jaderberg et al. 2015) puts each element: affine parameters from a patch.

    It comes before the ST-U-Net, which then sees what it chooses from as it will be pasted.
    """

    def __init__(self, shape: SetUNetShape) -> None:
        super().__init__()
        width = shape.width
        channels = 6 if shape.guided else 3
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
        )
        self.attention = SetAttention(2 * width, shape.heads)
        self.theta = nn.Conv2d(2 * width, 6, 1)

    def forward(self, elements: Tensor, content: Tensor | None) -> Tensor:
        """[B, K, 3, H, W] (and [B, 3, H, W]) to [B, K, 6] in -1..1."""
        count = elements.shape[1]
        if content is not None:
            elements = torch.cat([elements, content[:, None].expand_as(elements)], 2)
        x = averaged(elements.flatten(0, 1), 32, 32)
        x = self.layers(x).mean((2, 3), keepdim=True)  # [B * K, C, 1, 1]
        theta = self.theta(self.attention(x, count)).float().tanh()
        return theta.flatten(1).unflatten(0, (-1, count))


def affine_displacement(
    theta: Tensor, size: tuple[int, int], centre: tuple[float, float], bound_px: float | Tensor
) -> Tensor:
    """d(p) = bound * (L (p - c) / 64 + t), with theta = (L, t) in -1..1: [B, K, 6] gives [B, K, 2, H, W] in pixels.

    64 px from the centre, each part of theta moves a pixel by at most the bound.
    """
    device = theta.device
    rows = (torch.arange(size[0], device=device) + 0.5 - centre[0]) / 64  # [H]
    columns = (torch.arange(size[1], device=device) + 0.5 - centre[1]) / 64  # [W]
    from_rows, from_columns, shift = theta.unflatten(-1, (3, 2))[..., None, None].unbind(2)  # [B, K, 2, 1, 1]
    return bound_px * (from_rows * rows[:, None] + from_columns * columns + shift)


def _crops(sets: Sets, size: tuple[int, int]) -> Tensor:
    return sets.view(*size).crops(0, sets.count).mul_(2).sub_(1)


def _mixture(weights: Tensor, collage: Tensor) -> Mixture:
    return Mixture(
        collage, losses.entropy(weights), losses.total_variation(weights), weights.mean((2, 3)), weights.detach()
    )
