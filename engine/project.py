"""A project: a folder that holds what the artist chose, and the snapshots made from it.

    NAME/                     any folder name; windows and commands take the folder or its project.json
      project.json            the job: method, settings, images, canvas, seed
      snapshots/0001/         see snapshots.py

Images are not copied; their paths are stored relative to the folder as well as absolute, so a project that is moved
together with its images still finds them.

Here stored settings become those of their method, which is asked for its class. That brings torch along where it is
not loaded yet, and costs nobody anything: whoever reads a job goes on to its method, and the window opens its first
project after torch. A registry of settings classes beside that of methods would be a second line for every method.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.box import Size
from engine.errors import BadProjectError
from engine.files import write_atomically
from engine.job import Job
from engine.method import method_class

FILE_NAME = "project.json"
FORMAT = 1
_UNNAMED_METHOD = "famos"
"""What a stored job means that names none; `Job.stored` always does."""


def project_folder(path: Path) -> Path:
    """The project's folder, given it, its project.json, or anything inside its snapshots.

    Raises:
        BadProjectError: none of these.
    """
    for candidate in (path, *path.parents):
        if (candidate / FILE_NAME).is_file():
            return candidate
    raise BadProjectError(f"{path} is not a Tessera project: neither it nor a folder above it holds {FILE_NAME}.")


def save_job(folder: Path, job: Job) -> None:
    """Writes project.json, whole or not at all. Raises NoRoomError."""
    stored = {"format": FORMAT, "job": stored_job(job, folder)}
    write_atomically(folder / FILE_NAME, json.dumps(stored, indent=1, ensure_ascii=False))


def load_job(folder: Path) -> Job:
    """Reads project.json.

    Raises:
        BadProjectError: it is missing, damaged, or of a newer Tessera.
        BadSettingError: there is no such method or setting (any more), or a value can not be had.
    """
    file = folder / FILE_NAME
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if stored.get("format", 0) > FORMAT:
            raise BadProjectError(f"{file} was written by a newer Tessera; please update this one.")
        return parse_job(stored["job"], folder)
    except OSError as error:
        raise BadProjectError(f"{file} could not be read: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise BadProjectError(f"{file} is damaged. Open one of the project's snapshots instead.") from None


def stored_job(job: Job, folder: Path) -> dict[str, Any]:
    """A job as plain JSON values, its images relative to `folder` as well; `parse_job` reads it back."""
    stored = job.stored()
    for images in stored["sources"].values():
        for image in images:
            image["relative"] = _relative(image["path"], folder)
    return stored


def parse_job(stored: dict[str, Any], folder: Path) -> Job:
    """A job from its stored form; moved images are looked for relative to `folder`.

    Raises:
        BadSettingError: there is no such method or setting, or a value can not be had.
        ValueError, KeyError, TypeError, AttributeError: it is damaged.
    """
    values = {**stored}
    method = values.pop("method", _UNNAMED_METHOD)
    settings, canvas = values.pop("settings", {}), values.pop("canvas", None)
    values["sources"] = {
        slot: [_found({**image}, folder) for image in images] for slot, images in stored["sources"].items()
    }
    return Job(
        **values,
        method=method,
        settings=method_class(method).Settings.of(settings),
        canvas_size=None if canvas is None else Size(*map(int, canvas)),
    )


def _relative(path: str, folder: Path) -> str | None:
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # another drive on Windows
        return None


def _found(image: dict[str, Any], folder: Path) -> dict[str, Any]:
    relative = image.pop("relative", None)
    if relative and not Path(image["path"]).exists():
        beside = (folder / relative).resolve()
        if beside.exists():
            image["path"] = str(beside)
    return image
