"""A job from stored values that may be damaged, unknown or out of range: what can be had is taken, the rest is named.

Values come from files that somebody else, or another version, may have written. Nothing here raises.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from engine.box import Size
from engine.errors import BadSettingError
from engine.job import (
    COLOR,
    DEFAULT_METHOD,
    LARGEST_SIDE_PX,
    MOST_PIECES,
    SMALLEST_SIDE_PX,
    Job,
    PieceChoice,
    PieceChoices,
    SourceImage,
)
from engine.method import method_class, method_keys
from engine.migrations import is_windows_path
from engine.settings import Settings, Spec, specs

MOST_IMAGES = 20_000
"""Of a slot."""
MOST_REGIONS = 64
"""That an image may lie in."""
_LARGEST_SEED = 2**31 - 1
_MOST_SHOWN, _MOST_TEXT = 40, 10_000
_KNOWN = ("method", "settings", "sources", "canvas", "seed", "pieces")


class Repaired(NamedTuple):
    """A job, and one sentence for each thing that had to be changed."""

    job: Job
    sentences: tuple[str, ...]


def repaired_job(stored: Any, folder: Path, look: bool = True) -> Repaired:
    """A job from its stored form, in the present format.

    Args:
        folder: the project's. Images in it are stored by their place in it; others are looked for where they were,
            and then relative to it.
        look: False looks for no image, and takes each to be where it was.
    """
    said: list[str] = []
    if not isinstance(stored, Mapping):
        said.append("The job could not be read, and is empty now.")
        stored = {"sources": {}}
    for name in stored:
        if name not in _KNOWN:
            said.append(f"{shown(name)} is unknown here, and was left out.")
    key = stored.get("method", DEFAULT_METHOD)
    known = isinstance(key, str) and key in method_keys()
    if not known:
        usual = method_class(DEFAULT_METHOD).title
        said.append(f"There is no method {shown(key)}; {usual} takes its place, with its usual settings.")
    method = method_class(key if known else DEFAULT_METHOD)
    settings = _settings(method.Settings, stored.get("settings", {}) if known else {}, said)
    sources = _sources(stored.get("sources"), folder, look, said)
    canvas = canvas_size(stored.get("canvas"), said)
    seed = stored.get("seed", Job.model_fields["seed"].default)
    if not _is_number(seed) or not 0 <= seed <= _LARGEST_SEED or seed != int(seed):
        usual = Job.model_fields["seed"].default
        said.append(f"The seed can not be {shown(seed)}, and is {usual} now.")
        seed = usual
    pieces = _pieces(stored.get("pieces"), said)
    job = Job(method=method.key, settings=settings, sources=sources, canvas_size=canvas, seed=int(seed), pieces=pieces)
    return Repaired(job, tuple(said))


# ---------------------------------------------------------------- settings


def _settings(cls: type[Settings], stored: Any, said: list[str]) -> Settings:
    if not isinstance(stored, Mapping):
        said.append("The settings could not be read, and are the usual ones now.")
        return cls.of({})
    known = {spec.name: spec for spec in specs(cls)}
    values: dict[str, Any] = {}
    for stored_name, value in stored.items():
        name = cls.former_names.get(stored_name, stored_name)
        if name not in known:
            said.append(f"The setting {shown(name)} is unknown here, and was left out.")
        else:
            values[name] = _allowed(known[name], value, said)
    try:
        return cls.of(values)
    except BadSettingError:  # each may be had, but not all of them together
        return _fitting(cls, values, known, said)


def _allowed(spec: Spec, value: Any, said: list[str]) -> Any:
    """The value, or the nearest that the setting can have, or its usual one."""
    label = spec.knob.label
    if spec.kind in ("float", "int") and _is_number(value):
        assert spec.minimum is not None
        assert spec.maximum is not None
        whole = round(value) if spec.kind == "int" else float(value)
        nearest = min(max(whole, spec.minimum), spec.maximum)
        nearest = int(nearest) if spec.kind == "int" else float(nearest)
        if nearest != value:
            bound = {spec.minimum: ", the least that it can be", spec.maximum: ", the most that it can be"}
            said.append(f"{label} was {shown(value)}, and is {nearest:g} now{bound.get(nearest, '')}.")
        return nearest
    fits = {"bool": isinstance(value, bool), "choice": isinstance(value, str) and value in spec.values}
    if fits.get(spec.kind, False):
        return value
    said.append(f"{label} can not be {shown(value)}, and is as usual: {spec.label_of(spec.default)}.")
    return spec.default


def _fitting(cls: type[Settings], values: Mapping[str, Any], known: Mapping[str, Spec], said: list[str]) -> Settings:
    """As many of the values, in their order, as go together."""
    settings = cls.of({})
    left = dict(values)
    for _ in range(2):  # one that only goes with a later one finds it there at the second time
        for name, value in list(left.items()):
            try:
                settings = settings.with_values({name: value})
                del left[name]
            except BadSettingError:
                continue
    for name, value in left.items():
        spec, now = known[name], getattr(settings, name)
        said.append(
            f"{spec.knob.label} can not be {spec.label_of(value)} with the other settings, "
            f"and is {spec.label_of(now)} now."
        )
    return settings


# ---------------------------------------------------------------- images, canvas


def _sources(stored: Any, folder: Path, look: bool, said: list[str]) -> dict[str, tuple[SourceImage, ...]]:
    if not isinstance(stored, Mapping):
        said.append("The list of images could not be read; drop them again.")
        return {}
    sources = {}
    for slot, images in stored.items():
        if not isinstance(images, list) or not _is_clean(slot):
            said.append(f"The images of {shown(slot)} could not be read; drop them again.")
            continue
        if len(images) > MOST_IMAGES:
            said.append(f"{slot} had {len(images):,} images; the first {MOST_IMAGES:,} are taken.")
        sources[slot] = tuple(_images(slot, images[:MOST_IMAGES], folder, look, said))
    return sources


def _images(slot: str, stored: Iterable[Any], folder: Path, look: bool, said: list[str]) -> Iterator[SourceImage]:
    lost = 0
    for image in stored:
        path = image.get("path") if isinstance(image, Mapping) else None
        if not isinstance(path, str) or not path or not _is_clean(path):
            lost += 1
            continue
        numbers = {}
        for name in ("weight", "scale"):
            field = SourceImage.model_fields[name]
            least, most = (next(getattr(m, b) for m in field.metadata if hasattr(m, b)) for b in ("ge", "le"))
            value = image.get(name, field.default)
            numbers[name] = float(min(max(value, least), most)) if _is_number(value) else field.default
            if numbers[name] != value:
                file = os.path.basename(path)
                said.append(f"The {name} of {file} was {shown(value)}, and is {numbers[name]:g} now.")
        regions = _regions(image, path, said)
        if unknown := [name for name in image if name not in ("path", "relative", "regions", *numbers)]:
            said.append(f"{shown(unknown[0])} of {os.path.basename(path)} is unknown here, and was left out.")
        relative = image.get("relative") if look else None
        yield SourceImage(path=_found(path, relative, folder), regions=regions, **numbers)
    if lost:
        said.append(f"{lost} of the images of {slot} had no readable name; drop them again.")


def _regions(image: Mapping[str, Any], path: str, said: list[str]) -> tuple[str, ...] | None:
    """Where an image may lie: colours; anywhere where that can not be read."""
    stored = image.get("regions")
    if stored is None:
        return None
    if isinstance(stored, list) and all(isinstance(color, str) and re.fullmatch(COLOR, color) for color in stored):
        return tuple(stored[:MOST_REGIONS])
    said.append(f"The regions of {os.path.basename(path)} could not be read; it may lie anywhere now.")
    return None


def _pieces(stored: Any, said: list[str]) -> PieceChoices:
    """What is wanted of single pieces, without that which can not be read."""
    if stored is None:
        return PieceChoices()
    listed = stored.get("choices", []) if isinstance(stored, Mapping) else None
    if not isinstance(stored, Mapping) or not isinstance(listed, list) or not set(stored) <= {"draw", "choices"}:
        said.append("What was chosen of single pieces could not be read; all are as they were drawn.")
        return PieceChoices()
    choices: dict[int, PieceChoice] = {}
    for choice in listed[:MOST_PIECES]:
        try:
            read = PieceChoice.model_validate(choice, strict=False)
        except ValidationError:
            continue
        if all(_is_clean(name) for name in (read.of, read.place.image if read.place else "")):
            choices.setdefault(read.index, read)
    if len(choices) < len(listed):
        said.append(f"{len(listed) - len(choices)} choices of single pieces could not be read, and were left out.")
    draw = stored.get("draw", 0)
    draw = int(draw) if _is_number(draw) and 0 <= draw <= 1_000_000 else 0
    return PieceChoices(draw=draw, choices=tuple(choices.values()))


def _found(path: str, relative: Any, folder: Path) -> str:
    """Where an image is: in the project's folder, where it was, or as far from the project as it was."""
    if not os.path.isabs(path):
        return path if is_windows_path(path) else os.path.normpath(folder.absolute() / path)
    if isinstance(relative, str) and relative and _is_clean(relative) and not os.path.exists(path):
        beside = (folder / relative).resolve()
        if os.path.exists(beside):
            return str(beside)
    return path


