"""A project: a folder that holds what the artist chose, and the snapshots made from it.

    NAME/                     any folder name; windows and commands take the folder or its project.json
      project.json            the job: method, settings, images, canvas, seed
      snapshots/0001/         see snapshots.py

Images are not copied; their paths are stored relative to the folder as well as absolute, so a project that is moved
together with its images still finds them. No torch here.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.box import Size
from engine.errors import BadProjectError
from engine.files import write_atomically

FILE_NAME = "project.json"
FORMAT = 1
DEFAULT_METHOD = "magic"
"""What a new project begins with, in the window and on the command line."""
_UNNAMED_METHOD = "famos"
"""What a stored job means that names none; `stored_job` always does."""


class SourceImage(BaseModel):
    """One image that the artist dropped.

    Args:
        path: absolute.
        weight: share of the templates (style) or of the crops (content), relative to the others.
        scale: the image is resampled by this factor before use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    weight: Annotated[float, Field(ge=0.0, le=10.0)] = 1.0
    scale: Annotated[float, Field(ge=0.05, le=4.0)] = 1.0


class Job(BaseModel):
    """Everything that decides what is computed; equal jobs give equal pictures (on one device).

    Args:
        method: key in the registry, such as "famos".
        settings: values of the method's settings; unnamed ones have their defaults.
        sources: images of each of the method's slots, in the artist's order; the first content is the target.
        canvas: (height, width) in pixels; None follows the first content.
        seed: of weights, crops and noise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    method: str = DEFAULT_METHOD
    settings: dict[str, Any] = {}
    sources: dict[str, tuple[SourceImage, ...]] = {}
    canvas: tuple[Annotated[int, Field(ge=64, le=300_000)], Annotated[int, Field(ge=64, le=300_000)]] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 7

    @property
    def canvas_size(self) -> Size | None:
        return None if self.canvas is None else Size(*self.canvas)


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
    """Reads project.json. Raises BadProjectError."""
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
    """A job as plain JSON values; `parse_job` reads it back."""
    stored = job.model_dump(mode="json")
    for images in stored["sources"].values():
        for image in images:
            image["relative"] = _relative(image["path"], folder)
    return stored


def parse_job(stored: dict[str, Any], folder: Path) -> Job:
    """A job from its stored form; moved images are looked for relative to `folder`."""
    sources = {}
    for slot, images in stored["sources"].items():
        sources[slot] = [_found({**image}, folder) for image in images]
    return Job.model_validate({"method": _UNNAMED_METHOD, **stored, "sources": sources})


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
