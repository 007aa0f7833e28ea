"""What somebody may have meant by a name that there is not: the nearest one, or else all that there are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_NEAR = 0.7
"""Share of letters that agree; "draft" and "Drafty" have 0.9, "masks" and "mask" as well."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like one that there is not; None where none is near."""
    by_letters = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_letters, n=1, cutoff=_NEAR)
    return by_letters[near[0]] if near else None


def instead(name: str, known: Iterable[str], where: str = "") -> str:
    """The end of a sentence on what there is instead of a name that there is not.

    Args:
        where: a sentence that says beside a near name where all of them are listed; empty where they are few enough.
    """
    names = list(known)
    near = nearest(name, names)
    every = f"there are {', '.join(names)}."
    if near is None:
        return every
    return f"did you mean {near}? {where or every[:1].upper() + every[1:]}"
