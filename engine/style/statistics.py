"""How activations of two pictures are compared: Gram matrices, or sorted values. No network and no image lives here.

Both statistics are sums over pixels, so a picture of any size is compared exactly in the memory of a tile: `sums` of
all tiles are added, `gradient_tables` turns them into the gradient at each activation, and `surrogate_loss` is a loss
of one tile with that gradient. For a whole image in one piece there is `losses`. Names of terms: "layer", or
"fine layer-coarse layer" for links of two.

What they can not do: a Gram matrix knows only which features occur together, not where; sorted values know each
filter's distribution alone, so larger structure must come from coarse scales or from many filters in turn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine.style.perceptual import Features

Linking = Literal["each", "chain", "to_content"]
BINS = 4096
_ROOM = 1.0
"""How far bins go beyond the style's values on either side, as a share of their range; a picture may begin there."""
_LEAST_SQUARE = 1e-8
"""Added under roots, whose slope is without bound at 0."""
ROUNDING = 2e-3
"""Distances below it are squared instead of absolute, so that gradients do not jump where picture and style agree."""


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


def geometric(count: int, deeper: bool) -> list[float]:
    """Weights of layers from shallow to deep, each double or half of the one before; sum 1.

    See Novak and Nikulin 2016, section 3.1.
    """
    weights = [2.0 ** (index if deeper else count - 1 - index) for index in range(count)]
    return [weight / sum(weights) for weight in weights]


@dataclass(frozen=True)
class Summary:
    """Sums over the pixels of tiles: add them up.

    Args:
        sums: by name, [B, R, ...].
        weights: by name, [B, R]: pixels, or the sum of the mask.
    """

    sums: Mapping[str, Tensor]
    weights: Mapping[str, Tensor]

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            {name: value + other.sums[name] for name, value in self.sums.items()},
            {name: value + other.weights[name] for name, value in self.weights.items()},
        )

    def pooled(self) -> Summary:
        """The batch taken as one picture: [1, R, ...]."""
        sums = {name: value.sum(0, keepdim=True) for name, value in self.sums.items()}
        return Summary(sums, {name: value.sum(0, keepdim=True) for name, value in self.weights.items()})

    def means(self) -> dict[str, Tensor]:
        """Sums divided by weights; 0 where a region is empty."""
        return {name: value / _like(self.weights[name].clamp_min(1e-8), value) for name, value in self.sums.items()}


@dataclass(frozen=True)
class Target:
    """What a picture shall be like.

    Args:
        means: by name, [R, ...].
        present: by name, bool [R]: regions that the style has.
        ranges: by name, lowest and highest value of each channel [2, C]; only for sorted values.
    """

    means: Mapping[str, Tensor]
    present: Mapping[str, Tensor]
    ranges: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class GradientTables:
    """The gradient at activations, as tables to look it up in.

    Args:
        tables: by name, whatever `surrogate_loss` needs.
        values: the losses by name, where they are known before; else they are the sums of what `surrogate_loss` gives.
    """

    tables: Mapping[str, Tensor]
    shares: Mapping[str, Tensor]
    values: Mapping[str, Tensor] | None


