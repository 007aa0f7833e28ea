"""Knobs: a setting is declared once, and the panel, the command line, the project file and validation read it here.

A method declares its settings as a frozen pydantic model, each field by one of the helpers of knobs.py. Types are float
and int, both with bounds, bool, and `Literal[...]` of strings.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from engine.errors import BadSettingError
from engine.nearest import instead
from engine.useful_range import useful_range

Scale = Literal["linear", "log", "near one"]


@dataclass(frozen=True)
class When:
    """A condition on another setting: it has one of `values`, or is `above` a number; and all of `also` hold."""

    name: str
    values: tuple[Any, ...] = ()
    above: float | None = None
    also: tuple[When, ...] = ()

    def holds(self, settings: Settings) -> bool:
        value = getattr(settings, self.name)
        held = value > self.above if self.above is not None else value in self.values
        return held and all(when.holds(settings) for when in self.also)


@dataclass(frozen=True)
class Knob:
    """How a setting is shown to the artist.

    Args:
        label: in the artist's words.
        help: what more and less of it do.
        symbol: the paper's term or letter, for the tooltip.
        unit: "px", "steps", ...; empty for a bare number.
        scale: how a slider moves; "log" may include 0 as its lowest position, "near one" is finest below 1.
        live: changes between two training steps; otherwise the networks are rebuilt.
        group: heading in the panel.
        advanced: shown in the fold.
        choices: labels for the values of a `Literal`, in its order.
        when: the setting acts where any of these holds, of a setting that acts itself; always where there are none.
        before: the inherited setting that this one, and those declared after it, stand before; see `specs`.
        useful: bounds of the values that a hand is meant to find, of numbers; see `Spec.useful`.
    """

    label: str
    help: str
    symbol: str = ""
    unit: str = ""
    scale: Scale = "linear"
    live: bool = False
    group: str = "Look"
    advanced: bool = False
    choices: tuple[str, ...] = ()
    when: tuple[When, ...] = ()
    before: str = ""
    useful: tuple[float, float] | None = None


@dataclass(frozen=True)
class Spec:
    """One setting, ready to be drawn or parsed."""

    name: str
    kind: Literal["float", "int", "bool", "choice"]
    default: Any
    minimum: float | None
    maximum: float | None
    values: tuple[str, ...]
    knob: Knob

    @property
    def useful(self) -> tuple[float, float]:
        """The middle of a number's slider: what the knob declares, or else what follows from default and bounds."""
        assert self.minimum is not None
        assert self.maximum is not None
        if self.knob.useful is not None:
            low, high = self.knob.useful
            return max(low, self.minimum), min(high, self.maximum)
        fine = self.knob.scale == "log"
        if self.knob.scale == "near one":
            return self.minimum, self.maximum
        whole, unit = self.kind == "int", self.knob.unit
        return useful_range(float(self.default), self.minimum, self.maximum, fine=fine, whole=whole, unit=unit)

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.values)
        if self.kind == "bool":
            return "true or false"
        number = "a whole number" if self.kind == "int" else "a number"
        return f"{number} from {self.minimum:g} to {self.maximum:g}"

    def label_of(self, value: Any) -> str:
        """A value in words: the choice's label, on or off, a number with its unit."""
        if self.kind == "choice":
            labels = dict(zip(self.values, self.knob.choices, strict=False))
            return labels.get(str(value), str(value).replace("_", " "))
        if self.kind == "bool":
            return "on" if value else "off"
        return f"{value:g} {self.knob.unit}".strip()


