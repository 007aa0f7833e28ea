"""Whether a painted canvas shows where its tiles meet: the seam meter. That of its own border is in fringe.py."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.box import Box
from engine.export.canvas_file import CanvasFile
from engine.export.journal import CanvasSpec

_ROWS = 64
_BESIDE_PX = range(2, 11)
"""A whole period of what a picture has every 8 pixels, as one that was enlarged from a coarser one."""
_SIDE_PX = 16_384
"""So much of a side is read at once."""
_MOST_PX = 40_000_000
"""So many pixels tell the mean steps of a picture well enough; a larger one is read in strips that lie apart."""


def measure(canvas_file: CanvasFile, picture: CanvasSpec) -> float:
    """Mean step between neighbouring pixels across the borders of tiles, by those 2 to 10 px beside the borders.

    1 where it is among them, as no border can be seen then; also where there is none, or nothing changes there. Else
    its ratio to the nearest of them: above 1 a border shows as a line, below it as a smear. The whole picture would not
    do for a comparison: most have more to see in some parts than in others.
    """
    tiles = picture.tiles()
    rows = sorted({tile.top - picture.box.top for tile in tiles} - {0})
    columns = np.array(sorted({tile.left - picture.box.left for tile in tiles} - {0}), dtype=int)
    height, width = canvas_file.size.height, canvas_file.size.width
    means = {offset: _Mean() for offset in (0, *_BESIDE_PX, *(-px for px in _BESIDE_PX))}
    every = max(1, canvas_file.size.area // _MOST_PX)
    for index, (top, bottom) in enumerate(_strips(rows, height)):
        if index % every:
            continue
        pixels = canvas_file.read(Box(top, 0, bottom - top, width)).astype(np.int32)
        steps = np.diff(pixels, axis=1)  # between column c and c + 1
        for offset, mean in means.items():
            at = columns - 1 + offset
            mean.add(steps[:, at[(at >= 0) & (at < width - 1)]])
    deep = max(_BESIDE_PX)
    for row in rows:
        top, bottom = max(0, row - 1 - deep), min(height, row + 1 + deep)
        for left in range(0, width, _SIDE_PX):
            across = min(_SIDE_PX, width - left)
            steps = np.diff(canvas_file.read(Box(top, left, bottom - top, across)).astype(np.int32), axis=0)
            for offset, mean in means.items():
                at = row - 1 + offset - top
                if 0 <= at < len(steps):
                    mean.add(steps[at])
    border = means.pop(0).value
    beside = [mean.value for mean in means.values() if mean.count]
    nearest = min(max(border, min(beside, default=0.0)), max(beside, default=0.0))
    return border / nearest if nearest else 1.0


class _Mean:
    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, steps: np.ndarray) -> None:
        self.total, self.count = self.total + float(np.abs(steps).sum()), self.count + steps.size

    @property
    def value(self) -> float:
        return self.total / self.count if self.count else 0.0


def _strips(borders: list[int], height: int) -> list[tuple[int, int]]:
    """Runs of at most 64 rows that no border crosses."""
    edges = [0, *borders, height]
    return [(top, min(top + _ROWS, end)) for start, end in pairwise(edges) for top in range(start, end, _ROWS)]