class Statistic(ABC):
    """Base of both. `names`: of the terms, shallow to deep. `layers`: what must be seen."""

    names: tuple[str, ...]
    layers: tuple[str, ...]

    @property
    def receptive_activations(self) -> Mapping[str, int]:
        """How many activations of a layer (by name) it looks further than the layer itself."""
        return {}

    @abstractmethod
    def target(
        self,
        pictures: Sequence[Iterable[Features]],
        weights: Sequence[float] | None = None,
        allowed: Tensor | None = None,
    ) -> Target:
        """From the tiles of one or several pictures; `weights` mix them. Iterates more than once.

        A batch of features is tiles of one picture, too.

        Args:
            allowed: bool [R, pictures], which of the pictures, that have no regions themselves, each region is like.
        """

    @abstractmethod
    def sums(self, features: Features, target: Target) -> Summary: ...

    @abstractmethod
    def gradient_tables(self, summary: Summary, target: Target) -> GradientTables: ...

    @abstractmethod
    def surrogate_loss(self, features: Features, gradient_tables: GradientTables, target: Target) -> dict[str, Tensor]:
        """By name, a scalar for one tile: its gradient is that of the loss of the whole picture."""

    def losses(self, features: Features, target: Target) -> dict[str, Tensor]:
        """Losses of a whole image or batch, by name: scalars, differentiable, mean over the batch."""
        with torch.no_grad():
            gradient_tables = self.gradient_tables(self.sums(features.detached(), target), target)
        surrogates = self.surrogate_loss(features, gradient_tables, target)
        if gradient_tables.values is None:
            return surrogates
        return {
            name: gradient_tables.values[name] + surrogate_loss - surrogate_loss.detach()
            for name, surrogate_loss in surrogates.items()
        }


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
            summaries = [_total(self._sums(features) for features in picture).pooled() for picture in pictures]
        return Target(*_mixed(summaries, weights, allowed))

    def sums(self, features: Features, target: Target) -> Summary:
        del target
        return self._sums(features)

    def gradient_tables(self, summary: Summary, target: Target) -> GradientTables:
        tables, shares, values = {}, {}, {}
        for name, mean in summary.means().items():
            counted = target.present[name] & (summary.weights[name] > 0)  # [B, R]
            off = (mean - target.means[name]) * _like(counted.to(mean.dtype), mean)  # [B, R, ..., C, D]
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
                    squares, slope = roots, slope / _like(2 * roots, slope)
                if by_area:
                    parts = summary.weights[name] / summary.weights[name].sum(1, keepdim=True).clamp_min(1e-8)
                    squares, slope = squares * parts, slope * _like(parts, slope)
                values[name], slope = squares.sum() / len(off), slope / len(off)
            tables[name] = slope / _like(summary.weights[name].clamp_min(1e-8), off)
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


