"""What the generator decided of boxes of a canvas, kept while nothing changes that it depends on.

Softness, maps, repaint and what is composed of decisions act after it, so they are painted without asking it again,
and a small box of a larger one that is kept as well: that of a brush's stroke, or of the pixel under the pointer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Protocol, Self, TypeVar

from torch import Tensor

from engine.box import Box

_MOST_BYTES = 384 * 2**20


class Decided(Protocol):
    """What a generator decided of a box."""

    def cropped(self, outer: Box, box: Box) -> Self: ...

    def decisions(self) -> Iterable[Tensor | None]:
        """Its tensors whose memory counts."""
        ...


DecidedT = TypeVar("DecidedT", bound=Decided)


class Remembered(Generic[DecidedT]):
    """The decisions asked for last, as many as fit into `most_bytes`."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._state: Hashable = None
        self._kept: OrderedDict[tuple[Hashable, Box], DecidedT] = OrderedDict()

    def of(self, state: Hashable, of_what: Hashable, box: Box, make: Callable[[], DecidedT]) -> DecidedT:
        """
        Args:
            state: all that decisions depend on, besides their place; another one forgets everything.
            of_what: canvas, and set where there are several.
        """
        if state != self._state:
            self.forget()
            self._state = state
        if (known := self.known(state, of_what, box)) is not None:
            return known
        decided = make()
        self._kept[of_what, box] = decided
        self._bytes += _bytes(decided)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            self._bytes -= _bytes(self._kept.popitem(last=False)[1])
        return decided

    def known(self, state: Hashable, of_what: Hashable, box: Box) -> DecidedT | None:
        """What is kept of a box; None where it would have to be asked for."""
        for key in reversed(self._kept) if state == self._state else ():
            if key[0] == of_what and key[1].contains(box):
                self._kept.move_to_end(key)
                return self._kept[key].cropped(key[1], box)
        return None

    def forget(self) -> None:
        """Everything: the networks are others now."""
        self._kept.clear()
        self._bytes, self._state = 0, None


def _bytes(decided: Decided) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in decided.decisions() if tensor is not None)
