"""What the generator of MAGIC is told of its loss, so that one network answers for all weights.

Dosovitskiy and Djolonga 2020, You Only Train Once. Softness and the second network's bound are not told: they act on
what the network decided, which can then be kept while they change.
"""

from __future__ import annotations

import math

from engine.methods.magic.settings import MagicSettings

RANGES = {"content_weight": (3.0, 250.0), "variation_weight": (0.01, 1.5), "entropy_weight": (0.3, 4.0)}
"""Least and most of the weights that are told, and of what is drawn when a network learns for all of them."""
_COARSENESS_PX = (2.0, 16.0)
COUNT = len(RANGES) + 2


def conditions(settings: MagicSettings, guided: bool) -> list[float]:
    """c: the logarithms of weights and of phi's coarseness, -1..1 over their ranges; and 1 where a content guides.

    Values beyond the ranges are told as they are at their ends, for nothing was learned there.
    """
    told = [_placed(getattr(settings, name), *bounds) for name, bounds in RANGES.items()]
    return [*told, _placed(coarseness_px(settings), *_COARSENESS_PX), float(guided)]


def coarseness_px(settings: MagicSettings) -> float:
    """Side of the blocks that phi compares; that of the block with a Gaussian's deviation where it blurs."""
    if settings.correspondence == "blur":
        return settings.blur_px * math.sqrt(12)
    return float(settings.correspondence.removeprefix("pool"))


def _placed(value: float, least: float, most: float) -> float:
    value = min(max(value, least), most)
    return 2 * math.log(value / least) / math.log(most / least) - 1
