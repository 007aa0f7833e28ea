"""What the generator decided of boxes of a canvas, kept while nothing changes that it depends on.

Softness, maps, repaint and what is composed of decisions act after it, so they are painted without asking it again,
and a small box of a larger one that is kept as well: that of a brush's stroke, or of the pixel under the pointer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from engine.box import Box
from engine.nn.collage import Choice

_MOST_BYTES = 384 * 2**20


class RememberedChoices:
    """The choices asked for last, as many as fit into `most_bytes`."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._state: Hashable = None
        self._kept: OrderedDict[tuple[Hashable, Box], Choice] = OrderedDict()

    def of(self, state: Hashable, of_what: Hashable, box: Box, make: Callable[[], Choice]) -> Choice:
        """
        Args:
            state: all that decisions depend on, besides their place; another one forgets everything.
            of_what: canvas and set.
        """
        if state != self._state:
            self.forget()
            self._state = state
        for key in reversed(self._kept):
            if key[0] == of_what and key[1].contains(box):
                self._kept.move_to_end(key)
                return self._kept[key].cropped(key[1], box)
        choice = make()
        self._kept[of_what, box] = choice
        self._bytes += _bytes(choice)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            self._bytes -= _bytes(self._kept.popitem(last=False)[1])
        return choice

    def forget(self) -> None:
        """Everything: the networks are others now."""
        self._kept.clear()
        self._bytes, self._state = 0, None


def _bytes(choice: Choice) -> int:
    tensors = (choice.logits, choice.displacement)
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor is not None)
