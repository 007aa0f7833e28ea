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
        share: within a step, the part of it that is this process'.
    """

    def __init__(self, rank: int, size: int, add: Callable[[Tensor], object], explain: Callable[[], str]) -> None:
        self.rank, self.size = rank, size
        self._add, self._explain = add, explain
        self.failure = ""
        self.share: _Share | None = None

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
"""Of this process, as torch holds its process group: handed down, it would pass through networks that know of no
team, to their batch norms. A variable of the thread or of its context would not do either: on a card the backward
pass, and what is computed again in it, run in threads of autograd's own, which do not see it."""


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
    if (team := _team) is None or team.size == 1:
        yield
        return
    first, last = (count * place // team.size for place in (team.rank, team.rank + 1))
    team.share = _Share(team, slice(first, last), count)
    try:
        yield
    finally:
        team.share = None


# ---------------------------------------------------------------- in such a step; outside, nothing happens


def _own_share() -> _Share | None:
    return None if _team is None else _team.share


def rows() -> slice | None:
    """The rows of the batch that are this process'; None where all are."""
    return None if (share := _own_share()) is None else share.rows


def own(drawn: Tensor) -> Tensor:
    """What belongs to this process of something that was drawn for each row of the batch."""
    return drawn if (share := _own_share()) is None else drawn[share.rows]


def whole(count: int) -> int:
    """Rows of the whole batch, `count` of which are here."""
    return count if (share := _own_share()) is None else share.count


def weighted(loss: Tensor) -> Tensor:
    """A mean over this process' rows as its part of the mean over all: such parts are added up."""
    return loss if (share := _own_share()) is None else loss * share.weight


def add_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Gradients of `weighted` losses become those of the whole batch, in one sum for all.

    Where a process is gone, those of the present rows remain: the step is whole, with a smaller batch.
    """
    if (share := _own_share()) is None:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    together = share.team.summed(torch.cat([gradient.flatten() for gradient in gradients]))
    if together is None:
        torch._foreach_div_(gradients, share.weight)  # type: ignore[attr-defined]
        return
    parts = together.split([gradient.numel() for gradient in gradients])
    parts = [part.view(gradient.shape) for part, gradient in zip(parts, gradients, strict=True)]
    torch._foreach_copy_(gradients, parts)  # type: ignore[attr-defined]


def means(terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Means over this process' rows as those over the whole batch; scalars."""
    if (share := _own_share()) is None or not terms:
        return dict(terms)
    values = torch.stack([value.detach().reshape(()).float() for value in terms.values()])
    together = share.team.summed(values * share.weight)
    return dict(zip(terms, (values if together is None else together).unbind(), strict=True))


def gathered(each: Tensor) -> Tensor:
    """[b, ...] of this process' rows becomes [B, ...] of all, through which gradients flow back.

    For what compares rows with one another, or bends their mean.
    """
    if (share := _own_share()) is None:
        return each
    before, after = share.rows.start, share.count - share.rows.stop
    padded = torch.cat([each.new_zeros(before, *each.shape[1:]), each, each.new_zeros(after, *each.shape[1:])])
    return total(padded)


def total(part: Tensor) -> Tensor:
    """The sum over all processes, with gradients back to each of them; `part` itself where one is gone."""
    return part if _own_share() is None else _Total.apply(part)  # type: ignore[return-value]


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
    together = None if (share := _own_share()) is None else share.team.summed(part)
    return part.clone() if together is None else together
