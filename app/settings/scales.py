"""How a slider's positions map to a setting's values: linear, logarithmic, finest near one. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor, log, log10

from engine.settings import Spec

# one position is 2.3 %: more than three figures can be off, so that each value finds its position again
_POSITIONS_PER_DECADE = 100
_FINEST_LINEAR = 1000
_MIDDLE_PARTS, _END_PARTS = 14, 3
"""Of a slider's 20 parts: those of the useful range, and those of each end."""


@dataclass(frozen=True)
class Scale:
    """Positions 0..`positions` of a slider against values minimum..maximum.

    A logarithmic scale whose minimum is 0 has 0 at position 0 and goes on at `lowest`. A mirrored one is logarithmic in
    what its values lack to 1: 0.9, 0.99 and 0.999 lie equally far from each other.

    Args:
        lowest: the smallest value above 0 that a slider reaches (logarithmic scales only).
        step: distance of two neighbouring values of an arrow key (linear scales only).
        decimals: digits behind the point that a number field needs.
    """

    minimum: float
    maximum: float
    whole: bool
    logarithmic: bool
    lowest: float
    step: float
    decimals: int
    positions: int
    mirrored: bool = False
    key_positions: int = 4
    """Positions of an arrow key: about a hundredth of a linear useful range, a tenth of a logarithmic value."""

    @classmethod
    def of(cls, spec: Spec) -> Scale:
        """The scale of a setting that is a number."""
        assert spec.minimum is not None
        assert spec.maximum is not None
        minimum, maximum, whole = float(spec.minimum), float(spec.maximum), spec.kind == "int"
        default = float(spec.default)
        if spec.knob.scale == "log" and minimum >= 0 and maximum > 0:
            lowest = minimum or _lowest(maximum, default, whole)
            decimals = 0 if whole else max(0, 2 - floor(log10(lowest)))
            positions = max(1, round(log10(maximum / lowest) * _POSITIONS_PER_DECADE))
            return cls(minimum, maximum, whole, True, lowest, 0.0, decimals, positions)
        if spec.knob.scale == "near one" and 0 <= minimum < maximum < 1:
            lowest = _figures(1 - maximum, 3)
            positions = max(1, round(log10((1 - minimum) / lowest) * _POSITIONS_PER_DECADE))
            return cls(minimum, maximum, False, True, lowest, 0.0, 2 - floor(log10(lowest)), positions, mirrored=True)
        span = maximum - minimum
        step = _nice(span / 100) if span else 1.0
        low, high = spec.useful
        if whole:  # of a million draws of chance the first hundred are useful, and each of them has its place
            step = 1.0 if span <= _FINEST_LINEAR else max(1.0, _nice((high - low) / 100))
        decimals = 0 if whole else max(_decimals(step), *(_decimals(x) for x in (default, minimum, maximum)))
        positions = max(1, round(span / step))
        keys = max(1, int((high - low) / step / 100))
        return cls(minimum, maximum, whole, False, minimum, step, decimals, positions, key_positions=keys)

    def value(self, position: int) -> float:
        """The value at a position, rounded to three figures (logarithmic) or to a step (linear)."""
        if position <= 0:
            return self._typed(self.minimum)
        if position >= self.positions:
            return self._typed(self.maximum)
        if not self.logarithmic:
            return self._typed(round(self.minimum + position * self.step, self.decimals))
        share = position / self.positions
        if self.mirrored:
            lack = _figures((1 - self.minimum) * (self.lowest / (1 - self.minimum)) ** share, 3)
            return round(1 - lack, self.decimals)
        return self._typed(_figures(self.lowest * (self.maximum / self.lowest) ** share, 3))

    def position(self, value: float) -> int:
        """The position nearest to a value; values outside the range are at the ends."""
        value = min(max(value, self.minimum), self.maximum)
        if self.mirrored:
            widest = 1 - self.minimum
            share = log((1 - value) / widest) / log(self.lowest / widest)
            return min(max(round(share * self.positions), 0), self.positions)
        if not self.logarithmic:
            return min(self.positions, round((value - self.minimum) / self.step))
        if value <= 0 or self.maximum == self.lowest:
            return 0
        share = log(max(value, self.lowest) / self.lowest) / log(self.maximum / self.lowest)
        # small values above 0 must not look like 0
        return max(round(share * self.positions), 1 if value > self.minimum else 0)

    def stepped(self, value: float, steps: int) -> float:
        """The value after so many presses of an arrow key; logarithmic scales move the second figure.

        Of 0.995 that is the 5, the first figure of what it lacks: the next are 0.9951 and 0.9949.
        """
        for _ in range(abs(steps)):
            value = self._next(value, up=steps > 0)
        return self._typed(min(max(value, self.minimum), self.maximum))

    def _next(self, value: float, up: bool) -> float:
        if not self.logarithmic:
            return round(value + (self.step if up else -self.step), self.decimals)
        if self.mirrored:
            lack = 1 - value
            # going up what is lacking shrinks, in the steps of the smaller decade
            magnitude = floor(log10(lack * (1 - 1e-9 if up else 1 + 1e-9)))
            step = 10.0 ** (magnitude - 1)
            return round(value + (step if up else -step), self.decimals)
        if value < self.lowest or (value == self.lowest and not up):
            return self.lowest if up else self.minimum
        # going down from 1.0 the next value is 0.99: the step is that of the values below
        magnitude = floor(log10(value if up else value * (1 - 1e-9)))
        step = max(10.0 ** (magnitude - 1), 1.0 if self.whole else 0.0)
        value = round(value + (step if up else -step), max(self.decimals, 1 - magnitude))
        return max(value, self.lowest)

    def _typed(self, value: float) -> float:
        return round(value) if self.whole else value


