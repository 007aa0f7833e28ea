"""What lies along the edges of a picture: a fringe, or the line that scans often have there."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

BORDER_PX = 4
_BAND_PX = range(8, 24, BORDER_PX)
"""Where the runs of as many pixels begin that those at the edge are compared with: so far from it."""
DEEP_PX = _BAND_PX.stop + 1
"""So much of each side is looked at."""
_RUN_PX = 8
"""How much of an edge is compared at a time."""
_LEAST_STEP = 0.5 / 255
"""Is added to all steps, in shares of the tones: smaller ones are rounding, not something to see."""
_OF_A_LINE = 2.0
"""So much steeper is an edge with a line: of 2,200 sides of photographs and paintings one was, by chance."""


def steepness(side: np.ndarray) -> np.ndarray:
    """How much steeper the outermost 4 px are towards the edge than those 8 to 24 px from it: logarithms, run by run.

    Each 8 px of the edge are compared with what lies beside them, steps towards the edge in units of those along it.
    So more or less to see at an edge makes no difference: a fringe runs along the edge, and its steps lead towards it.

    Args:
        side: uint8 or uint16 [DEEP_PX, length, 3], the edge first.

    Returns:
        any number of values, of both signs; their median is 0 where the edge is like what lies beside it.
    """
    tones = side.astype(np.float32) / np.iinfo(side.dtype).max
    runs = (side.shape[1] - 1) // _RUN_PX

    def means(steps: np.ndarray) -> np.ndarray:
        """Of each run, at the edge and then in the band: [1 + 4, runs]."""
        lines = np.abs(steps[:, : runs * _RUN_PX]).mean(2).reshape(len(steps), runs, _RUN_PX).mean(2) + _LEAST_STEP
        return np.stack([lines[first : first + BORDER_PX].mean(0) for first in (0, *_BAND_PX)])

    steep = np.log(means(np.diff(tones, axis=0)) / means(np.diff(tones, axis=1)))
    return (steep[0] - steep[1:]).ravel()


def lined_edges(pixels: Tensor) -> list[str]:
    """Which edges of an image have a line along them, in words; none of tiny images.

    Args:
        pixels: uint8 [3, h, w].
    """
    image = pixels.permute(1, 2, 0).numpy()
    if min(image.shape[:2]) < 2 * DEEP_PX:
        return []
    turned = image.swapaxes(0, 1)
    sides = {"top": image, "bottom": image[::-1], "left": turned, "right": turned[::-1]}
    return [name for name, side in sides.items() if np.median(steepness(side[:DEEP_PX])) > math.log(_OF_A_LINE)]
