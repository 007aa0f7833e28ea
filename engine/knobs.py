"""How settings are declared: one call for each knob, by what it turns. What is read from them is settings.py's.

    class FamosSettings(Settings):
        content_weight: float = weight(60.0, 500, "Content", "More: ... Less: ...", symbol="λ", live=True)

All helpers take the default, the bounds where the kind has any, the label and the help; the rest is as in `Knob`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypedDict, TypeVar, Unpack

from pydantic import Field

from engine.settings import Knob, Scale, Settings, When, bounds_of, knob_of

T = TypeVar("T")


class Shown(TypedDict, total=False):
    """What most knobs do without; see `Knob`."""

    symbol: str
    unit: str
    live: bool
    group: str
    advanced: bool
    when: tuple[When, ...]
    before: str
    useful: tuple[float, float]


class Changes(Shown, total=False):
    """What a subclass may say anew of a knob."""

    label: str
    help: str
    scale: Scale
    choices: tuple[str, ...]


def number(
    default: float, least: float, most: float, label: str, help: str, scale: Scale = "linear", **shown: Unpack[Shown]
) -> float:
    """A number from `least` to `most`."""
    return _field(default, Knob(label, help, scale=scale, **shown), least, most)


def weight(default: float, most: float, label: str, help: str, **shown: Unpack[Shown]) -> float:
    """How much a term of the loss counts: from 0, finest near it, and changed between two steps."""
    return number(default, 0, most, label, help, "log", **{"live": True, **shown})


def share(default: float, label: str, help: str, **shown: Unpack[Shown]) -> float:
    """A part of a whole, 0 to 1."""
    return number(default, 0, 1, label, help, **shown)


def factor(default: float, least: float, most: float, label: str, help: str, **shown: Unpack[Shown]) -> float:
    """How many times as large: twice and half lie equally far from 1."""
    return number(default, least, most, label, help, "log", **{"unit": "x", **shown})


def count(
    default: int, least: int, most: int, label: str, help: str, scale: Scale = "linear", **shown: Unpack[Shown]
) -> int:
    """A whole number from `least` to `most`."""
    return _field(default, Knob(label, help, scale=scale, **shown), least, most)


def steps(
    default: int, least: int, most: int, label: str, help: str, scale: Scale = "linear", **shown: Unpack[Shown]
) -> int:
    """A number of training steps, changed between two of them."""
    return count(default, least, most, label, help, scale, **{"unit": "steps", "live": True, **shown})


def toggle(default: bool, label: str, help: str, **shown: Unpack[Shown]) -> bool:
    """On or off."""
    return _field(default, Knob(label, help, **shown))


def choice(default: T, choices: tuple[str, ...], label: str, help: str, **shown: Unpack[Shown]) -> T:
    """One of the values of the annotation, a `Literal` of strings; `choices` are their labels, in its order."""
    return _field(default, Knob(label, help, choices=choices, **shown))


def redeclared(
    base: type[Settings],
    name: str,
    *,
    default: Any = None,
    least: float | None = None,
    most: float | None = None,
    **changes: Unpack[Changes],
) -> Any:
    """A knob of a base class with another default, other bounds or other words; all else, and its place, stay."""
    field = base.model_fields[name]
    old_least, old_most = bounds_of(field)
    return _field(
        field.default if default is None else default,
        replace(knob_of(name, field), **changes),
        old_least if least is None else least,
        old_most if most is None else most,
    )


def one_of(name: str, *values: str | bool, also: tuple[When, ...] = ()) -> tuple[When, ...]:
    """The knob acts where another setting has one of some values; conditions are added where any will do.

    Args:
        also: what must hold besides.
    """
    return (When(name, values, also=also),)


def above(name: str, bound: float) -> tuple[When, ...]:
    """The knob acts where another setting is above a number."""
    return (When(name, above=bound),)


def _field(default: T, knob: Knob, least: float | None = None, most: float | None = None) -> T:
    """A pydantic field, which by pydantic's own custom has the type of its default."""
    carried: Any = {"knob": knob}  # no JSON, and never made into any: it is where pydantic keeps what is not its own
    return Field(default, ge=least, le=most, json_schema_extra=carried)
