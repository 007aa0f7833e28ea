"""The part of a setting's range that a hand is meant to find; the rest lies in the marked ends of its slider."""

from __future__ import annotations

_LOG_TIMES = 6.0
"""A finely divided number is useful from its start divided by this to its start times this."""
_LINEAR_TIMES = 4.0
_LARGE_SHARE = 0.1
"""Of the range, where a finely divided number starts at 0 and so says nothing of its own size."""
_CHANCE = 9_999
"""A bare whole number that starts at 0, 1 or 2 and goes as far as this counts draws of chance: any is as good."""
_DRAWS = 100
_NEARLY = 0.75
"""From this share of the most on, nothing is left out: an end of its own would be next to empty."""


def useful_range(
    default: float, least: float, most: float, *, fine: bool = False, whole: bool = False, unit: str = ""
) -> tuple[float, float]:
    """The bounds of what is useful, within `least` to `most`, around `default`; (least, most) where all of it is.

    Knobs that declare their own (`Knob.useful`) have no need of this.

    Args:
        fine: the slider is divided by factors rather than by differences (`Knob.scale` is "log").
        whole: only whole numbers are meant.
        unit: what is counted, empty for a bare number.
    """
    low, high = least, most
    if whole and not unit and default <= 2 and most >= _CHANCE:
        high = _DRAWS
    elif fine and default > 0:
        low, high = default / _LOG_TIMES, default * _LOG_TIMES
    elif fine:
        high = least + _LARGE_SHARE * (most - least)
    elif 0 < _LINEAR_TIMES * default < most / 1.5 and least >= 0:
        low, high = default / _LINEAR_TIMES, default * _LINEAR_TIMES
    low, high = max(least, _figures(low)), min(most, _figures(high))
    if high > _NEARLY * most:
        high = most
    if whole:
        low, high = float(round(low)), float(round(high))
    return (low, high) if low < high else (least, most)


def _figures(value: float) -> float:
    """Two figures, so that a bound reads like one that somebody set."""
    return float(f"{value:.1e}")
