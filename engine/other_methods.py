"""What the settings were of the methods that a project was left for another, so that coming back finds them.

PROJECT/methods.json     {"format": 1, "settings": {"magic": {...}}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.bounded import read_json
from engine.errors import BadSettingError
from engine.files import write_atomically
from engine.method import method_class
from engine.project import keep_aside
from engine.settings import Settings

FILE_NAME = "methods.json"
FORMAT = 1


def save_settings(project: Path, settings: Mapping[str, Settings]) -> None:
    """Writes the settings of each method; a file that was damaged is kept aside before. Raises NoRoomError."""
    file = project / FILE_NAME
    if _stored(file)[1]:
        keep_aside(file)
    stored = {key: values.model_dump(mode="json") for key, values in settings.items()}
    write_atomically(file, json.dumps({"format": FORMAT, "settings": stored}, indent=1, ensure_ascii=False))


def load_settings(project: Path) -> dict[str, Settings]:
    """The settings by key of method; a method or value that can not be had any more is left at its default."""
    values, _ = _stored(project / FILE_NAME)
    found: dict[str, Settings] = {}
    for key, of_method in values.items():
        with suppress(BadSettingError):
            found[key] = _usable(method_class(key).Settings, of_method if isinstance(of_method, dict) else {})
    return found


def told_of(project: Path) -> tuple[str, ...]:
    """A sentence where the file is there and none of it can be read; `load_settings` has nothing then."""
    _, damage = _stored(project / FILE_NAME)
    if not damage:
        return ()
    return (f"{FILE_NAME} {damage}: a method that was left for another begins with its usual settings.",)


def _stored(file: Path) -> tuple[dict[str, Any], str]:
    """What is written by key of method, and what is wrong with the file; empty where it is whole, or not there."""
    try:
        stored = read_json(file)
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"could not be read ({error.strerror or error})"
    except ValueError:
        return {}, "is damaged"
    values = stored.get("settings") if isinstance(stored, dict) else None
    return (values, "") if isinstance(values, dict) else ({}, "is damaged")


def _usable(settings: type[Settings], values: dict[str, Any]) -> Settings:
    with suppress(BadSettingError):
        return settings.of(values)
    found = settings.of({})
    for name, value in values.items():
        with suppress(BadSettingError):
            found = found.with_values({name: value})
    return found
