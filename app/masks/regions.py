"""The regions of a mask as plain values: numbers, names, colours that are easily told apart. No pixels, no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.images.regions import MOST_REGIONS

_COLORS = (
    ("Sky blue", (110, 180, 240)),
    ("Green", (60, 150, 60)),
    ("Blue", (30, 60, 160)),
    ("Yellow", (245, 215, 80)),
    ("Brown", (130, 80, 40)),
    ("Red", (205, 45, 45)),
    ("Violet", (140, 70, 180)),
    ("Grey", (150, 150, 150)),
    ("Orange", (240, 140, 40)),
    ("Dark green", (15, 75, 45)),
    ("Pink", (245, 150, 190)),
    ("White", (250, 250, 250)),
    ("Black", (20, 20, 20)),
    ("Turquoise", (50, 205, 185)),
)
_CLEARLY_OTHER = 48.0
"""Colours of regions are at least so far apart (of 441 from black to white)."""


@dataclass(frozen=True)
class Region:
    """One part of the picture.

    Args:
        label: its number in the array of labels, from 1 on; never given to another one.
        color: red, green, blue, 0..255.
    """

    label: int
    name: str
    color: tuple[int, int, int]


def next_region(regions: Sequence[Region], name: str = "", color: tuple[int, int, int] | None = None) -> Region | None:
    """A region that is not there yet, with the first usual colour that none of the others resembles."""
    if len(regions) >= MOST_REGIONS:
        return None
    label = next(n for n in range(1, 256) if all(region.label != n for region in regions))
    if color is not None:
        return Region(label, name or f"Region {label}", color)
    nearness = [min((distance(usual, r.color) for r in regions), default=999.0) for _, usual in _COLORS]
    chosen = next((i for i, near in enumerate(nearness) if near >= _CLEARLY_OTHER), nearness.index(max(nearness)))
    if nearness[chosen] >= _CLEARLY_OTHER:
        return Region(label, name or _COLORS[chosen][0], _COLORS[chosen][1])
    return Region(label, name or f"Region {label}", _far_from([region.color for region in regions]))


def first_regions() -> tuple[Region, ...]:
    """What a new mask begins with where no other mask says which regions there are."""
    return tuple(Region(index + 1, name, color) for index, (name, color) in enumerate(_COLORS[:3]))


def distance(a: Sequence[int], b: Sequence[int]) -> float:
    """Between two colours, 0..441."""
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5


def _far_from(colors: Sequence[Sequence[int]]) -> tuple[int, int, int]:
    """Of a coarse grid of colours the one that is farthest from all of these."""
    steps = (15, 75, 135, 195, 250)
    grid = [(r, g, b) for r in steps for g in steps for b in steps]
    return max(grid, key=lambda candidate: min(distance(candidate, color) for color in colors))
