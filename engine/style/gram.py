"""Gram matrices: which features of a network occur together (Gatys 2015; Novak and Nikulin 2016; Ulyanov 2016).

Names of terms: "layer", or "fine layer-coarse layer" for links of two. What a Gram matrix can not do: it does not know
where features occur.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine.style.perceptual import Features
from engine.style.statistics import GradientTables, Statistic, Summary, Target, broadcast_like, mixed, total

Linking = Literal["each", "chain", "to_content"]
_LEAST_SQUARE = 1e-8
"""Added under roots, whose slope is without bound at 0."""


class Link(NamedTuple):
    """Two layers whose features are correlated; both the same for the usual Gram matrix.

    `blurs`: how often the coarser map is averaged over 3 x 3 before (section 3.6 of Novak and Nikulin 2016).
    """

    fine: str
    coarse: str
    blurs: int = 0

    @property
    def name(self) -> str:
        return self.fine if self.fine == self.coarse else f"{self.fine}-{self.coarse}"


def links_of(layers: Sequence[str], linking: Linking, blurred: bool = False, content: str = "") -> tuple[Link, ...]:
    """The style representations of Novak and Nikulin 2016, from shallow to deep.

    Args:
        layers: shallow to deep.
        linking: `each` with itself, `chain` of neighbours (3.5), or all `to_content`'s layer (3.4).
        blurred: blur as often as convolutions lie between the two layers.
        content: the layer that `to_content` ties all others to.
    """
    if linking == "each" or len(layers) == 1:
        return tuple(Link(layer, layer) for layer in layers)
    if linking == "chain":
        return tuple(Link(a, b, int(blurred)) for a, b in pairwise(layers))
    depth = {layer: index for index, layer in enumerate(layers)}
    middle = depth[content]
    return tuple(
        Link(*((layer, content) if index <= middle else (content, layer)), abs(index - middle) if blurred else 0)
        for layer, index in depth.items()
    )


class Gram(Statistic):
    """Mean square difference of Gram matrices, G = (F + s)(F' + s)^T / pixels (Gatys 2015; Novak and Nikulin 2016).

    With regions each has a matrix of its own, G_r = (F R_r)(F' R_r)^T / sum R_r (Ulyanov 2016), and losses are summed
    over regions. An empty region contributes nothing. Where places count so many times, t, G = (t F) F'^T / sum t.

    Args:
        shift: s; -1 centres activations whose mean is 1.
        adjacent: also correlate with the eight neighbours (Novak and Nikulin 2016, section 4.3).
        power: activations are raised to it first: above 1 strong responses count more (4.2).
        cubes: triple correlations with so many of a layer's filters, its first, in place of pairs (4.5); 0 for pairs.
        equal_regions: roots of the losses of regions instead of squares, so that each pulls alike, however far it is
            from its target: the gradient at its matrix has the same length.
        by_area: regions count by their area, so that each pixel is pulled as without regions; else all count alike.
    """

    def __init__(
        self,
        links: Sequence[Link],
        shift: float = 0.0,
        adjacent: bool = False,
        power: float = 1.0,
        cubes: int = 0,
        equal_regions: bool = False,
        by_area: bool = False,
    ) -> None:
        self.links, self.shift, self.adjacent = tuple(links), shift, adjacent
        self.power, self.cubes, self.equal_regions, self.by_area = power, cubes, equal_regions, by_area
        self.names = tuple(link.name for link in links)
        self.layers = tuple(dict.fromkeys(layer for link in links for layer in (link.fine, link.coarse)))

    @property
    def receptive_activations(self) -> Mapping[str, int]:
        further: dict[str, int] = {}
        for link in self.links:
            further[link.fine] = max(further.get(link.fine, 0), link.blurs + int(self.adjacent))
        return further

    def target(
        self,
        pictures: Sequence[Iterable[Features]],
        weights: Sequence[float] | None = None,
        allowed: Tensor | None = None,
    ) -> Target:
        with torch.no_grad():
            summaries = [total(self._sums(features).pooled() for features in picture) for picture in pictures]
        return Target(*mixed(summaries, weights, allowed))

    def sums(self, features: Features, target: Target) -> Summary:
        del target
        return self._sums(features)

    def gradient_tables(self, summary: Summary, target: Target) -> GradientTables:
        tables, shares, values = {}, {}, {}
        for name, mean in summary.means().items():
            counted = target.present[name] & (summary.weights[name] > 0)  # [B, R]
            off = (mean - target.means[name]) * broadcast_like(counted.to(mean.dtype), mean)  # [B, R, ..., C, D]
            size = off[0, 0].numel()
            by_area = self.by_area and off.shape[1] > 1
            if not (self.equal_regions or by_area):  # the same with fewer operations
                values[name] = off.square().sum() / (size * len(off))
                slope = 2 * off / (size * len(off))
            else:
                squares = off.square().flatten(2).sum(2) / size  # [B, R]
                slope = 2 * off / size
                if self.equal_regions:
                    roots = (squares + _LEAST_SQUARE).sqrt()
                    squares, slope = roots, slope / broadcast_like(2 * roots, slope)
                if by_area:
                    parts = summary.weights[name] / summary.weights[name].sum(1, keepdim=True).clamp_min(1e-8)
                    squares, slope = squares * parts, slope * broadcast_like(parts, slope)
                values[name], slope = squares.sum() / len(off), slope / len(off)
            tables[name] = slope / broadcast_like(summary.weights[name].clamp_min(1e-8), off)
            shares[name] = summary.weights[name]
        return GradientTables(tables, shares, values)

    def surrogate_loss(self, features: Features, gradient_tables: GradientTables, target: Target) -> dict[str, Tensor]:
        return {name: (value * gradient_tables.tables[name]).sum() for name, value in self._sums(features).sums.items()}

    def losses(self, features: Features, target: Target) -> dict[str, Tensor]:
        values = self.gradient_tables(self._sums(features), target).values
        assert values is not None
        return dict(values)

    def _sums(self, features: Features) -> Summary:
        sums, weights = {}, {}
        for link in self.links:
            fine, coarse, mask = self._aligned(features, link)
            fine = fine.flatten(2)  # [B, C, P]
            coarse = [x.flatten(2) for x in coarse]  # [B, D, P] each
            times = self._times(features, link)  # [B, 1, P]
            counted = fine if times is None else fine * times
            if mask is None:
                regions = [(counted, coarse)]
                weight = fine.new_full((len(fine), 1), fine.shape[2])
                weight = weight if times is None else times.sum(2).expand_as(weight)
            else:
                parts = mask.flatten(2).unbind(1)  # [B, P] each
                regions = [(counted * part[:, None], [x * part[:, None] for x in coarse]) for part in parts]
                shares = mask.flatten(2) if times is None else mask.flatten(2) * times
                weight = shares.sum(2).expand(len(fine), -1)
            products = [torch.stack([a @ b.mT for b in bs], 1) for a, bs in regions]  # [B, shifts, C, D]
            sums[link.name], weights[link.name] = torch.stack(products, 1), weight
        return Summary(sums, weights)

    @staticmethod
    def _times(features: Features, link: Link) -> Tensor | None:
        """How many times each pixel of the finer grid counts, [1 or B, 1, P]."""
        times = features.times.get(link.fine)
        if times is None:
            return None
        sides = (features.activations[link.fine], features.activations[link.coarse])
        ratio = features.strides[link.coarse] // features.strides[link.fine]
        h, w = (min(sides[0].shape[axis], sides[1].shape[axis] * ratio) for axis in (-2, -1))
        return features.core(times[..., :h, :w], features.strides[link.fine], *link[:2]).flatten(2)

    def _aligned(self, features: Features, link: Link) -> tuple[Tensor, list[Tensor], Tensor | None]:
        """Both maps of a link on the finer grid, shifted and cropped to what counts, and the masks there."""
        fine, coarse = features.activations[link.fine], features.activations[link.coarse]
        stride = features.strides[link.fine]
        times = features.strides[link.coarse] // stride
        if times > 1:
            coarse = coarse.repeat_interleave(times, 2).repeat_interleave(times, 3)
            fine = fine[..., : coarse.shape[-2], : coarse.shape[-1]]
        if self.power != 1.0:
            fine, coarse = fine.clamp_min(_LEAST_SQUARE) ** self.power, coarse.clamp_min(_LEAST_SQUARE) ** self.power
        for _ in range(link.blurs):
            coarse = functional.avg_pool2d(functional.pad(coarse, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        moved = [coarse]
        if self.adjacent:
            h, w = coarse.shape[-2:]
            wide = functional.pad(coarse, (1, 1, 1, 1))
            moved = [wide[..., y : y + h, x : x + w] for y in range(3) for x in range(3)]
        mask = features.masks.get(link.fine)
        if mask is not None:
            mask = features.core(mask[..., : fine.shape[-2], : fine.shape[-1]], stride, *link[:2])
        fine = features.core(fine, stride, *link[:2]) + self.shift
        moved = [features.core(x, stride, *link[:2]) + self.shift for x in moved]
        if self.cubes:
            moved = [x * x[:, index : index + 1] for x in moved for index in range(min(self.cubes, x.shape[1]))]
        return fine, moved, mask
