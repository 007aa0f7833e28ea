"""How MAGIC's network is told of maps of amounts: it knows a few values at a time.

Between them its decisions are blended, place by place. The maps are directed.py's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log

from torch import Tensor

from engine.images import maps
from engine.methods.magic.conditions import RANGES
from engine.methods.magic.settings import MagicSettings

_LEAST_STEP = 0.02
"""Powers of `maps.STRONGEST` that are worth asking the network for."""


def parts(amounts: Mapping[str, Tensor], settings: MagicSettings) -> Iterator[tuple[str, float, Tensor]]:
    """The other values that the network is told, and how much of its decisions there is of them at each place.

    Args:
        amounts: powers of `maps.STRONGEST`, [1, h, w] each, by setting.

    Returns:
        setting, value, share [1, h, w] in 0..1; none that is 0 everywhere.
    """
    for name, powers in amounts.items():
        present = getattr(settings, name) if name in RANGES else 0.0
        if present <= 0:  # so many times nothing is nothing
            continue
        for end, sign in zip(RANGES[name], (-1, 1), strict=True):
            furthest = min(1.0, sign * log(end / present) / log(maps.STRONGEST))
            share = (sign * powers / max(furthest, _LEAST_STEP)).clamp(0, 1)
            if furthest >= _LEAST_STEP and bool((share > 0).any()):
                yield name, present * maps.STRONGEST ** (sign * furthest), share


def multiplied(settings: MagicSettings, powers: Mapping[str, Tensor]) -> MagicSettings:
    """The settings that the maps ask for in a patch, on the average: what the network is told there.

    Args:
        powers: of `maps.STRONGEST`, of any shape, by setting.
    """
    told = {name: power for name, power in powers.items() if name in RANGES}
    values = {name: getattr(settings, name) * maps.STRONGEST ** float(power.mean()) for name, power in told.items()}
    bounded = {name: min(max(value, RANGES[name][0]), RANGES[name][1]) for name, value in values.items() if value > 0}
    return settings.with_values(bounded)
