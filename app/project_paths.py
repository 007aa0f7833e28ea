"""Which paths stand for a project: its folder, its project.json, or a picture that was exported from one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import TesseraError
from engine.job import FILE_NAME

if TYPE_CHECKING:
    from engine.export.provenance import Origin


def is_project(path: Path) -> bool:
    """Whether it is a project's folder, or the project.json in it."""
    return path.name == FILE_NAME or (path / FILE_NAME).is_file()


def origin_of(path: Path, folders: tuple[Path, ...] = ()) -> Origin | None:
    """What an exported file says of itself; None where it is another file, or holds nothing.

    Args:
        folders: where to look for its images, besides beside the file itself.
    """
    from engine.export import provenance  # with what reads images, only when a file is looked at
    from engine.export.encoders import SUFFIXES

    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return None
    try:
        return provenance.read(path, folders)
    except TesseraError:
        return None


def project_in(paths: Sequence[Path]) -> Path | None:
    """A project among other things; or a file alone that was exported from one."""
    project = next((path for path in paths if is_project(path)), None)
    if project is not None or len(paths) != 1:
        return project
    return paths[0] if origin_of(paths[0]) is not None else None
