"""Whether a captured step has done what a plain one does, from the same state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

MOST_OF_TERMS = 0.01
"""Between the terms of the two: atomic sums and other kernels differ by less."""
MOST_OF_MOMENTS, MOST_OF_WEIGHTS = 0.05, 0.3
"""Between how they change Adam's moments; and weights, since of a gradient that is nothing but rounding, as that of a
bias before a norm, Adam makes a whole step."""


def same_terms(found: Tensor, expected: Tensor) -> bool:
    """Whether terms, [T] each, are alike, relative to all of them; of nan they never are."""
    return bool((found - expected).norm() <= MOST_OF_TERMS * expected.norm().clamp_min(1e-12))


def same_changes(
    names: Sequence[str], found: Sequence[Tensor], expected: Sequence[Tensor], before: Sequence[Tensor]
) -> bool:
    """Whether tensors were changed alike: relative to the changes, each network and each kind of moment by itself.

    Args:
        names: of the tensors: that of the network or its optimiser first, that of a moment last.
        before: what they were.
    """
    sums: dict[tuple[str, float], list[Tensor]] = {}
    for name, ours, theirs, old in zip(names, found, expected, before, strict=True):
        if ours.is_floating_point():
            both = torch.stack([(ours.detach() - theirs).float().square().sum(), (theirs - old).float().square().sum()])
            sums.setdefault(_group(name), []).append(both)
    if not sums:
        return True
    away, whole = torch.stack([torch.stack(each).sum(0) for each in sums.values()]).unbind(1)
    ratios = (away / whole.clamp_min(1e-24)).sqrt().tolist()
    return all(ratio <= most for ratio, (_, most) in zip(ratios, sums, strict=True))  # of nan none is


def _group(name: str) -> tuple[str, float]:
    """Which tensors one is compared together with, and how far they may be away.

    Adam's counts of steps are nobody's measure: they are larger than all that a step changes, and always right.
    """
    network, _, rest = name.partition(".")
    part = rest.rpartition(".")[2]
    if part == "step":
        return part, 0.0
    return (f"{network} {part}", MOST_OF_MOMENTS) if part.startswith("exp_avg") else (network, MOST_OF_WEIGHTS)
