"""How a picture is painted besides what is in it: part by part, giving way to what is more urgent, quickly or exactly.

On a processor what lies between the layers then stays in its cache, and little of it exists. Only where nothing is kept
for a gradient; a graphics card takes all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

_PART_BYTES = 2**22
"""About what the second cache of a core holds."""
_gives_way: ContextVar[Callable[[], bool]] = ContextVar("gives_way", default=lambda: False)

_quickly: ContextVar[bool] = ContextVar("quickly", default=False)


class InterruptedPainting(Exception):
    """Something else was to be done first; what was painted of this is lost."""


@contextmanager
def giving_way(when: Callable[[], bool]) -> Iterator[None]:
    """What is painted in parts inside is left as soon as `when()`, with `InterruptedPainting`."""
    before = _gives_way.set(when)
    try:
        yield
    finally:
        _gives_way.reset(before)


@contextmanager
def painting_quickly() -> Iterator[None]:
    """What is painted inside is looked at and gone: it may be rounded to bfloat16 on the way, where that is faster."""
    before = _quickly.set(True)
    try:
        yield
    finally:
        _quickly.reset(before)


def paints_quickly() -> bool:
    """Whether this is inside of `painting_quickly`."""
    return _quickly.get()


def give_way() -> None:
    """Called now and then by what takes long. Raises InterruptedPainting: see `giving_way`."""
    if _gives_way.get()():
        raise InterruptedPainting


def in_parts(
    function: Callable[..., Tensor], tensors: tuple[Tensor, ...], dim: int, part_bytes: int = _PART_BYTES
) -> Tensor:
    """A function whose result along `dim` depends only on the same places of `tensors`.

    Args:
        tensors: equally long along `dim`; the largest decides how many parts there are.
        dim: of the tensors, and of the result.
        part_bytes: of the largest tensor's part, about.

    Raises:
        InterruptedPainting: see `giving_way`.
    """
    if torch.is_grad_enabled() or tensors[0].device.type != "cpu":
        return function(*tensors)
    length = tensors[0].shape[dim]
    each = max(x.numel() * x.element_size() for x in tensors) // length
    step = max(1, part_bytes // max(1, each))
    if step >= length:
        return function(*tensors)
    whole: Tensor | None = None
    for first in range(0, length, step):
        give_way()
        count = min(step, length - first)
        part = function(*(x.narrow(dim, first, count) for x in tensors))
        if whole is None:
            whole = _long_as(part, dim, length)
        whole.narrow(dim, first, count).copy_(part)
    assert whole is not None
    return whole


def _long_as(part: Tensor, dim: int, length: int) -> Tensor:
    """An empty tensor like a part in all but its length along `dim`, its dimensions in the same order in memory."""
    order = sorted(range(part.dim()), key=lambda d: (part.stride(d), d == 0), reverse=True)
    sizes = [length if d == dim else part.shape[d] for d in range(part.dim())]
    strides, stride = [0] * part.dim(), 1
    for d in reversed(order):
        strides[d], stride = stride, stride * sizes[d]
    return torch.empty_strided(sizes, strides, dtype=part.dtype, device=part.device)
