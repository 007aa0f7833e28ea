"""A training step that several processes share, a device each: every one learns from a part of the batch, and all from
the sum of their gradients.

Chance of a step comes from (seed, step) alone, so every process draws that of the whole batch and takes its own rows:
together they do what one device does with the whole batch, but for the order in which sums are added.

torch's DistributedDataParallel does not fit: it sums gradients in the backward pass that follows a forward one, while
here pictures made once serve two networks, an update adds the gradients of up to four losses that never lie in memory
together, one network is looked through without being trained, and penalties differentiate twice. So the sum is taken
where all of an update's gradients are there, in `nn/training.descend`.

torch.distributed is loaded by who makes a `Team`, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn


class Team:
    """The processes that train together, as one of them sees it. There is one team of a process at a time.

    Args:
        rank: of this process; 0 leads.
        size: of the team.
        add: sums a tensor over all processes, in place; raises RuntimeError where one of them is gone.
        explain: what happened then, as a sentence.

    Attributes:
        failure: the sentence, once it has happened; nobody is asked any more then.
    """

    def __init__(self, rank: int, size: int, add: Callable[[Tensor], object], explain: Callable[[], str]) -> None:
        self.rank, self.size = rank, size
        self._add, self._explain = add, explain
        self.failure = ""

    def summed(self, tensor: Tensor) -> Tensor | None:
        """The sum over all processes; None where one of them is gone."""
        if self.failure:
            return None
        total = tensor.detach().clone(memory_format=torch.contiguous_format)
        try:
            self._add(total)
        except RuntimeError:
            self.failure = self._explain()
            return None
        return total


@dataclass(frozen=True)
class _Share:
    """The part of a step that is this process': rows of the batch, of `count` in all."""

    team: Team
    rows: slice
    count: int

    @property
    def weight(self) -> float:
        """The weight of means over these rows in those of the whole batch."""
        return (self.rows.stop - self.rows.start) / self.count


_team: Team | None = None
_share: _Share | None = None


def size() -> int:
    """Processes that train together with this one, itself included."""
    return 1 if _team is None else _team.size


def set_team(team: Team | None) -> None:
    """The team of this process from here on."""
    global _team
    _team = team


@contextmanager
def shared(count: int) -> Iterator[None]:
    """A step whose batch has `count` rows, at least as many as the team has processes. Alone it is as any other."""
    global _share
    if _team is None or _team.size == 1:
        yield
        return
    first, last = (count * place // _team.size for place in (_team.rank, _team.rank + 1))
    _share = _Share(_team, slice(first, last), count)
    try:
        yield
    finally:
        _share = None


# ---------------------------------------------------------------- in such a step; outside, nothing happens


def rows() -> slice | None:
    """The rows of the batch that are this process's; None where all are."""
    return None if _share is None else _share.rows


def own(drawn: Tensor) -> Tensor:
    """What belongs to this process of something that was drawn for each row of the batch."""
    return drawn if _share is None else drawn[_share.rows]


def whole(count: int) -> int:
    """Rows of the whole batch, `count` of which are here."""
    return count if _share is None else _share.count


def weighted(loss: Tensor) -> Tensor:
    """A mean over this process' rows as its part of the mean over all: such parts are added up."""
    return loss if _share is None else loss * _share.weight


def add_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Gradients of `weighted` losses become those of the whole batch, in one sum for all.

    Where a process is gone, those of the present rows remain: the step is whole, with a smaller batch.
    """
    if _share is None:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    together = _share.team.summed(torch.cat([gradient.flatten() for gradient in gradients]))
    if together is None:
        torch._foreach_div_(gradients, _share.weight)  # type: ignore[attr-defined]
        return
    parts = together.split([gradient.numel() for gradient in gradients])
    parts = [part.view(gradient.shape) for part, gradient in zip(parts, gradients, strict=True)]
    torch._foreach_copy_(gradients, parts)  # type: ignore[attr-defined]


def means(terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Means over this process' rows as those over the whole batch; scalars."""
    if _share is None or not terms:
        return dict(terms)
    values = torch.stack([value.detach().reshape(()).float() for value in terms.values()])
    together = _share.team.summed(values * _share.weight)
    return dict(zip(terms, (values if together is None else together).unbind(), strict=True))


def gathered(each: Tensor) -> Tensor:
    """[b, ...] of this process' rows becomes [B, ...] of all, through which gradients flow back.

    For what compares rows with one another, or bends their mean.
    """
    if _share is None:
        return each
    before, after = _share.rows.start, _share.count - _share.rows.stop
    padded = torch.cat([each.new_zeros(before, *each.shape[1:]), each, each.new_zeros(after, *each.shape[1:])])
    return total(padded)


def total(part: Tensor) -> Tensor:
    """The sum over all processes, with gradients back to each of them; `part` itself where one is gone."""
    return part if _share is None else _Total.apply(part)  # type: ignore[return-value]


class _Total(torch.autograd.Function):
    """Each process' loss, weighted, is a part of one sum, so gradients of the total are added over all as well."""

    @staticmethod
    def forward(context, part: Tensor) -> Tensor:
        del context
        return _summed(part)

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:  # type: ignore[override]
        del context
        return total(gradient)


def _summed(part: Tensor) -> Tensor:
    together = None if _share is None else _share.team.summed(part)
    return part.clone() if together is None else together
