"""Sorted values: how each filter of a network is distributed, compared by the sliced Wasserstein distance.

What they can not do: each filter's distribution is known alone, so larger structure must come from coarse scales or
from many filters in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine.style.perceptual import Features
from engine.style.statistics import GradientTables, Statistic, Summary, Target, mixed, total

BINS = 4096
_ROOM = 1.0
"""How far bins go beyond the style's values on either side, as a share of their range; a picture may begin there."""
ROUNDING = 2e-3
"""Distances below it are squared instead of absolute, so that gradients do not jump where picture and style agree."""


class _Placed(NamedTuple):
    """Where values [B, C, P] lie.

    place: among the bins of their channel, float. entry: the bin, int32, in a table [B, R, C, bins] of all. rows: of
    that table, int32 [B, C, P or 1]. regions: R.
    """

    place: Tensor
    entry: Tensor
    rows: Tensor
    regions: int


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
            summaries = [total(self.sums(features, empty).pooled() for features in picture) for picture in pictures]
        return Target(*mixed(summaries, weights, allowed), ranges)

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

    def _placed(self, features: Features, layer: str, target: Target) -> _Placed:
        """Where the values of a layer lie."""
        values = self._values(features, layer)
        b, c, _ = values.shape
        region, count = self._regions(features, layer)
        low, high = target.ranges[layer]
        per_bin = self.bins / (high - low)
        below_the_last_edge = self.bins * (1 - torch.finfo(values.dtype).eps)
        place = (values - low[:, None]).mul_(per_bin[:, None]).clamp_(0, below_the_last_edge)
        rows = self._rows(region, count, b, c, values.device)
        index = place.to(torch.int32)
        index += rows * self.bins
        return _Placed(place, index, rows, count)

    def _rows(self, region: Tensor | None, count: int, batch: int, channels: int, device: torch.device) -> Tensor:
        """Where in a table [B, R, C, ...], flattened to rows, each value belongs: [B, C, P or 1]."""
        line = torch.zeros(batch, 1, dtype=torch.long, device=device) if region is None else region.expand(batch, -1)
        image = torch.arange(batch, device=device)[:, None] * count
        return ((image + line)[:, None] * channels + torch.arange(channels, device=device)[:, None]).to(torch.int32)

    def sums(self, features: Features, target: Target) -> Summary:
        return self._sums(features, {layer: self._placed(features, layer, target) for layer in self.layers})

    def _sums(self, features: Features, places: Mapping[str, _Placed]) -> Summary:
        sums, weights = {}, {}
        for layer, (place, index, _, count) in places.items():
            b, c, _ = place.shape
            times = self._times(features, layer)
            each = None if times is None else times.expand_as(place).flatten()
            sums[layer] = _histogram(index.flatten(), b * count * c * self.bins, each).view(b, count, c, self.bins)
            weights[layer] = sums[layer][:, :, 0].sum(-1).to(place.dtype)  # [B, R]
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
            weights = summary.weights[name]
            present = target.present[name].to(low.dtype).expand_as(weights)
            shares[name] = present / weights.sum(1, keepdim=True).clamp_min(1)
        return GradientTables(tables, shares, None)

    def surrogate_loss(self, features: Features, gradient_tables: GradientTables, target: Target) -> dict[str, Tensor]:
        seen = features.detached()
        return {
            layer: self._surrogate_loss(features, layer, self._placed(seen, layer, target), gradient_tables)
            for layer in self.layers
        }

    def _surrogate_loss(
        self, features: Features, layer: str, placed: _Placed, gradient_tables: GradientTables
    ) -> Tensor:
        """A scalar of one layer; the places are taken apart on the way."""
        place, index, rows, _ = placed
        values = self._values(features, layer)
        b, c, _ = values.shape
        with torch.no_grad():
            first, further = gradient_tables.tables[layer].flatten(1)
            wanted = _picked(further, index).mul_(place.frac_()).add_(_picked(first, index))
            share = gradient_tables.shares[layer].flatten()[rows[:, :1] // c] / (b * c)  # [B, 1, P or 1]
            if (times := self._times(features, layer)) is not None:
                share = share * times
        if share.shape[2] == 1:  # no regions: all places count alike, so that none is multiplied by itself
            return functional.smooth_l1_loss(values, wanted, beta=ROUNDING, reduction="sum") * share.flatten()[0]
        off = functional.smooth_l1_loss(values, wanted, beta=ROUNDING, reduction="none")
        return (off * share).sum()

    def losses(self, features: Features, target: Target) -> dict[str, Tensor]:
        with torch.no_grad():
            seen = features.detached()
            places = {layer: self._placed(seen, layer, target) for layer in self.layers}  # once for both passes
            gradient_tables = self.gradient_tables(self._sums(seen, places), target)
        return {
            layer: self._surrogate_loss(features, layer, placed, gradient_tables) for layer, placed in places.items()
        }


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
