"""Whether a painted canvas shows where its tiles meet: the seam meter."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.box import Box
from engine.export.canvas_file import CanvasFile
from engine.export.journal import CanvasSpec

_ROWS = 64
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
