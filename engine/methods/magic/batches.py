"""A training batch of MAGIC: whole, patch by patch where each is told something else, and put together again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from engine.nn.collage import Collage
from engine.templates.mixture import Mixture
from engine.templates.sets import Sets


class Batch(NamedTuple):
    """content [B, 3, H, W] in -1..1, None unguided; style the same. A set of its own for each patch.

    bias: what is added to log A, [B, K, H, W]. powers: of each map of amounts, [B, 1, H, W].
    guided: how much the content counts, [B, 1, H, W], where it is transparent in places. See directed.py.
    told: c, what the network is told of its loss, [P], where it is and for all patches the same.
    """

    content: Tensor | None
    style: Tensor
    sets: Sets
    bias: Tensor | None = None
    powers: Mapping[str, Tensor] = MappingProxyType({})
    guided: Tensor | None = None
    told: Tensor | None = None

    def part(self, rows: slice) -> Batch:
        """Some of its patches."""
        sets = self.sets
        return Batch(
            None if self.content is None else self.content[rows],
            self.style[rows],
            replace(sets, image=sets.image[rows], origin=sets.origin[rows], flip=sets.flip[rows]),
            None if self.bias is None else self.bias[rows],
            {name: powers[rows] for name, powers in self.powers.items()},
            None if self.guided is None else self.guided[rows],
            self.told,
        )

    def apart(self) -> Iterator[Batch]:
        """Batches of one patch each."""
        for index in range(len(self.style)):
            yield self.part(slice(index, index + 1))


def joined(collages: Sequence[Collage]) -> Collage:
    """Pictures of single patches as those of their batch."""
    mixtures = [collage.mixture for collage in collages]
    mixture = Mixture(
        torch.cat([mixture.collage for mixture in mixtures]),
        torch.stack([mixture.entropy for mixture in mixtures]).mean(),
        torch.stack([mixture.variation for mixture in mixtures]).mean(),
        torch.cat([mixture.usage for mixture in mixtures]),
        torch.cat([mixture.weights for mixture in mixtures]),
    )
    return Collage(
        torch.cat([collage.result for collage in collages]),
        torch.cat([collage.collage for collage in collages]),
        mixture,
        torch.stack([collage.flow_variation for collage in collages]).mean(),
        torch.cat([collage.logits for collage in collages if collage.logits is not None]),
    )
