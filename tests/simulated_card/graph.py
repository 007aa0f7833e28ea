"""CUDA graphs on the simulated card: operators are recorded while a step is captured, and a replay does them again.

As on a card nothing is computed while it is captured: what stood before stands there afterwards, and what was made
meanwhile holds no numbers (here nan) until the first replay. Each replay reads and writes the same tensors. Whatever
the host would wait for, or copy from its own memory, is refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

REFUSED = "CUDA error: operation not permitted when stream is capturing"


class _Call(NamedTuple):
    """again: the operator. made: the numbers of its new tensors, by their place among its results."""

    again: Callable[[], Any]
    made: dict[int, Tensor]


class CUDAGraph:
    """In place of torch.cuda.CUDAGraph."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._before: dict[int, tuple[Tensor, Tensor]] = {}
        self._made: set[int] = set()

    # -------------------------------------------------------- while it is captured

    def about_to_write(self, numbers: Tensor) -> None:
        """What stood before a capture is put back after it."""
        place = _memory(numbers)
        if numbers.device.type == "meta":  # shapes alone
            return
        if place not in self._made and place not in self._before:
            whole = torch.empty(0, dtype=numbers.dtype).set_(numbers.untyped_storage())  # type: ignore[call-overload]
            self._before[place] = whole, whole.clone()

    def note(self, again: Callable[[], Any], given: list[Any], result: Any, writes: bool) -> None:
        """An operator that was carried out, unless it only looks at its arguments in another way.

        Args:
            given: its arguments, in numbers.
            writes: whether it changes some of them.
        """
        old = {_memory(x) for x in given if isinstance(x, Tensor)}
        results = enumerate(_listed(result))
        made = {place: x for place, x in results if isinstance(x, Tensor) and _memory(x) not in old}
        if made or writes:
            self._made |= {_memory(x) for x in made.values()}
            self._calls.append(_Call(again, made))

    def end(self) -> None:
        for whole, copy in self._before.values():
            whole.copy_(copy)
        for call in self._calls:
            for numbers in call.made.values():
                numbers.fill_(torch.nan if numbers.is_floating_point() else 0)

    # -------------------------------------------------------- afterwards

    def replay(self) -> None:
        from tests.simulated_card.card import SimulatedCard

        card = SimulatedCard.present()
        card.launch("graph", 1)
        if not card.computes:
            return
        with torch.no_grad():
            for call in self._calls:
                results = _listed(call.again())
                for place, numbers in call.made.items():
                    numbers.copy_(results[place])

    @property
    def length(self) -> int:
        """Operators in it."""
        return len(self._calls)


def _memory(numbers: Tensor) -> int:
    return numbers.untyped_storage()._cdata


def _listed(result: Any) -> list[Any]:
    return [*result] if isinstance(result, list | tuple) else [result]


@contextlib.contextmanager
def captured(graph: CUDAGraph, **_: Any) -> Iterator[None]:
    """In place of torch.cuda.graph."""
    from tests.simulated_card.card import SimulatedCard

    card = SimulatedCard.present()
    card.wait("capture")
    assert card.recording is None
    card.recording = graph
    try:
        yield
    finally:
        card.recording = None
        graph.end()


class Stream:
    """In place of torch.cuda.Stream; there is one order of things here."""

    def __init__(self, *_: Any) -> None:
        pass

    def wait_stream(self, _: Stream) -> None:
        pass
