"""How activations of two pictures are compared. No network and no image lives here.

A statistic is sums over pixels, so a picture of any size is compared exactly in the memory of a tile: `sums` of all
tiles are added, `gradient_tables` turns them into the gradient at each activation, and `surrogate_loss` is a loss of
one tile with that gradient. For a whole image in one piece there is `losses`. There are two: Gram matrices (gram.py)
and sorted values (sliced.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.style.perceptual import Features


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
        """The batch taken as one picture: [1, R, ...]. One picture is what it was, and a card is told nothing."""
        if all(weight.shape[0] == 1 for weight in self.weights.values()):
            return self
        sums = {name: value.sum(0, keepdim=True) for name, value in self.sums.items()}
        return Summary(sums, {name: value.sum(0, keepdim=True) for name, value in self.weights.items()})

    def means(self) -> dict[str, Tensor]:
        """Sums divided by weights; 0 where a region is empty."""
        weights = {name: weight.clamp_min(1e-8) for name, weight in self.weights.items()}
        return {name: value / broadcast_like(weights[name], value) for name, value in self.sums.items()}


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
        shares: by name, [B, R]: how much each region counts.
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
        """By name a scalar for one tile, whose gradient is that of the loss of the whole picture."""

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


def broadcast_like(values: Tensor, shape: Tensor) -> Tensor:
    """[B, R] as [B, R, 1, ...], to go with [B, R, ...]."""
    return values.reshape(*values.shape, *[1] * (shape.dim() - values.dim()))


def total(summaries: Iterable[Summary]) -> Summary:
    """The sums of at least one tile, added up."""
    found: Summary | None = None
    for summary in summaries:
        found = summary if found is None else found + summary
    assert found is not None
    return found


def mixed(
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
            # those of no weight, where there are no others
            share = torch.where((share * may).sum(0) > 0, share * may, may)
        present[name] = share.sum(0) > 0
        share = share / share.sum(0).clamp_min(1e-8)
        means[name] = sum(part * broadcast_like(s, part) for part, s in zip(parts, share, strict=True))
    return means, present
