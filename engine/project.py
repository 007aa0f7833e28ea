"""A project: a folder that holds what the artist chose, and the snapshots made from it.

    NAME/                     any folder name; windows and commands take the folder or its project.json
      project.json            the job: method, settings, images, canvas, seed
      project-as-it-was-*.json  what a project.json said before something in it had to be repaired
      snapshots/0001/         see snapshots.py
      masks/                  what was painted in the window
      plan.json               how far a plan of several trainings has come, see plans/journal.py

Images are not copied. Those in the folder are stored by their place in it; the paths of others are stored relative to
the folder as well as absolute, so a project that is moved together with its images still finds them.

Here stored settings become those of their method, which is asked for its class. That brings torch along where it is
not loaded yet, and costs nobody anything: whoever reads a job goes on to its method, and the window opens its first
project after torch. A registry of settings classes beside that of methods would be a second line for every method.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from engine.bounded import MOST_JSON_BYTES, read_json
from engine.errors import BadProjectError, BadSettingError
from engine.files import no_room, replacing, write_atomically
from engine.job import Job
from engine.migrations import FORMAT, migrated
from engine.repair import Repaired, repaired_job

FILE_NAME = "project.json"
PLAN_NAME = "plan.json"
"""The file of a plan under way; what is in it is plans/journal.py's."""
PACKED = ".tessera"
"""How the name of a project in one file ends, see archive.py."""
SNAPSHOTS = "snapshots"
"""The folder of its snapshots; what is in it is snapshots.py's."""
REMOVED = ".removed"
"""Folder in that of the snapshots: those that undo would bring back."""


def project_folder(path: Path) -> Path:
    """The project's folder, given it, its project.json, or anything inside its snapshots.

    A folder whose project.json was lost is one as well, as long as it has snapshots.

    Raises:
        BadProjectError: none of these.
    """
    for holds in (_has_file, has_snapshots):
        for candidate in (path, *path.parents):
            if holds(candidate):
                return candidate
    raise BadProjectError(f"{path} is not a Tessera project: neither it nor a folder above it holds {FILE_NAME}.")


def has_snapshots(folder: Path) -> bool:
    """Whether there is a folder that looks like a snapshot in it."""
    try:
        with os.scandir(folder / SNAPSHOTS) as entries:
            return any(e.name.isdecimal() and (Path(e.path) / "snapshot.json").is_file() for e in entries)
    except OSError:
        return False


def save_job(folder: Path, job: Job) -> None:
    """Writes project.json, whole or not at all; one that says more than was understood is kept aside before.

    Raises:
        NoRoomError: it can not be written, or the one that is there can not be kept aside; it is as it was.
    """
    file = folder / FILE_NAME
    try:
        whole = not os.path.exists(file) or not read_project(folder, look=False).sentences
    except (BadProjectError, OSError):
        whole = False
    if not whole:
        keep_aside(file)
    stored = {"format": FORMAT, "job": stored_job(job, folder)}
    write_atomically(file, json.dumps(stored, indent=1, ensure_ascii=False))


def load_job(folder: Path) -> Job:
    """Reads project.json; what is unknown or can not be had is left out, see `read_project`. Raises BadProjectError."""
    return read_project(folder).job


def read_project(folder: Path, look: bool = True) -> Repaired:
    """Reads project.json, and says in a sentence what in it had to be repaired; the file itself stays as it is.

    Args:
        look: False looks for no image that may have moved.

    Raises:
        BadProjectError: it is missing, or nothing in it can be understood.
    """
    file = folder / FILE_NAME
    try:
        stored = read_json(file)
    except OSError as error:
        raise BadProjectError(f"{file} could not be read: {error.strerror or error}.") from None
    except ValueError:
        raise BadProjectError(
            f"{file} is damaged: nothing in it can be read. Begin a new project, and drop its images again."
        ) from None
    if not isinstance(stored, dict) or not isinstance(stored.get("job"), dict):
        raise BadProjectError(f"{file} is damaged, or is not of Tessera: it holds no job. Choose another project.")
    return read_stored(stored, folder, look)


def read_stored(stored: dict[str, Any], folder: Path, look: bool = True) -> Repaired:
    """The job of a project.json or a snapshot.json of any version, repaired where it has to be."""
    number = stored.get("format")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        number = 1
    job, sentences = repaired_job(migrated(stored["job"], number), folder, look)
    if number > FORMAT:
        newer = "It was written by a newer Tessera; what this one does not know was left out. Please update it."
        sentences = (newer, *sentences)
    return Repaired(job, sentences)


def stored_job(job: Job, folder: Path) -> dict[str, Any]:
    """A job as plain JSON values of the present format; `parse_job` reads it back."""
    stored = job.stored()
    for images in stored["sources"].values():
        for image in images:
            relative = _relative(image["path"], folder)
            if relative is None:
                continue
            if relative.split("/")[0] == "..":
                image["relative"] = relative
            else:
                image["path"] = relative
    return stored


def parse_job(stored: dict[str, Any], folder: Path) -> Job:
    """A job from its stored form in the present format, where nothing has to be repaired.

    Raises:
        BadSettingError: something in it is unknown or can not be had; all of it, in sentences.
    """
    job, sentences = repaired_job(stored, folder)
    if sentences:
        raise BadSettingError(" ".join(sentences))
    return job


def keep_aside(file: Path) -> Path | None:
    """Copies a file beside itself before it is written over; None where there is nothing to copy.

    A copy is named by what is in it, so that the same is kept once. A file that is too large to be ours is renamed.

    Raises:
        NoRoomError: it can not be written.
    """
    try:
        if not file.is_file():
            return None
        with file.open("rb") as source:
            mark = hashlib.sha256(source.read(MOST_JSON_BYTES)).hexdigest()[:8]
        aside = file.with_name(f"{file.stem}-as-it-was-{mark}{file.suffix}")
        if not aside.exists() and file.stat().st_size > MOST_JSON_BYTES:
            file.rename(aside)
    except OSError as error:
        raise no_room(file, error) from error
    if not aside.exists():
        with replacing(aside) as temporary:
            shutil.copyfile(file, temporary)
    return aside


def _has_file(folder: Path) -> bool:
    return os.path.isfile(folder / FILE_NAME)


def _relative(path: str, folder: Path) -> str | None:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return None
