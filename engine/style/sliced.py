"""Sorted values: how each filter of a network is distributed, compared by the sliced Wasserstein distance.

What they can not do: each filter's distribution is known alone, so larger structure must come from coarse scales or
from many filters in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
            weights = summary.weights[name]
            present = target.present[name].to(low.dtype).expand_as(weights)
            shares[name] = present / weights.sum(1, keepdim=True).clamp_min(1)
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