class Settings(BaseModel):
    """Base of every method's settings; values are immutable, `with_values` makes a changed copy."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    former_names: ClassVar[Mapping[str, str]] = {}
    """Names that settings had in earlier versions, and their present ones: stored values and scripts go on working."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Validated settings; unnamed ones have their defaults. Which were named is remembered: files hold only these.

        Raises:
            BadSettingError: one sentence on the first wrong name or value.
        """
        try:
            return cls(**{cls.former_names.get(name, name): value for name, value in values.items()})
        except ValidationError as error:
            raise BadSettingError(_message(cls, error)) from None

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """A copy with some values changed, which count as named. Raises BadSettingError like `of`."""
        cls = type(self)
        try:
            # A slider changes one of some fifty: the others are valid already, and need no second look.
            changed = {name: _validator(cls, name).validate_python(value) for name, value in values.items()}
            # A model is not validated again, but what is required of several settings together is checked.
            return cls.model_validate(self.model_copy(update=changed))
        except (ValidationError, KeyError):  # rarely: then all are looked at, to say which is wrong first
            return cls.of({**self.model_dump(exclude_unset=True), **values})

    def needs_rebuild(self, other: Settings) -> bool:
        """True where `other` differs in a setting that is not live."""
        return any(not spec.knob.live for spec in differing(self, other))


@cache
def specs(settings: type[Settings]) -> tuple[Spec, ...]:
    """All settings of a class, in the order of the panel.

    That of their declaration, those of base classes first. One with `Knob.before` stands before that setting, and those
    declared after it in its class follow it. A setting that is declared again keeps its place.
    """
    fields, names = settings.model_fields, list[str]()
    for part in reversed(settings.__mro__):
        place = len(names)
        for name in inspect.get_annotations(part):
            if name in fields and name not in names:
                before = knob_of(name, fields[name]).before
                place = names.index(before) if before else place
                names.insert(place, name)
                place += 1
    return tuple(_spec(name, fields[name]) for name in names)


def knob_of(name: str, field: FieldInfo) -> Knob:
    """Raises TypeError: the field was not declared by knobs.py."""
    extra = field.json_schema_extra
    knob: object = extra.get("knob") if isinstance(extra, dict) else None
    if not isinstance(knob, Knob):
        raise TypeError(f"setting {name} needs a knob, from engine.knobs")
    return knob


def bounds_of(field: FieldInfo) -> tuple[float | None, float | None]:
    """The least and the most that a number may be; None where there is no such bound."""
    least, most = (
        next((value for item in field.metadata if (value := getattr(item, bound, None)) is not None), None)
        for bound in ("ge", "le")
    )
    return least, most


def differing(a: Settings, b: Settings) -> list[Spec]:
    """The settings in which two values of one class differ."""
    return [spec for spec in specs(type(a)) if getattr(a, spec.name) != getattr(b, spec.name)]


def idle(settings: Settings) -> frozenset[str]:
    """Names of the settings that change nothing as the others are now; see `Knob.when`."""
    known = {spec.name: spec for spec in specs(type(settings))}

    @cache
    def acts(name: str) -> bool:
        when = known[name].knob.when
        return not when or any(condition.holds(settings) and acts(condition.name) for condition in when)

    return frozenset(name for name in known if not acts(name))


def condition(settings: type[Settings], name: str) -> str:
    """Where a setting acts, in words: "Compare content is Blurred"; empty for everywhere."""
    known = {spec.name: spec for spec in specs(settings)}

    def words(when: When) -> str:
        other = known[when.name]
        if when.above is not None:
            part = f"{other.knob.label} is above {when.above:g}"
        else:
            part = f"{other.knob.label} is {' or '.join(other.label_of(value) for value in when.values)}"
        return " and ".join([part, *(words(also) for also in when.also)])

    return ", or ".join(words(when) for when in known[name].knob.when)


LISTED = "`tessera methods` lists them all."


def parse_assignments(settings: type[Settings], assignments: Iterable[str]) -> dict[str, Any]:
    """Values from texts like `content_weight=2.5`, as the command line gives them.

    Raises:
        BadSettingError: no `=`, an unknown name, or a value that can not be had.
    """
    known = {spec.name: spec for spec in specs(settings)}
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = settings.former_names.get(name, name)
        if not equals:
            raise BadSettingError(f"--set {assignment}: write it as name=value, for example content_weight=20.")
        if name not in known:
            raise BadSettingError(f"--set {name}: there is no such setting; {instead(name, known, LISTED)}")
        values[name] = _parsed(known[name], text)
    settings.of(values)
    return values


def _parsed(spec: Spec, text: str) -> Any:
    try:
        if spec.kind == "bool":
            return {
                "true": True,
                "1": True,
                "yes": True,
                "on": True,
                "false": False,
                "0": False,
                "no": False,
                "off": False,
            }[text.lower()]
        if spec.kind == "int":
            return int(text)
        if spec.kind == "float":
            return float(text)
        return text
    except (KeyError, ValueError):
        raise BadSettingError(f"{spec.name} can not be {text!r}; it is {spec.allowed}.") from None


def _spec(name: str, field: FieldInfo) -> Spec:
    annotation, values = field.annotation, ()
    kind: Literal["float", "int", "bool", "choice"]
    if get_origin(annotation) is Literal:
        kind, values = "choice", get_args(annotation)
    elif annotation is bool:
        kind = "bool"
    elif annotation is int:
        kind = "int"
    elif annotation is float:
        kind = "float"
    else:
        raise TypeError(f"setting {name} has a type without a widget: {annotation}")
    least, most = bounds_of(field)
    if kind in ("int", "float") and (least is None or most is None):
        raise TypeError(f"setting {name} needs bounds")
    return Spec(name, kind, field.default, least, most, values, knob_of(name, field))


@cache
def _validator(settings: type[Settings], name: str) -> TypeAdapter[Any]:
    """Validates one setting by its type and bounds. Raises KeyError for an unknown name."""
    field = settings.model_fields[name]
    return TypeAdapter(field.rebuild_annotation(), config=ConfigDict(allow_inf_nan=False))


def _message(settings: type[Settings], error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    known = {spec.name: spec for spec in specs(settings)}
    if name not in known:
        if not name:  # raised by a validator over several settings: its text is a sentence already
            return str(first["msg"]).removeprefix("Value error, ")
        return f"There is no setting {name}; {instead(name, known, LISTED)}"
    return f"{name} can not be {first['input']!r}; it is {known[name].allowed}."
