"""Presets of the artist's own: a small JSON file for each, which can be given to somebody else. No widgets here.

DATA/presets/METHOD/NAME.json     {"tessera": "preset", "format": 1, "method": "magic", "name": "...", "values": {...}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import BadProjectError, BadSettingError
from engine.files import write_atomically
from engine.method import method_class

FORMAT = 1
SUFFIX = ".json"
LARGEST_BYTES = 1_000_000
LONGEST_NAME = 60


@dataclass(frozen=True)
class OwnPreset:
    """
    Args:
        values: of settings, by name; all of them can be had.
        left_out: names of settings in the file that this Tessera does not know, or whose values it can not have.
    """

    method: str
    name: str
    values: Mapping[str, Any]
    left_out: tuple[str, ...] = ()


def save(folder: Path, preset: OwnPreset) -> Path:
    """Keeps a preset below `folder`; one of the same name is replaced. Returns its file. Raises NoRoomError."""
    path = _file(folder, preset)
    share(path, preset)
    return path


def share(path: Path, preset: OwnPreset) -> None:
    """Writes a preset to any file. Raises NoRoomError."""
    stored = {"tessera": "preset", "format": FORMAT, "method": preset.method, "name": preset.name}
    text = json.dumps({**stored, "values": dict(preset.values)}, indent=1, ensure_ascii=False)
    write_atomically(path, text)


def read(path: Path) -> OwnPreset:
    """Raises BadProjectError: it is no preset, damaged, or of a newer Tessera."""
    refusal = BadProjectError(
        f"{path.name} is not a preset of Tessera. Choose a file that was shared by “Share a preset”."
    )
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise refusal
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["tessera"] != "preset":
            raise refusal
        if stored["format"] > FORMAT:
            raise BadProjectError(f"{path.name} was written by a newer Tessera; please update this one.")
        method, name, values = str(stored["method"]), str(stored["name"]), dict(stored["values"])
        settings = method_class(method).Settings
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise refusal from None
    except BadSettingError as error:
        raise BadProjectError(f"{path.name} can not be used. {error}") from None
    known = settings.of({})
    good: dict[str, Any] = {}
    for key, value in values.items():
        with suppress(BadSettingError):
            good[key] = getattr(known.with_values({key: value}), key)
    with suppress(BadSettingError):
        settings.of(good)  # all together
        return OwnPreset(method, name[:LONGEST_NAME].strip() or path.stem, good, tuple(set(values) - set(good)))
    raise refusal


def listing(folder: Path, method: str) -> list[OwnPreset]:
    """The presets kept for a method, by name; files that are none are passed over."""
    found = []
    with suppress(OSError):  # as of a folder that is closed to us
        for path in sorted((folder / method).glob(f"*{SUFFIX}")):
            with suppress(BadProjectError):
                found.append(read(path))
    return sorted((preset for preset in found if preset.method == method), key=lambda preset: preset.name.lower())


def remove(folder: Path, preset: OwnPreset) -> None:
    with suppress(OSError):
        _file(folder, preset).unlink(missing_ok=True)


def _file(folder: Path, preset: OwnPreset) -> Path:
    plain = "".join(c if c.isalnum() or c in " -_" else "_" for c in preset.name).strip() or "preset"
    # two names that look the same as files stay two presets
    mark = "" if plain == preset.name else f" {abs(sum(map(ord, preset.name))) % 10_000}"
    return folder / preset.method / f"{plain}{mark}{SUFFIX}"
