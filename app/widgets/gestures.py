"""Which movement of the hand it is: what one drag changes, or one visit to a field, is one step of undo.

A new one begins when a slider is taken hold of or let go, and when the focus goes elsewhere.
"""

from __future__ import annotations

from itertools import count

_numbers = count(1)
_present = 0


def begin() -> None:
    """Begins another movement."""
    global _present
    _present = next(_numbers)


def present() -> int:
    """The number of the movement that goes on."""
    return _present
