"""Which paths stand for a project: its folder, its project.json, one packed file, or a picture exported from one."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import TesseraError
from engine.project import FILE_NAME, PACKED, has_snapshots

if TYPE_CHECKING:
    from engine.export.provenance import Origin


def is_packed(path: Path) -> bool:
    """Whether it is named as a project in one file."""
    return path.suffix.lower() == PACKED and not os.path.isdir(path)


def is_folder_of_project(path: Path) -> bool:
    """Whether it is a project's folder, also where its project.json was lost."""
    return os.path.isfile(path / FILE_NAME) or has_snapshots(path)


def is_project(path: Path) -> bool:
    """Whether it is a project: its folder, the project.json in it, or a packed one."""
    return path.name == FILE_NAME or is_packed(path) or is_folder_of_project(path)


def untitled_name() -> str:
    """What the folder of a project that begins now is called, until it is given a name."""
    return datetime.now().strftime("%Y-%m-%d %H.%M")


def title_of(folder: Path) -> str:
    """What a project is called: by its folder, where that has a name and not but a date."""
    return "Untitled" if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d\.\d\d( \d+)?", folder.name) else folder.name


def origin_of(path: Path, folders: tuple[Path, ...] = ()) -> Origin | None:
    """What an exported file says of itself; None where it is another file, or holds nothing.

    Args:
        folders: where to look for its images, besides beside the file itself.
    """
    from engine.export import provenance  # with what reads images, only when a file is looked at
    from engine.export.format import suffixes

    if path.suffix.lower() not in suffixes() or not os.path.isfile(path):
        return None
    try:
        return provenance.read(path, folders)
    except TesseraError:
        return None


def project_among(paths: Sequence[Path]) -> Path | None:
    """The first project among other things."""
    return next((path for path in paths if is_project(path)), None)


def project_in(paths: Sequence[Path]) -> Path | None:
    """A project among other things; or a file alone that was exported from one."""
    project = project_among(paths)
    if project is not None or len(paths) != 1:
        return project
    return paths[0] if origin_of(paths[0]) is not None else None
