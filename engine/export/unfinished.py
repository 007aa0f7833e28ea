"""Exports that were begun and not ended, so that the next start can offer to go on with them.

A project notes where its canvases lie; a canvas keeps the request that it came from. Painting is run.py's.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.box import Size
from engine.errors import BadCanvasError, TesseraError
from engine.export import journal
from engine.export.journal import Unfinished
from engine.files import write_atomically
from engine.messages.exports import ExportRequest
from engine.options import EncodeOptions, RenderMode

_NOTES = "unfinished.json"
_PATHS = ("out", "snapshot", "frames", "canvas_folder")


def listing(project: Path) -> list[Unfinished]:
    """Canvases that exports of this project have left, the oldest first; those that are gone or damaged left out."""
    found = []
    for folder in _noted(project):
        with suppress(BadCanvasError):
            begun = journal.find(folder)
            if begun is not None:
                found.append(begun)
    return found


def note(project: Path, folder: Path) -> None:
    """An export begins. A project that can not be written to goes without."""
    _write(project, [*(known for known in _noted(project) if known != folder), folder])


def forget(project: Path, folder: Path) -> None:
    """An export has ended, or was given up."""
    _write(project, [known for known in _noted(project) if known != folder])


def request_of(begun: Unfinished) -> ExportRequest:
    """The export to be asked for again, to go on. Raises BadCanvasError: it can not be understood."""
    try:
        return replace(_read(begun.request_json, begun.folder), resume=True)
    except (KeyError, TypeError, ValueError, TesseraError):
        raise BadCanvasError(f"{begun.folder} does not say what it is of, so it can not be gone on with.") from None


def stored(request: ExportRequest) -> dict[str, Any]:
    """A request as plain JSON."""
    values = asdict(request)
    for name in _PATHS:
        values[name] = None if values[name] is None else str(Path(values[name]).absolute())
    return values


def _read(values: dict[str, Any], folder: Path) -> ExportRequest:
    values = dict(values)
    for name in _PATHS:
        values[name] = None if values[name] is None else folder / values[name]  # absolute ones stay as they are
    values["size"] = None if values["size"] is None else Size(**values["size"])
    values["encode_options"] = EncodeOptions(**values["encode_options"])
    values["render_mode"] = RenderMode(**values["render_mode"])
    values["cluster"] = ""  # which may be gone; whoever goes on says where
    values["devices"], values["part"] = tuple(values["devices"]), tuple(values["part"])
    values["crop"] = tuple(values["crop"]) if values.get("crop") is not None else None  # none before 0.3
    return ExportRequest(**values)


def _noted(project: Path) -> list[Path]:
    try:
        return [Path(folder) for folder in json.loads((project / _NOTES).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _write(project: Path, folders: list[Path]) -> None:
    with suppress(TesseraError, OSError):
        if folders:
            write_atomically(project / _NOTES, json.dumps([str(folder) for folder in folders], indent=1))
        else:
            (project / _NOTES).unlink(missing_ok=True)