@dataclass(frozen=True)
class Track:
    """Positions of a slider whose middle is the useful range, and whose ends hold the extremes.

    Of 20 parts the middle has 14, and each end 3; an end with no values in it gives its parts to the middle. All
    values of the scale have a position of their own.

    Args:
        useful: first and last position, on the scale, of the middle.
        part: positions of one twentieth.
    """

    scale: Scale
    useful: tuple[int, int]
    part: int

    @classmethod
    def of(cls, spec: Spec) -> Track:
        """The track of a setting that is a number."""
        scale = Scale.of(spec)
        low, high = (scale.position(value) for value in spec.useful)
        if low >= high:
            low, high = 0, scale.positions
        below, middle, above = low, high - low, scale.positions - high
        parts = _MIDDLE_PARTS + (0 if below else _END_PARTS) + (0 if above else _END_PARTS)
        needed = (below / _END_PARTS, middle / parts, above / _END_PARTS)
        return cls(scale, (low, high), max(1, *(ceil(n) for n in needed)))

    @property
    def positions(self) -> int:
        return self.part * (_MIDDLE_PARTS + 2 * _END_PARTS)

    @property
    def middle(self) -> tuple[int, int]:
        """First and last position of the useful range."""
        end, (low, high) = _END_PARTS * self.part, self.useful
        return end if low else 0, self.positions - (end if high < self.scale.positions else 0)

    def value(self, position: int) -> float:
        """The value at a position."""
        return self.scale.value(round(_between(position, self._places, self._scale_places)))

    def position(self, value: float) -> int:
        """The position nearest to a value; values outside the range are at the ends."""
        return round(_between(self.scale.position(value), self._scale_places, self._places))

    def extreme(self, value: float) -> int:
        """-1 for a value in the lower end, 1 in the upper one, 0 in the useful range."""
        at = self.scale.position(value)
        return (at > self.useful[1]) - (at < self.useful[0])

    @property
    def _places(self) -> tuple[int, ...]:
        return 0, *self.middle, self.positions

    @property
    def _scale_places(self) -> tuple[int, ...]:
        return 0, *self.useful, self.scale.positions


def _between(at: float, places: tuple[int, ...], others: tuple[int, ...]) -> float:
    """`at` among `places`, ascending, carried over to `others` part by part."""
    for (start, end), (other, other_end) in zip(pairwise(places), pairwise(others), strict=True):
        if at <= end and end > start:
            return other + max(0.0, at - start) / (end - start) * (other_end - other)
    return others[-1]


def _lowest(maximum: float, default: float, whole: bool) -> float:
    if whole:
        return 1.0
    candidates = [maximum * 1e-4]
    if default > 0:
        candidates.append(default * 1e-2)
    return _figures(10.0 ** floor(log10(min(candidates))), 1)


def _nice(value: float) -> float:
    """The next lower 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(value))
    factor = max(f for f in (1, 2, 5) if f * power <= value * (1 + 1e-9))
    return _figures(factor * power, 1)


def _figures(value: float, figures: int) -> float:
    return float(f"{value:.{figures - 1}e}")


def _decimals(value: float) -> int:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -int(exponent))