class Sliced(Statistic):
    """Sliced Wasserstein distance: how far each channel's sorted values are from the style's, mean over all values.

    Sorting is replaced by a histogram of 4,096 bins around the range of the style with a cumulative sum that is linear
    inside each bin: it is a sum over pixels, holds for unequal counts, and agrees with sorting to a fraction of a bin.
    With regions each pixel belongs to the one whose mask is largest there, and is compared within it. Where places
    count so many times, so do their values.
    """

    def __init__(self, layers: Sequence[str], bins: int = BINS) -> None:
        self.names = self.layers = tuple(layers)
        self.bins = bins

    def target(
        self,
        pictures: Sequence[Iterable[Features]],
        weights: Sequence[float] | None = None,
        allowed: Tensor | None = None,
    ) -> Target:
        with torch.no_grad():
            ranges = self._ranges(pictures)
            empty = Target({}, {}, ranges)
            summaries = [_total(self.sums(features, empty) for features in picture).pooled() for picture in pictures]
        return Target(*_mixed(summaries, weights, allowed), ranges)

    def _ranges(self, pictures: Sequence[Iterable[Features]]) -> dict[str, Tensor]:
        ranges: dict[str, Tensor] = {}
        for picture in pictures:
            for features in picture:
                for layer in self.layers:
                    values = self._values(features, layer).transpose(0, 1).flatten(1)  # [C, B P]
                    if not values.shape[1]:
                        continue
                    low, high = values.amin(1), values.amax(1)
                    if layer in ranges:
                        low, high = torch.minimum(low, ranges[layer][0]), torch.maximum(high, ranges[layer][1])
                    ranges[layer] = torch.stack([low, high])  # [2, C]
        room = {layer: (high - low).clamp_min(1e-6) * _ROOM for layer, (low, high) in ranges.items()}
        return {layer: torch.stack([low - room[layer], high + room[layer]]) for layer, (low, high) in ranges.items()}

    @staticmethod
    def _values(features: Features, layer: str) -> Tensor:
        return features.core(features.activations[layer], features.strides[layer], layer).flatten(2)  # [B, C, P]

    @staticmethod
    def _regions(features: Features, layer: str) -> tuple[Tensor | None, int]:
        """Which region each pixel belongs to, int64 [B, P], and how many there are."""
        mask = features.masks.get(layer)
        if mask is None:
            return None, 1
        return features.core(mask, features.strides[layer], layer).flatten(2).argmax(1), mask.shape[1]

    @staticmethod
    def _times(features: Features, layer: str) -> Tensor | None:
        """How many times each pixel counts, [1 or B, 1, P]."""
        times = features.times.get(layer)
        return None if times is None else features.core(times, features.strides[layer], layer).flatten(2)

    def _placed(self, values: Tensor, ranges: Tensor) -> tuple[Tensor, Tensor]:
        """Bin of each value, int32, and how far inside it, 0..1. [B, C, P] each."""
        low, high = ranges
        per_bin = self.bins / (high - low)
        below_the_last_edge = self.bins * (1 - torch.finfo(values.dtype).eps)
        place = (values - low[:, None]).mul_(per_bin[:, None]).clamp_(0, below_the_last_edge)
        index = place.to(torch.int32)
        return index, place.sub_(index)

    def _rows(self, region: Tensor | None, count: int, batch: int, channels: int, device: torch.device) -> Tensor:
        """Where in a table [B, R, C, ...], flattened to rows, each value belongs: [B, C, P or 1]."""
        line = torch.zeros(batch, 1, dtype=torch.long, device=device) if region is None else region.expand(batch, -1)
        image = torch.arange(batch, device=device)[:, None] * count
        return ((image + line)[:, None] * channels + torch.arange(channels, device=device)[:, None]).to(torch.int32)

    def sums(self, features: Features, target: Target) -> Summary:
        sums, weights = {}, {}
        for layer in self.layers:
            values = self._values(features, layer)
            b, c, _ = values.shape
            region, count = self._regions(features, layer)
            index, _ = self._placed(values, target.ranges[layer])
            index += self._rows(region, count, b, c, values.device) * self.bins
            times = self._times(features, layer)
            each = None if times is None else times.expand_as(values).flatten()
            sums[layer] = _histogram(index.flatten(), b * count * c * self.bins, each).view(b, count, c, self.bins)
            weights[layer] = sums[layer][:, :, 0].sum(-1).to(values.dtype)  # [B, R]
        return Summary(sums, weights)

    def gradient_tables(self, summary: Summary, target: Target) -> GradientTables:
        """Tables [2, B, R, C, bins]: where the lower edge of each bin belongs, and how far on the upper one."""
        tables, shares = {}, {}
        for name, counts in summary.sums.items():
            low, high = target.ranges[name]
            ours = _cumulative(counts)  # [B, R, C, bins + 1]
            theirs = _cumulative(target.means[name]).expand_as(ours).contiguous()
            first = _quantiles(theirs, ours[..., :-1].contiguous(), after=True)
            last = _quantiles(theirs, ours[..., 1:].contiguous(), after=False)
            width = (high - low)[:, None] / self.bins  # [C, 1]
            places = torch.stack([first, (last - first).clamp_min(0)]).to(low.dtype) * width
            places[0] += low[:, None]
            tables[name] = places
            total = summary.weights[name].sum(1, keepdim=True).clamp_min(1)
            shares[name] = target.present[name].to(low.dtype).expand_as(total * summary.weights[name]) / total
        return GradientTables(tables, shares, None)

    def surrogate_loss(self, features: Features, gradient_tables: GradientTables, target: Target) -> dict[str, Tensor]:
        losses = {}
        for layer in self.layers:
            values = self._values(features, layer)
            b, c, _ = values.shape
            region, count = self._regions(features, layer)
            with torch.no_grad():
                index, inside = self._placed(values, target.ranges[layer])
                rows = self._rows(region, count, b, c, values.device)
                index += rows * self.bins
                first, further = gradient_tables.tables[layer].flatten(1)
                wanted = _picked(further, index).mul_(inside).add_(_picked(first, index))
                share = gradient_tables.shares[layer].flatten()[rows[:, :1] // c] / (b * c)  # [B, 1, P or 1]
                if (times := self._times(features, layer)) is not None:
                    share = share * times
            off = functional.smooth_l1_loss(values, wanted, beta=ROUNDING, reduction="none")
            losses[layer] = (off * share).sum()
        return losses


def _histogram(index: Tensor, length: int, times: Tensor | None = None) -> Tensor:
    """How often each of 0..length-1 occurs in int32 [P]: [length]. On a card without the two waits of `bincount`.

    Args:
        times: float32 [P], how many times each counts; without, the result is exact.
    """
    if times is not None:
        return torch.zeros(length, device=index.device).index_add_(0, index, times)
    if index.device.type == "cpu":
        return torch.bincount(index, minlength=length)
    one = torch.ones((), dtype=torch.int32, device=index.device)
    return torch.zeros(length, dtype=torch.int32, device=index.device).index_add_(0, index, one.expand(len(index)))


def _picked(table: Tensor, index: Tensor) -> Tensor:
    """The entries of a table [N] at int32 indices of any shape."""
    return table.index_select(0, index.flatten()).view(index.shape)


def _like(values: Tensor, shape: Tensor) -> Tensor:
    """[B, R] as [B, R, 1, ...], to go with [B, R, ...]."""
    return values.reshape(*values.shape, *[1] * (shape.dim() - values.dim()))


def _cumulative(counts: Tensor) -> Tensor:
    """[..., bins] to shares below each edge of a bin, [..., bins + 1]; rises from 0 to 1."""
    total = counts.to(torch.float32 if counts.device.type == "mps" else torch.float64).cumsum(-1)
    return functional.pad(total / total[..., -1:].clamp_min(1e-8), (1, 0))


def _quantiles(cumulative: Tensor, shares: Tensor, after: bool) -> Tensor:
    """Where, in bins, a share of the values lies below: [..., bins + 1] and [..., n] give [..., n].

    Where several places qualify because bins are empty, the last of them (`after`) or the first.
    """
    bins = cumulative.shape[-1] - 1
    upper = torch.searchsorted(cumulative, shares, right=after).clamp_(1, bins)
    before, beyond = cumulative.gather(-1, upper - 1), cumulative.gather(-1, upper)
    inside = ((shares - before) / (beyond - before).clamp_min(1e-12)).clamp_(0, 1)
    return upper - 1 + inside


def _total(summaries: Iterable[Summary]) -> Summary:
    total: Summary | None = None
    for summary in summaries:
        total = summary if total is None else total + summary
    assert total is not None
    return total


def _mixed(
    summaries: Sequence[Summary], weights: Sequence[float] | None, allowed: Tensor | None = None
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Means over pictures by name [R, ...], and which regions any picture has [R].

    A region is mixed from the pictures that have it; with `allowed`, bool [R, pictures], from those that it may be
    like, each of which is all of one region.
    """
    weights = weights or [1.0] * len(summaries)
    if sum(weights) <= 0:
        weights = [1.0] * len(summaries)
    means, present = {}, {}
    for name in summaries[0].sums:
        parts = [summary.means()[name][0] for summary in summaries]
        has = [
            (summary.weights[name][0] > 0).to(parts[0].dtype) * w for summary, w in zip(summaries, weights, strict=True)
        ]
        share = torch.stack(has)  # [pictures, R]
        if allowed is not None:
            may = allowed.T.to(share)
            share = torch.where(
                (share * may).sum(0) > 0, share * may, may
            )  # those of no weight, where there are no others
        present[name] = share.sum(0) > 0
        share = share / share.sum(0).clamp_min(1e-8)
        means[name] = sum(part * _like(s, part) for part, s in zip(parts, share, strict=True))
    return means, present
