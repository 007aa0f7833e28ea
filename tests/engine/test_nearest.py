"""A name that there is not is answered by the one that was meant."""

from __future__ import annotations

import pytest

from engine.nearest import instead, nearest

NAMES = ("content_weight", "templates", "Large pieces")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("content_wieght", NAMES[0]), ("Templates", NAMES[1]), ("large piece", NAMES[2]), ("colour", None), ("", None)],
)
def test_the_nearest_name_is_what_was_meant(typed: str, meant: str | None) -> None:
    assert nearest(typed, NAMES) == meant


def test_a_near_name_is_asked_about_and_else_all_are_told() -> None:
    assert instead("templats", NAMES, "A list has them.") == "did you mean templates? A list has them."
    assert instead("colour", NAMES, "A list has them.") == f"there are {', '.join(NAMES)}."
    assert instead("templats", NAMES) == f"did you mean templates? There are {', '.join(NAMES)}."
