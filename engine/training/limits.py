"""The account of a `StopRule` while it trains: how long it has trained, and since when its style match stands still."""

from __future__ import annotations

import math

from engine.stop_rule import Limit, StopRule

RISE_POINTS = 0.5
"""Points of the style match, of 100, that count as a rise: repeated measurements of one picture differ by less."""


class Limits:
    """Begins to count when it is made."""

    def __init__(self, rule: StopRule) -> None:
        self._rule = rule
        self._trained_s = self._still_s = 0.0
        self._best: float | None = None

    def trained(self, seconds: float) -> None:
        """Training has gone on for so long."""
        self._trained_s += seconds
        self._still_s += seconds

    def measured(self, style_match: float) -> None:
        """A new measurement, 0 to 100."""
        if math.isfinite(style_match) and (self._best is None or style_match >= self._best + RISE_POINTS):
            self._best, self._still_s = style_match, 0.0

    def reached(self, step: int) -> Limit | None:
        """Which limit is reached after so many steps, those of a snapshot included; None while it is to go on."""
        rule = self._rule
        if rule.steps is not None and step >= rule.steps:
            return "steps"
        if rule.minutes is not None and self._trained_s >= 60 * rule.minutes:
            return "minutes"
        if rule.stall_minutes is not None and self._best is not None and self._still_s >= 60 * rule.stall_minutes:
            return "stall"
        return None
