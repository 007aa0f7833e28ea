"""Whether a picture has a fringe along its edges: the border meter."""

from __future__ import annotations

import math

import numpy as np

from engine.box import Box
from engine.export.canvas_file import CanvasFile

_BORDER_PX = 4
_BAND_PX = range(8, 24, _BORDER_PX)
"""Where the runs of as many pixels begin that a run at the border is compared with: so far from the edge."""
_RUN_PX = 8
"""How much of an edge is compared at a time."""
_SIDE_PX = 16_384
"""So much of a side is read at once; whole runs."""
_LEAST_STEP = 0.5 / 255
"""Is added to all steps, in shares of the tones: smaller ones are rounding, not something to see."""


def measure_border(canvas_file: CanvasFile, bleed_px: int = 0) -> float:
    """How much steeper steps towards the edge are in the outermost 4 px than 8 to 24 px from it, after cutting.

    Each 8 px of the edge are compared with what lies beside them, steps towards the edge in units of those along it,
    and the median says how it is along most of the edge. So neither a part of the picture with more or less to see nor
    a line that happens to lie at its edge is taken for a fringe: a fringe runs along the edge, and its steps lead
    towards it.

    Args:
        bleed_px: so much of the canvas is cut off on each side.

    Returns:
        1 where the edge is like what lies beside it, more where it has a fringe, less where it is smeared; 1 for tiny
        pictures, too.
    """
    whole = canvas_file.size
    height, width = whole.height - 2 * bleed_px, whole.width - 2 * bleed_px
    deep = _BAND_PX.stop + 1
    if min(height, width) < 2 * deep:
        return 1.0
    found: list[np.ndarray] = []
    for start in range(0, width, _SIDE_PX):
        length = min(_SIDE_PX, width - start)
        found.append(_of_a_side(canvas_file.read(Box(bleed_px, bleed_px + start, deep, length))))
        found.append(_of_a_side(canvas_file.read(Box(bleed_px + height - deep, bleed_px + start, deep, length))[::-1]))
    for start in range(0, height, _SIDE_PX):
        length = min(_SIDE_PX, height - start)
        left = canvas_file.read(Box(bleed_px + start, bleed_px, length, deep))
        right = canvas_file.read(Box(bleed_px + start, bleed_px + width - deep, length, deep))
        found += [_of_a_side(left.swapaxes(0, 1)), _of_a_side(right.swapaxes(0, 1)[::-1])]
    return math.exp(float(np.median(np.concatenate(found))))


def _of_a_side(pixels: np.ndarray) -> np.ndarray:
    """Logarithms of how much steeper each run at the edge is than those beside it, any number of them.

    Args:
        pixels: [deep, length, 3], the edge first.
    """
    tones = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    runs = (pixels.shape[1] - 1) // _RUN_PX

    def means(steps: np.ndarray) -> np.ndarray:
        """Of each run, at the edge and then in the band: [1 + 4, runs]."""
        lines = np.abs(steps[:, : runs * _RUN_PX]).mean(2).reshape(len(steps), runs, _RUN_PX).mean(2) + _LEAST_STEP
        return np.stack([lines[first : first + _BORDER_PX].mean(0) for first in (0, *_BAND_PX)])

    steepness = np.log(means(np.diff(tones, axis=0)) / means(np.diff(tones, axis=1)))
    return (steepness[0] - steepness[1:]).ravel()
