"""Names of exported files that replace nothing."""

from __future__ import annotations

from pathlib import Path

from engine.files import numbered


def free_name(name: str, place: Path) -> str:
    """The name without its suffix, with the first number behind it that no file in the folder `place` has."""
    try:
        taken = [path.name for path in place.iterdir()]  # also what is being painted, "mosaic.png.unfinished"
    except OSError:
        return name
    return next(free for free in numbered(name) if not any(file.startswith(f"{free}.") for file in taken))


def unnumbered(name: str) -> str:
    """A name as it was before `free_name` gave it a number."""
    stem, _, number = name.rpartition(" ")
    return stem if stem and number.isdecimal() else name
