"""Whether a picture has a fringe along its edges: the border meter."""

from __future__ import annotations

import math

import numpy as np

from engine.box import Box
from engine.export.canvas_file import CanvasFile
from engine.images.edges import DEEP_PX, steepness

_SIDE_PX = 16_384
"""So much of a side is read at once."""


def measure_border(canvas_file: CanvasFile, bleed_px: int = 0) -> float:
    """How much steeper steps towards the edge are in the outermost 4 px than 8 to 24 px from it, after cutting.

    The median of all parts of the edge, see `edges.steepness`: how it is along most of it, so that a line that happens
    to lie there is not taken for a fringe.

    Args:
        bleed_px: so much of the canvas is cut off on each side.

    Returns:
        1 where the edge is like what lies beside it, more where it has a fringe, less where it is smeared; 1 for tiny
        pictures, too.
    """
    whole = canvas_file.size
    height, width = whole.height - 2 * bleed_px, whole.width - 2 * bleed_px
    if min(height, width) < 2 * DEEP_PX:
        return 1.0
    found: list[np.ndarray] = []
    for start in range(0, width, _SIDE_PX):
        length = min(_SIDE_PX, width - start)
        top = canvas_file.read(Box(bleed_px, bleed_px + start, DEEP_PX, length))
        bottom = canvas_file.read(Box(bleed_px + height - DEEP_PX, bleed_px + start, DEEP_PX, length))
        found += [steepness(top), steepness(bottom[::-1])]
    for start in range(0, height, _SIDE_PX):
        length = min(_SIDE_PX, height - start)
        left = canvas_file.read(Box(bleed_px + start, bleed_px, length, DEEP_PX)).swapaxes(0, 1)
        right = canvas_file.read(Box(bleed_px + start, bleed_px + width - DEEP_PX, length, DEEP_PX)).swapaxes(0, 1)
        found += [steepness(left), steepness(right[::-1])]
    return math.exp(float(np.median(np.concatenate(found))))
