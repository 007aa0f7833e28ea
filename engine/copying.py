"""Copying a project while it may still be worked on: all of it appears under its new name, or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import CancelledError
from engine.files import no_room, numbered, replacing_folder
from engine.project import REMOVED, SNAPSHOTS

CHUNK_BYTES = 4 * 2**20
Progress = Callable[[int, int], bool]
"""Hears bytes done and bytes in all, and says whether to go on."""


def project_files(folder: Path) -> Iterator[Path]:
    """All that belongs to a project, relative to its folder; locks, half-written files and links do not.

    Moments that were removed do: undo brings them back.
    """
    for parent, folders, files in os.walk(folder):
        shown = (name for name in folders if name == REMOVED or not name.startswith("."))
        folders[:] = sorted(name for name in shown if not _is_link(parent, name))
        for name in sorted(files):
            if not name.startswith(".") and not _is_link(parent, name):
                yield (Path(parent) / name).relative_to(folder)


def copy_project(
    source: Path,
    target: Path,
    progress: Progress = lambda _done, _total: True,
    *,
    linked: bool = False,
    without: frozenset[str] = frozenset(),
) -> None:
    """Copies a project to a folder that is not there, or empty.

    A snapshot that goes away meanwhile, since a newer autosave took its place, is left out as a whole.

    Args:
        linked: the copies may share the disk with the originals, which are about to go: no file of a project is
            ever written into, only replaced.
        without: names of files that are left out.

    Raises:
        NoRoomError: it can not be written; nothing is left of it.
        CancelledError: `progress` said so; nothing is left of it.
    """
    names = [name for name in project_files(source) if name.name not in without]
    total = sum(_size(source / name) for name in names)
    with replacing_folder(target) as temporary:
        done, lost = 0, set[Path]()
        for name in names:
            if name.parent in lost:
                continue
            copy = temporary / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                for more in _copied(source / name, copy, linked):
                    done += more
                    if not progress(done, total):
                        raise CancelledError("The project was not copied.")
            except FileNotFoundError:
                if name.parts[0] != SNAPSHOTS:
                    continue
                lost.add(name.parent)
                shutil.rmtree(copy.parent, ignore_errors=True)
        with suppress(OSError):
            target.rmdir()  # where an empty one was chosen, which not every system renames over


def bring_snapshots(source: Path, target: Path) -> None:
    """Copies the snapshots that one project has and its copy does not have yet. Raises NoRoomError."""
    try:
        names = [entry.name for entry in os.scandir(source / SNAPSHOTS) if entry.name.isdecimal()]
    except OSError:
        return
    for name in sorted(names):
        there = target / SNAPSHOTS / name
        if not there.exists():
            copy_project(source / SNAPSHOTS / name, there, linked=True)


def free_folder(parent: Path, name: str) -> Path:
    """A folder of that name that is not there yet, or with a number behind it."""
    return next(parent / free for free in numbered(name) if not os.path.exists(parent / free))


def _copied(source: Path, copy: Path, linked: bool) -> Iterator[int]:
    """Copies one file; yields the bytes of each piece. Raises FileNotFoundError: the source is gone."""
    if linked:
        with suppress(OSError):
            os.link(source, copy)
            yield _size(copy)
            return
    with source.open("rb") as reading:
        try:
            with copy.open("wb") as writing:
                while piece := reading.read(CHUNK_BYTES):
                    writing.write(piece)
                    yield len(piece)
        except OSError as error:
            raise no_room(copy, error) from error
    with suppress(OSError):
        shutil.copystat(source, copy)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_link(parent: str, name: str) -> bool:
    return os.path.islink(os.path.join(parent, name))
