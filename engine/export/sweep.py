"""Live settings along a path: frames of an animation, such as from one set of MAGIC to another. No painting here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.errors import BadSettingError
from engine.nearest import instead
from engine.settings import LISTED, Settings, parse_assignments, specs

MOST_FRAMES = 100_000


def live_values(settings: type[Settings], assignments: Iterable[str]) -> dict[str, Any]:
    """Values of live settings from texts like `between=0.5`.

    Raises:
        BadSettingError: an unknown name, a value that can not be had, or a setting that needs other networks.
    """
    values = parse_assignments(settings, assignments)
    for name in values:
        _live(settings, name)
    return values


def sweep(settings: type[Settings], text: str) -> list[dict[str, Any]]:
    """The values of each frame, from a text like `between=0:1:25`: name, first, last and how many.

    Raises:
        BadSettingError: it is written otherwise, or names something that can not be had.
    """
    name, _, path = text.partition("=")
    try:
        first, last, count = path.split(":")
        start, stop, frames = float(first), float(last), int(count)
    except ValueError:
        raise BadSettingError(f"{text}: write it as name=first:last:count, for example between=0:1:25.") from None
    if not 2 <= frames <= MOST_FRAMES:
        raise BadSettingError(f"{text}: the count can not be {frames}; it is a whole number from 2 to {MOST_FRAMES}.")
    kind = _live(settings, name)
    if kind not in ("float", "int"):
        raise BadSettingError(f"{text}: {name} is not a number, so there is nothing between its values.")
    places = [start + (stop - start) * index / (frames - 1) for index in range(frames)]
    values = [{name: round(place) if kind == "int" else place} for place in places]
    for value in (values[0], values[-1]):
        settings.of(value)
    return values


def numbered(out: Path, index: int, count: int) -> Path:
    """The file of one frame, from 1 on: `walk.png` becomes walk-0001.png."""
    return out.with_name(f"{out.stem}-{index:0{max(4, len(str(count)))}d}{out.suffix}")


def _live(settings: type[Settings], name: str) -> str:
    known = {spec.name: spec for spec in specs(settings)}
    if name not in known:
        raise BadSettingError(f"There is no setting {name}; {instead(name, known, LISTED)}")
    if not known[name].knob.live:
        live = ", ".join(spec.name for spec in specs(settings) if spec.knob.live)
        raise BadSettingError(f"{name} needs other networks, which have to be trained; what can change here: {live}.")
    return known[name].kind
