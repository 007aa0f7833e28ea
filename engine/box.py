"""Integer rectangles on an unbounded plane, and ways to cut them up. No pixels here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Size:
    """Height and width of a canvas, in pixels."""

    height: int
    width: int

    @property
    def box(self) -> Box:
        return Box(0, 0, self.height, self.width)

    @property
    def area(self) -> int:
        return self.height * self.width


def shaped(canvas_size: Size, image: Size) -> Size:
    """A canvas in the shape of an image, with about as many pixels as another one."""
    scale = math.sqrt(canvas_size.area / image.area)
    return Size(max(1, round(image.height * scale)), max(1, round(image.width * scale)))


@dataclass(frozen=True, slots=True)
class Margin:
    """Pixels to each side of a box; the halo of a network is one."""

    top: int
    left: int
    bottom: int
    right: int

    def times(self, factor: int) -> Margin:
        return Margin(self.top * factor, self.left * factor, self.bottom * factor, self.right * factor)

    def wider(self, by_px: int) -> Margin:
        return Margin(self.top + by_px, self.left + by_px, self.bottom + by_px, self.right + by_px)

    def aligned(self, alignment_px: int) -> Margin:
        """The smallest margin at least this large whose sides are multiples of `alignment_px`."""
        return Margin(
            *(-(-side // alignment_px) * alignment_px for side in (self.top, self.left, self.bottom, self.right))
        )


@dataclass(frozen=True, slots=True)
class Box:
    """Rows [top, top + height) and columns [left, left + width); may lie anywhere, also at negative coordinates."""

    top: int
    left: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 0 or self.width < 0:
            raise ValueError(f"a box can not have a negative side: {self.height} x {self.width}")

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def area(self) -> int:
        return self.height * self.width

    @property
    def size(self) -> Size:
        return Size(self.height, self.width)

    def contains(self, other: Box) -> bool:
        return (
            self.top <= other.top
            and self.left <= other.left
            and other.bottom <= self.bottom
            and other.right <= self.right
        )

    def pad(self, margin: Margin) -> Box:
        return Box(
            self.top - margin.top,
            self.left - margin.left,
            self.height + margin.top + margin.bottom,
            self.width + margin.left + margin.right,
        )

    def less(self, margin: Margin) -> Box:
        """This box without a margin; the margin must fit into it."""
        return self.pad(margin.times(-1))

    def coarser(self, ratio: int) -> Box:
        """The same place on a grid `ratio` times coarser; exact for boxes aligned to it."""
        return Box(self.top // ratio, self.left // ratio, self.height // ratio, self.width // ratio)

    def align(self, alignment_px: int) -> Box:
        """The smallest box around this one whose corners are multiples of `alignment_px`."""
        top, left = self.top // alignment_px * alignment_px, self.left // alignment_px * alignment_px
        return Box(
            top,
            left,
            -(-self.bottom // alignment_px) * alignment_px - top,
            -(-self.right // alignment_px) * alignment_px - left,
        )

    def clip(self, outer: Box) -> Box:
        """The part inside `outer`; empty (area 0) where they do not meet."""
        top, left = max(self.top, outer.top), max(self.left, outer.left)
        bottom, right = min(self.bottom, outer.bottom), min(self.right, outer.right)
        return Box(top, left, max(0, bottom - top), max(0, right - left))

    def within(self, outer: Box) -> tuple[slice, slice]:
        """Row and column slices that cut this box out of an array that holds `outer`.

        Raises:
            ValueError: this box is not inside `outer`.
        """
        if not outer.contains(self):
            raise ValueError(f"{self} is not inside {outer}")
        top, left = self.top - outer.top, self.left - outer.left
        return slice(top, top + self.height), slice(left, left + self.width)

    def tiles(self, side: int) -> list[Box]:
        """Disjoint boxes that cover this one, cut on the plane's grid of `side` pixels, row by row.

        The grid is the plane's, not the box's, so two overlapping boxes share their inner tiles.
        """
        rows = _cuts(self.top, self.bottom, side)
        columns = _cuts(self.left, self.right, side)
        return [Box(t, le, b - t, r - le) for t, b in rows for le, r in columns]

    def tiles_from_middle(self, side: int) -> list[Box]:
        """The same tiles, nearest to the middle first."""
        y, x = self.top + self.height / 2, self.left + self.width / 2

        def distance(tile: Box) -> float:
            return (tile.top + tile.height / 2 - y) ** 2 + (tile.left + tile.width / 2 - x) ** 2

        return sorted(self.tiles(side), key=distance)

    def quarters(self, alignment_px: int) -> list[Box]:
        """Up to four disjoint boxes that cover this one, cut at multiples of `alignment_px`; itself if it can not."""
        half_y = _middle(self.top, self.bottom, alignment_px)
        half_x = _middle(self.left, self.right, alignment_px)
        rows = [(self.top, half_y), (half_y, self.bottom)]
        columns = [(self.left, half_x), (half_x, self.right)]
        return [Box(t, le, b - t, r - le) for t, b in rows if b > t for le, r in columns if r > le]


def _cuts(start: int, stop: int, side: int) -> list[tuple[int, int]]:
    edges = [start, *range((start // side + 1) * side, stop, side), stop]
    return [(a, b) for a, b in pairwise(edges) if b > a]


def _middle(start: int, stop: int, alignment_px: int) -> int:
    middle = (start + stop) // 2 // alignment_px * alignment_px
    return middle if start < middle < stop else stop
