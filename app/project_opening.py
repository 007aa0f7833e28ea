"""From a path that the artist chose to a project's folder that may be opened, with what has to be asked before.

A packed project is unpacked; one that came from elsewhere says what it would use outside its folder; one that is open
in another window is copied. Nothing that runs is disturbed until all of that is answered.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.file_jobs import FileJobs
from app.known_projects import KnownProjects
from app.project_paths import is_packed
from app.recovery import Holder, Recovery
from app.widgets.question import Answer, ask
from app.widgets.words import moment
from engine.archive import unpack
from engine.copying import copy_project, free_folder
from engine.errors import TesseraError
from engine.foreign import outside_paths, withhold
from engine.project import project_folder

_MOST_NAMED = 5


class ProjectOpening(QObject):
    """
    Args:
        untitled: folder in which projects lie until they are given a name and place: copies and unpacked ones go there.
        window: above which questions are asked.
    """

    ready = Signal(object)
    """Path of a project's folder that may be opened now."""
    problem = Signal(str)
    noted = Signal(str)
    """What was done on the way, in words."""

    def __init__(
        self, untitled: Path, known: KnownProjects, recovery: Recovery, jobs: FileJobs, window: QWidget
    ) -> None:
        super().__init__(window)
        self._untitled, self._known, self._recovery, self._jobs = untitled, known, recovery, jobs
        self._window = window

    def begin(self, path: Path) -> None:
        """Ends with `ready`, with a `problem`, or where the artist changes their mind."""
        if is_packed(path):
            folder = free_folder(self._untitled, path.stem)
            self._jobs.begin(
                self.tr("Unpacking “{}”").format(path.stem),
                lambda progress: unpack(path, folder, progress),
                lambda _nothing: self._unpacked(path, folder),
            )
            return
        try:
            folder = project_folder(path.absolute())
        except TesseraError as error:
            self.problem.emit(str(error))
            return
        self._ask_whether_open(folder)

    def _unpacked(self, path: Path, folder: Path) -> None:
        note = self.tr("“{}” was unpacked: “Save” gives what you make of it a place; the file stays as it is.")
        self.noted.emit(note.format(path.name))
        self._ask_whether_open(folder)

    # ------------------------------------------------------------ another window

    def _ask_whether_open(self, folder: Path) -> None:
        holder = self._recovery.holder(folder)
        if holder is None:
            self._ask_what_it_may_use(folder)
            return
        text = self.tr("“{}” is open in another window{}, {}. Two windows would write over each other's work.").format(
            folder.name, "" if holder.here else self.tr(" on {}").format(holder.host), _since(holder)
        )
        answers, details = [Answer(self.tr("Open a copy"), lambda: self._open_copy(folder), default=True)], ""
        if not holder.here:
            details = self.tr("If Tessera was cut off on that computer, go on with the project itself.")
            answers.append(Answer(self.tr("It is not in use"), lambda: self._take_over(folder), loses=True))
        ask(self._window, self.tr("Open in another window"), text, *answers, details=details)

    def _take_over(self, folder: Path) -> None:
        self._recovery.take_over(folder)
        self._ask_what_it_may_use(folder)

    def _open_copy(self, folder: Path) -> None:
        copy = free_folder(self._untitled, self.tr("{} (copy)").format(folder.name))
        known = self._known.knows(folder)

        def copied(_nothing: object) -> None:
            if known:
                self._known.add(copy)
            self.noted.emit(self.tr("This is a copy of “{}”, which is open in another window.").format(folder.name))
            self._ask_what_it_may_use(copy)

        what = self.tr("Copying “{}”").format(folder.name)
        without = frozenset({"unfinished.json"})
        self._jobs.begin(what, lambda progress: copy_project(folder, copy, progress, without=without), copied)

    # ------------------------------------------------------------ somebody else's

    def _ask_what_it_may_use(self, folder: Path) -> None:
        outside = [] if self._known.knows(folder) else outside_paths(folder)
        if not outside:
            self._open(folder)
            return
        text = self.tr("“{}” was not made on this computer, or was moved. It wants to use files outside its folder:")
        more = self.tr("\n… and {} more").format(len(outside) - _MOST_NAMED) if len(outside) > _MOST_NAMED else ""
        ask(
            self._window,
            self.tr("A project from elsewhere"),
            text.format(folder.name),
            Answer(self.tr("Use these files"), lambda: self._open(folder)),
            Answer(self.tr("Open without them"), lambda: self._open_without(folder), loses=True, default=True),
            details="\n".join(outside[:_MOST_NAMED]) + more,
        )

    def _open_without(self, folder: Path) -> None:
        try:
            withhold(folder)
        except TesseraError as error:
            self.problem.emit(str(error))
            return
        self._open(folder)

    def _open(self, folder: Path) -> None:
        self._known.add(folder)
        self.ready.emit(folder)


def _since(holder: Holder) -> str:
    return f"since {moment(holder.since).removeprefix('at ').removeprefix('on ')}"