def canvas_size(stored: Any, said: list[str], least_px: int = SMALLEST_SIDE_PX) -> Size | None:
    """A size from [height, width], within what a canvas can have; sentences are added to `said`."""
    if stored is None:
        return None
    if not isinstance(stored, list) or len(stored) != 2 or not all(map(_is_number, stored)):
        said.append("The size of the canvas could not be read; it follows the first content image.")
        return None
    sides = [min(max(round(side), least_px), LARGEST_SIDE_PX) for side in stored]
    if sides != stored:
        said.append(f"The canvas was {shown(stored)}, and is {sides[1]:,} × {sides[0]:,} px now.")
    return Size(*sides)


# ---------------------------------------------------------------- values


def number(value: Any) -> float:
    """A finite number from 0 on, or 0."""
    return max(0.0, float(value)) if _is_number(value) else 0.0


def numbers(value: Any) -> dict[str, float]:
    """The finite numbers of a dictionary, by name."""
    if not isinstance(value, Mapping):
        return {}
    return {name: float(entry) for name, entry in value.items() if _is_clean(name) and _is_number(entry)}


def text(value: Any) -> str:
    """A text that can be shown and written down again, or an empty one."""
    return value[:_MOST_TEXT] if _is_clean(value) else ""


def _is_number(value: Any) -> bool:
    """A finite number that a float can hold; Python takes true and false for numbers as well."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _is_clean(text: Any) -> bool:
    """Whether a text can be a file's name, and be written down again."""
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(value: Any) -> str:
    """A value as part of a sentence, of a bearable length."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        text = "a very large number"
    text = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    text = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
    return f"“{text}”" if isinstance(value, str) else text
