"""The projects that were worked on lately, untitled ones among them: none that was begun is ever out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.known_projects import KnownProjects
from app.preferences import Preferences
from app.project_paths import is_folder_of_project, title_of
from app.widgets.words import moment
from engine.bounded import read_json
from engine.project import FILE_NAME, SNAPSHOTS, has_snapshots

MOST = 12
PREVIEW = "preview.png"


@dataclass(frozen=True)
class Recent:
    """A project to go on with.

    Args:
        title: its folder's name; "Untitled" where that is but a date.
        saved: when its project.json was last written.
        picture: of its newest snapshot, or else its first image; None where there is neither.
    """

    folder: Path
    title: str
    saved: datetime
    picture: Path | None

    @property
    def when(self) -> str:
        return moment(self.saved)


class Recents(QObject):
    """
    Args:
        untitled: folder in which projects lie until they are given a name and place.
        known: projects whose images may be looked at wherever they are.
    """

    changed = Signal()

    def __init__(
        self, preferences: Preferences, untitled: Path, known: KnownProjects, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._preferences, self._untitled, self._known = preferences, untitled, known

    def add(self, folder: Path) -> None:
        """The project that is worked on now."""
        folders = [folder, *(known for known in self._preferences.recent_projects if known != folder)]
        self._preferences.recent_projects = folders[: 3 * MOST]
        self.changed.emit()

    def clear(self) -> None:
        """Forgets all but what is untitled, which could be found nowhere else."""
        self._preferences.recent_projects = []
        self.changed.emit()

    def listing(self, without: Path | None = None) -> list[Recent]:
        """The newest first: in the order in which they were opened, then untitled ones that never were."""
        known = self._preferences.recent_projects
        found = (
            recent for folder in (*known, *self._others(known)) if folder != without for recent in self._read(folder)
        )
        return [recent for recent, _ in zip(found, range(MOST), strict=False)]

    def _read(self, folder: Path) -> Iterator[Recent]:
        """The project in a folder, where there is one with anything in it."""
        if not is_folder_of_project(folder):
            return
        pictures = [*_snapshots(folder)][:1] or [*_images(folder)][:1]
        if not pictures and not has_snapshots(folder):
            return
        picture = pictures[0] if pictures and (pictures[0].name == PREVIEW or self._known.knows(folder)) else None
        yield Recent(folder, title_of(folder), datetime.fromtimestamp(_saved(folder)), picture)

    def _others(self, known: list[Path]) -> list[Path]:
        try:
            folders = [folder for folder in self._untitled.iterdir() if folder not in known]
        except OSError:
            return []
        return sorted((folder for folder in folders if is_folder_of_project(folder)), key=_saved, reverse=True)


def _snapshots(folder: Path) -> Iterator[Path]:
    """Pictures of snapshots, the newest first."""
    with suppress(OSError):
        names = [path.name for path in (folder / SNAPSHOTS).iterdir() if path.name.isdecimal()]
        for name in sorted(names, key=int, reverse=True):
            if (folder / SNAPSHOTS / name / PREVIEW).is_file():
                yield folder / SNAPSHOTS / name / PREVIEW


def _images(folder: Path) -> Iterator[Path]:
    """Its images, the target first; none of them is looked at here."""
    with suppress(OSError, ValueError, TypeError, AttributeError, KeyError):
        sources: dict[str, Any] = read_json(folder / FILE_NAME)["job"]["sources"]
        for slot in ("content", *sources):
            for image in sources.get(slot, ()):
                yield folder / image["path"]  # absolute ones stay as they are


def _saved(folder: Path) -> float:
    times = [0.0]
    for path in (folder / FILE_NAME, folder / SNAPSHOTS):
        with suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times)
