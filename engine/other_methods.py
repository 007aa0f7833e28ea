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
from engine.settings import Settings

FILE_NAME = "methods.json"
FORMAT = 1


def save_settings(project: Path, settings: Mapping[str, Settings]) -> None:
    """Writes the settings of each method. Raises NoRoomError."""
    stored = {key: values.model_dump(mode="json") for key, values in settings.items()}
    text = json.dumps({"format": FORMAT, "settings": stored}, indent=1, ensure_ascii=False)
    write_atomically(project / FILE_NAME, text)


def load_settings(project: Path) -> dict[str, Settings]:
    """The settings by key of method; a method or value that can not be had any more is left at its default."""
    stored: Any = None
    with suppress(OSError, ValueError):
        stored = read_json(project / FILE_NAME)
    values = stored.get("settings") if isinstance(stored, dict) else None
    found: dict[str, Settings] = {}
    for key, of_method in values.items() if isinstance(values, dict) else ():
        with suppress(BadSettingError):
            found[key] = _usable(method_class(key).Settings, of_method if isinstance(of_method, dict) else {})
    return found


def _usable(settings: type[Settings], values: dict[str, Any]) -> Settings:
    with suppress(BadSettingError):
        return settings.of(values)
    found = settings.of({})
    for name, value in values.items():
        with suppress(BadSettingError):
            found = found.with_values({name: value})
    return found
