"""Kernels for graphics cards, before they are trusted: built without a card, so that plain torch is the judge there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch
from torch import Tensor

SampleT = TypeVar("SampleT")
_ROUNDING = 1e-4
"""Of the largest value."""


def same_as_plain(
    ours: Callable[[SampleT], Sequence[Tensor]],
    plain: Callable[[SampleT], Sequence[Tensor]],
    samples: Iterable[SampleT],
) -> bool:
    """Whether kernels give for each sample what plain torch does, within 1e-4 of its largest value.

    False as well where they fail in any way: a compiler is missing, a card is too old, a driver does not fit.
    """
    try:
        return all(
            _alike(found, wanted)
            for sample in samples
            for found, wanted in zip(ours(sample), plain(sample), strict=True)
        )
    except Exception:
        return False


def _alike(found: Tensor, wanted: Tensor) -> bool:
    return bool((found - wanted).abs().max() <= _ROUNDING * wanted.abs().max())


def on_card_of(tensor: Tensor) -> AbstractContextManager[object]:
    """Within it Triton launches on the tensor's card; it would take that of the thread, which may be another one."""
    return torch.cuda.device(tensor.device) if tensor.device.type == "cuda" else nullcontext()
