"""What somebody else's project would reach outside its folder: told before anything of it is touched, and withheld.

Images lie where the artist has them, so a project names files anywhere on the disk. In a project that came from
elsewhere such names were chosen by somebody else. Nothing here follows a link, or looks at a file outside.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.bounded import read_json
from engine.files import no_room, write_atomically
from engine.migrations import is_windows_path
from engine.project import FILE_NAME, PLAN_NAME, SNAPSHOTS, keep_aside

MOST_FILES = 200_000
"""That are looked through for links."""
_SET_ASIDE = ("unfinished.json", PLAN_NAME)
"""Files that are withheld as a whole: they only tell what was under way."""
_NOTES = _SET_ASIDE[0]
_PATHS = ("path", "relative")


def outside_paths(folder: Path) -> list[str]:
    """Files outside that a project's own files name, and links in its folder, each once."""
    found = dict.fromkeys(_links(folder))
    for file in _described_by(folder):
        for image in _images(_stored(file)):
            outside = [path for name in _PATHS if (path := image.get(name)) and _is_outside(path, folder)]
            found |= dict.fromkeys(map(str, outside[:1]))  # the second is a hint to where the first may be
    plan = _stored(folder / PLAN_NAME)
    runs = plan.get("runs") if isinstance(plan, dict) else None
    for run in runs if isinstance(runs, list) else []:
        for image in _images(run):
            outside = [path for name in _PATHS if (path := image.get(name)) and _is_outside(path, folder)]
            found |= dict.fromkeys(map(str, outside[:1]))
    notes = _stored(folder / _NOTES)
    for path in notes if isinstance(notes, list) else []:
        if isinstance(path, str):
            found[path] = None
    return list(found)


def withhold(folder: Path) -> None:
    """Takes out of a project's files what `outside_paths` names; images keep their names, and are missing.

    Each file is kept aside as it was; links are renamed, which follows none of them.

    Raises:
        NoRoomError: it can not be written.
    """
    for file in _described_by(folder):
        stored = _stored(file)
        changed = False
        for image in _images(stored):
            outside = [name for name in _PATHS if (path := image.get(name)) and _is_outside(path, folder)]
            if "path" in outside:
                # a name that no link can have been made for
                image["path"] = f"withheld-{uuid.uuid4().hex[:8]}/{bare_name(image['path'])}"
            if "relative" in outside:
                del image["relative"]
            changed |= bool(outside)
        if changed:
            keep_aside(file)
            write_atomically(file, json.dumps(stored, indent=1))
    for path in [*_links(folder), *(str(folder / name) for name in _SET_ASIDE)]:
        try:
            if os.path.lexists(path):
                os.rename(path, f"{path}.withheld-{uuid.uuid4().hex[:8]}")
        except OSError as error:
            raise no_room(Path(path), error) from error


def bare_name(path: str) -> str:
    """The last part of a path of any system."""
    return path.replace("\0", "").replace("\\", "/").rstrip("/").rpartition("/")[2] or "image"


def _described_by(folder: Path) -> Iterator[Path]:
    """project.json and each snapshot.json, as far as they are files and no links."""
    try:
        with os.scandir(folder / SNAPSHOTS) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        names = []
    for file in (folder / FILE_NAME, *(folder / SNAPSHOTS / name / "snapshot.json" for name in names)):
        if not _is_outside(str(file), folder) and file.is_file():
            yield file


def _stored(file: Path) -> Any:
    try:
        return None if file.is_symlink() else read_json(file)
    except (OSError, ValueError):
        return None


def _images(stored: Any) -> Iterator[dict[str, Any]]:
    """The stored images of a job, whatever else is wrong with it; those of which the path is a text."""
    job = stored.get("job") if isinstance(stored, dict) else None
    sources = job.get("sources") if isinstance(job, dict) else None
    for images in sources.values() if isinstance(sources, dict) else ():
        for image in images if isinstance(images, list) else ():
            if isinstance(image, dict) and isinstance(image.get("path"), str):
                yield image


def _is_outside(path: object, folder: Path) -> bool:
    """Whether a path leaves the folder: by its name alone, or by a link on its way."""
    if not isinstance(path, str) or is_windows_path(path) or "\0" in path:
        return True
    inside = os.path.relpath(os.path.join(os.path.abspath(folder), path), os.path.abspath(folder))
    parts = Path(inside).parts
    if os.path.isabs(inside) or ".." in parts:
        return True
    return any(os.path.islink(folder.joinpath(*parts[:end])) for end in range(1, len(parts) + 1))


def _links(folder: Path) -> Iterator[str]:
    """Links anywhere in the folder; none of them is followed."""
    seen = 0
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            seen += 1
            if os.path.islink(os.path.join(parent, name)):
                yield os.path.join(parent, name)
        if seen > MOST_FILES:
            return
