"""When a training ends by itself. What keeps the account of it while it trains is training/limits.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.errors import BadSettingError

Limit = Literal["steps", "minutes", "stall"]
"""What ended a training."""
MOST_STEPS, MOST_MINUTES = 1_000_000_000, 100_000.0


@dataclass(frozen=True)
class StopRule:
    """Whichever comes first; with none of them it goes on until somebody ends it.

    Args:
        steps: this many are done, those of a snapshot that it went on from included.
        minutes: of training, from when the rule is given.
        stall_minutes: so long the style match has not risen; only beside one of the others, since it may not be known.

    Raises:
        BadSettingError: one sentence.
    """

    steps: int | None = None
    minutes: float | None = None
    stall_minutes: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and not (_is_number(self.steps, int) and 1 <= self.steps <= MOST_STEPS):
            raise BadSettingError(f"steps can not be {self.steps!r}; it is a whole number from 1 to {MOST_STEPS:,}.")
        for name in ("minutes", "stall_minutes"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value, int, float) and 0 < value <= MOST_MINUTES):
                raise BadSettingError(
                    f"{name} can not be {value!r}; it is a number above 0, up to {MOST_MINUTES:,.0f}."
                )
        if self.stall_minutes is not None and self.steps is None and self.minutes is None:
            raise BadSettingError(
                "stall_minutes needs minutes or steps beside it, for pictures that never stop rising."
            )

    @property
    def ends(self) -> bool:
        """Whether it ends at all."""
        return self.steps is not None or self.minutes is not None

    def after(self, trained_s: float) -> StopRule | None:
        """What is left of it after so many seconds of training; None where its minutes are over."""
        if self.minutes is None:
            return self
        left = self.minutes - trained_s / 60
        return replace(self, minutes=left) if left > 0 else None

    def stored(self) -> dict[str, Any]:
        """Plain JSON values, by the names that this class takes."""
        values = {"steps": self.steps, "minutes": self.minutes, "stall_minutes": self.stall_minutes}
        return {name: value for name, value in values.items() if value is not None}


def _is_number(value: object, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
