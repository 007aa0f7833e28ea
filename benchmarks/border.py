"""Whether pictures have a fringe along their edges, by three meters: `python -m benchmarks.border PICTURE...`.

Each is 1 without a fringe: *plain*, the mean step between neighbouring pixels in the outermost 4 px by that inside;
*band*, the mean step towards the edge there by that 8 to 24 px from it; *edge*, the meter of exports, and its value on
each side. In brackets the same of the picture cut smaller by 6 to 60 px, where there can be no fringe.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engine.images.edges import BORDER_PX, DEEP_PX, steepness

CUTS_PX = range(6, 61, 3)
_LEAST_SIDE_PX = 60
_BAND_PX = slice(8, 24)
_SIDES = ("top", "bottom", "left", "right")


def plain(picture: np.ndarray) -> float:
    """Of a picture uint8 [h, w, 3], as the two below."""
    at_the_edge, inside = list[np.ndarray](), list[np.ndarray]()
    for axis in (0, 1):
        steps = np.abs(np.diff(picture.astype(np.int16), axis=axis)).mean(2)
        border = np.ones(steps.shape, bool)
        border[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
        at_the_edge.append(steps[border])
        inside.append(steps[~border])
    return _ratio(np.concatenate(at_the_edge), np.concatenate(inside))


def band(picture: np.ndarray) -> float:
    steps = [np.abs(np.diff(side[:DEEP_PX].astype(np.int16), axis=0)) for side in sides(picture)]
    return _ratio(*(np.concatenate([each[part].ravel() for each in steps]) for part in (slice(BORDER_PX), _BAND_PX)))


def edge(picture: np.ndarray) -> float:
    return math.exp(float(np.median(np.concatenate([steepness(side[:DEEP_PX]) for side in sides(picture)]))))


def sides(picture: np.ndarray) -> list[np.ndarray]:
    """Top, bottom, left and right, each with its edge first."""
    turned = picture.swapaxes(0, 1)
    return [picture, picture[::-1], turned, turned[::-1]]


def told(picture: np.ndarray) -> str:
    """All meters of a picture in one line."""
    cuts = [cut for cut in CUTS_PX if min(picture.shape[:2]) - 2 * cut >= _LEAST_SIDE_PX]

    def with_cuts(meter: Callable[[np.ndarray], float]) -> str:
        chance = [meter(picture[cut:-cut, cut:-cut]) for cut in cuts] or [math.nan]
        return f"{meter(picture):.2f} ({min(chance):.2f} to {max(chance):.2f})"

    each = (math.exp(float(np.median(steepness(side[:DEEP_PX])))) for side in sides(picture))
    of_sides = ", ".join(f"{name} {value:.2f}" for name, value in zip(_SIDES, each, strict=True))
    return f"plain {plain(picture):.2f}, band {with_cuts(band)}, edge {with_cuts(edge)}: {of_sides}"


def _ratio(at_the_edge: np.ndarray, inside: np.ndarray) -> float:
    return float(at_the_edge.mean() / inside.mean()) if inside.any() else 1.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    for path in parser.parse_args(arguments).pictures:
        print(f"{path.name}: {told(np.asarray(Image.open(path).convert('RGB')))}", flush=True)


if __name__ == "__main__":
    main()
