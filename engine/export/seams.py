"""Whether a painted canvas shows where its tiles meet, or has a fringe: the seam meter and the border meter."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.box import Box
from engine.export.canvas_file import CanvasFile
from engine.export.journal import CanvasSpec

_ROWS = 64
_BORDER_PX = 4
_MOST_PX = 40_000_000
"""So many pixels tell the mean step of a picture well enough; a larger one is read in strips that lie apart."""


def measure(canvas_file: CanvasFile, picture: CanvasSpec) -> float:
    """Mean step between neighbouring pixels across the borders of tiles, divided by the mean step elsewhere.

    1 where no border is to be seen; also where there is none, or nothing changes anywhere.
    """
    tiles = picture.tiles()
    rows = sorted({tile.top - picture.box.top for tile in tiles} - {0})
    columns = sorted({tile.left - picture.box.left for tile in tiles} - {0})
    across, elsewhere = _Mean(), _Mean()
    height, width = canvas_file.size.height, canvas_file.size.width
    # A strip spans no border, so all its downward steps are elsewhere; odd spacing keeps them clear of any grid.
    every = max(1, canvas_file.size.area // _MOST_PX)
    for index, (top, bottom) in enumerate(_strips(rows, height)):
        if index % every:
            continue
        pixels = canvas_file.read(Box(top, 0, bottom - top, width)).astype(np.int32)
        elsewhere.add(np.diff(pixels, axis=0))
        steps = np.abs(np.diff(pixels, axis=1))  # between column c and c + 1
        border = np.array(columns, dtype=int) - 1
        across.add(steps[:, border])
        elsewhere.add_sum(float(steps.sum()) - float(steps[:, border].sum()), steps.size - steps[:, border].size)
    for row in rows:
        pair = canvas_file.read(Box(row - 1, 0, 2, width)).astype(np.int32)
        across.add(pair[1] - pair[0])
    return across.value / elsewhere.value if across.count and elsewhere.value else 1.0


def measure_border(canvas_file: CanvasFile, bleed_px: int = 0) -> float:
    """Mean step towards the edge in the outermost 4 px of the picture after cutting, by the mean step inside.

    1 where the edge is like the rest; more where it has a fringe, less where it is smeared. 1 for tiny pictures, too.
    """
    whole = canvas_file.size
    height, width = whole.height - 2 * bleed_px, whole.width - 2 * bleed_px
    if min(height, width) < 8 * _BORDER_PX:
        return 1.0
    edge, inside = _Mean(), _Mean()
    deep = _BORDER_PX + 1
    for top in (bleed_px, bleed_px + height - deep):
        edge.add(np.diff(canvas_file.read(Box(top, bleed_px, deep, width)).astype(np.int32), axis=0))
    for left in (bleed_px, bleed_px + width - deep):
        edge.add(np.diff(canvas_file.read(Box(bleed_px, left, height, deep)).astype(np.int32), axis=1))
    every = max(1, height * width // _MOST_PX)
    first, end = bleed_px + 2 * _BORDER_PX, bleed_px + height - 2 * _BORDER_PX
    for top in range(first, end, _ROWS * every):
        rows = min(_ROWS, end - top)
        left, columns = bleed_px + 2 * _BORDER_PX, width - 4 * _BORDER_PX
        pixels = canvas_file.read(Box(top, left, rows, columns)).astype(np.int32)
        inside.add(np.diff(pixels, axis=0))
        inside.add(np.diff(pixels, axis=1))
    return edge.value / inside.value if inside.value else 1.0


class _Mean:
    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, steps: np.ndarray) -> None:
        self.add_sum(float(np.abs(steps).sum()), steps.size)

    def add_sum(self, total: float, count: int) -> None:
        self.total, self.count = self.total + total, self.count + count

    @property
    def value(self) -> float:
        return self.total / self.count if self.count else 0.0


def _strips(borders: list[int], height: int) -> list[tuple[int, int]]:
    """Runs of at most 64 rows that no border crosses."""
    edges = [0, *borders, height]
    return [(top, min(top + _ROWS, end)) for start, end in pairwise(edges) for top in range(start, end, _ROWS)]
