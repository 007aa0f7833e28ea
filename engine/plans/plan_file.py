"""The file of a plan, TOML or JSON, as it is written by hand or by the window. docs/away.md describes it.

minutes = 30                      what stands above the runs holds for all of them
style = ["roofs", "streets.jpg"]
content = "owl.jpg"
[[run]]
seed = [7, 8, 9]                  a run for each
[[run]]
name = "Large pieces"
method = "famos"
preset = "Draft"
set = { content_weight = 20 }
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from engine.bounded import parse_json, read_text
from engine.box import Size
from engine.errors import BadPlanError, TesseraError
from engine.files import write_atomically
from engine.images.find import find_images
from engine.job import DEFAULT_METHOD, Job, SourceImage
from engine.method import Method, method_class, method_keys, method_slots
from engine.method_choices import preset_values
from engine.nearest import instead
from engine.opening import open_project
from engine.plans.places import Places
from engine.plans.plan import MOST_RUNS, Plan, Run, checked, free_name, refuse
from engine.project import project_folder
from engine.settings import Settings
from engine.stop_rule import StopRule

T = TypeVar("T")
MOST_BYTES = 2**20
_ENDS = ("minutes", "steps", "stall_minutes")
_KEYS = ("name", "method", "preset", "set", "canvas", "seed", "project", "go_on", *_ENDS)


def read_plan(path: Path) -> Plan:
    """Reads a plan and checks it; paths in it are relative to its folder.

    Raises:
        BadPlanError: it can not be read, or something in it can not be had: all of it, in sentences.
    """
    stored, text = _stored(path)
    places = Places.of(text if path.suffix.lower() != ".json" else "")
    tables = stored.pop("run", [{}])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadPlanError(f"{path.name}: the runs are tables, each begun by [[run]].")
    problems: list[str] = []
    runs: list[Run] = []
    slots = {slot.key for key in method_keys() for slot in method_slots(key)}
    problems += [
        f"Above the runs{places.of_key(key)} there is no key {key}; {other}" for key, other in _unknown(stored, slots)
    ]
    for number, table in enumerate(tables[: MOST_RUNS + 1], 1):
        values = {**stored, **table}
        if "steps" in table or "minutes" in table:  # its own way to end, and not the one above beside it
            values = {k: v for k, v in values.items() if k not in _ENDS or k in table or k == "stall_minutes"}
        where = _text(values.get("name")) or f"Run {number}"
        problems += [
            f"{where}{places.of_key(key, number)}: there is no key {key}; {other}"
            for key, other in _unknown(table, slots)
        ]
        seeds = values.get("seed", Job.model_fields["seed"].default)
        for seed in seeds if isinstance(seeds, list) else [seeds]:
            said: list[str] = []
            job = _job({**values, "seed": seed}, path.parent, slots, said)
            ends = [values.get(name) for name in ("steps", "minutes", "stall_minutes")]
            until = _tried(said, lambda ends=ends: StopRule(*ends))
            problems += [f"{where}{places.of_run(number)}: {problem}" for problem in said]
            if job is None or until is None:
                continue
            name = f"{where}, seed {seed}" if isinstance(seeds, list) else where
            name = free_name(name, (run.name for run in runs))
            runs.append(Run(name, job, until, values.get("go_on") is True))
    refuse(problems)
    return checked(Plan(tuple(runs)))


def _unknown(table: Mapping[str, Any], slots: set[str]) -> list[tuple[str, str]]:
    """Each key that there is not, and which ones there are instead."""
    known = (*_KEYS, *sorted(slots))
    return [(key, instead(key, known, "docs/away.md lists them all.")) for key in table if key not in known]


def write_plan(path: Path, plan: Plan) -> None:
    """Writes a plan as JSON, with all that `read_plan` needs to make the same one. Raises NoRoomError."""
    runs = []
    for run in plan.runs:
        stored = run.job.stored()
        canvas = run.job.canvas_size
        runs.append(
            {
                "name": run.name,
                **run.until.stored(),
                **({"go_on": True} if run.goes_on else {}),
                "method": stored["method"],
                "seed": stored["seed"],
                **({} if canvas is None else {"canvas": f"{canvas.width}x{canvas.height}"}),
                "set": stored["settings"],
                **{slot: images for slot, images in stored["sources"].items() if images},
            }
        )
    write_atomically(path, json.dumps({"run": runs}, indent=1, ensure_ascii=False))


def _stored(path: Path) -> tuple[dict[str, Any], str]:
    """What is written in the file, and its text."""
    try:
        text = read_text(path, MOST_BYTES)
    except OSError as error:
        raise BadPlanError(f"The plan {path} could not be read ({error.strerror or error}).") from None
    except ValueError as error:
        raise BadPlanError(f"The plan {path} can not be read: {error}.") from None
    try:
        stored = parse_json(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # both kinds say where
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise BadPlanError(f"{path.name} is not {kind}: {error}.") from None
    if not isinstance(stored, dict):
        raise BadPlanError(f"{path.name} holds no plan, which is a table with runs.")
    return stored, text


def _job(values: Mapping[str, Any], folder: Path, slots: set[str], problems: list[str]) -> Job | None:
    """What one run asks for; None where some of it can not be had, with a sentence for each in `problems`."""
    before = len(problems)
    base = _tried(problems, lambda: _base(values, folder))
    key = _text(values.get("method")) or (base.method if base else DEFAULT_METHOD)
    method = _tried(problems, lambda: method_class(key))
    settings = None if method is None else _settings(method, base, values, problems)
    sources = dict(base.sources) if base else {}
    if base and method and base.method != method.key:
        taken = {slot.key for slot in method.slots}
        sources = {slot: images for slot, images in sources.items() if slot in taken}
    for slot in sorted(slots & values.keys()):
        sources[slot] = tuple(_tried(problems, lambda slot=slot: _images(slot, values[slot], folder, problems)) or ())
    canvas = base.canvas_size if base else None
    if "canvas" in values:
        canvas = _tried(problems, lambda: _canvas(values["canvas"]))
    seed = values["seed"]
    job = _tried(problems, lambda: _checked_job(method, settings, sources, canvas, seed))
    return job if len(problems) == before else None


def _tried(problems: list[str], act: Callable[[], T]) -> T | None:
    """What something returns; None, and its sentence in `problems`, where it can not be had."""
    try:
        return act()
    except TesseraError as error:
        problems.append(str(error))
        return None


def _base(values: Mapping[str, Any], folder: Path) -> Job | None:
    if "project" not in values:
        return None
    return open_project(project_folder(_path(values["project"], folder, "project"))).job


def _settings(
    method: type[Method], base: Job | None, values: Mapping[str, Any], problems: list[str]
) -> Settings | None:
    """The settings of a run: each that can not be had has its sentence in `problems`."""
    presets, changes = values.get("preset", []), values.get("set", {})
    names = [presets] if isinstance(presets, str) else presets
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        problems.append("preset is a name, or a list of names.")
        names = []
    if not isinstance(changes, dict):
        problems.append("set is a table of settings, as in set = { content_weight = 20 }.")
        changes = {}
    settings: Settings = base.settings if base and base.method == method.key else method.Settings()
    laid = _tried(problems, lambda: settings.with_values(preset_values(method, names))) or settings
    together = _tried(said := [], lambda: laid.with_values(changes))
    if together is None:
        alone: list[str] = []
        for name, value in changes.items():
            _tried(alone, lambda name=name, value=value: laid.with_values({name: value}))
        problems += alone or said
    return together


def _checked_job(
    method: type[Method] | None,
    settings: Settings | None,
    sources: dict[str, tuple[SourceImage, ...]],
    canvas: Size | None,
    seed: Any,
) -> Job:
    """Raises BadPlanError: a value that no job can have; one of the usual method where its own can not be had."""
    if method is None or settings is None:
        method = method or method_class(DEFAULT_METHOD)
        settings = method.Settings()
    try:
        return Job(method=method.key, settings=settings, sources=sources, canvas_size=canvas, seed=seed)
    except ValidationError as error:
        first = error.errors()[0]
        name = "canvas" if first["loc"][:1] == ("canvas_size",) else str(first["loc"][0])
        text = str(first["msg"]).removeprefix("Value error, ")
        value = repr(first["input"] if canvas is None or name != "canvas" else f"{canvas.width}x{canvas.height}")
        raise BadPlanError(f"{name} can not be {value}: {text[:1].lower()}{text[1:]}.") from None


def _images(slot: str, value: Any, folder: Path, problems: list[str]) -> list[SourceImage]:
    images: list[SourceImage] = []
    for entry in value if isinstance(value, list) else [value]:
        about: Any = {"path": entry} if isinstance(entry, str) else entry
        if not isinstance(about, dict):
            raise BadPlanError(f"{slot} is a path, a table with one, or a list of them.")
        files, said = find_images([_path(about.get("path"), folder, slot)])
        problems += said
        for file in files:
            try:
                images.append(SourceImage(**{**about, "path": str(file.absolute())}))
            except ValidationError as error:
                first = error.errors()[0]
                what = f"{slot}: {first['loc'][0]} can not be {first['input']!r}"
                raise BadPlanError(f"{what}. {first['msg']}.") from None
    return images


def _path(value: Any, folder: Path, name: str) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise BadPlanError(f"{name} can not be {value!r}; it is a path.")
    return folder.absolute() / Path(value).expanduser()


def _canvas(value: Any) -> Size:
    width, _, height = value.lower().partition("x") if isinstance(value, str) else ("", "", "")
    if not (width.isdecimal() and height.isdecimal() and len(value) < 20):
        raise BadPlanError(f'canvas can not be {value!r}; it is written as "1200x800", width first.')
    return Size(int(height), int(width))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
