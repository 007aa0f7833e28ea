"""The artist's choices and the folder that they are kept in. Every change is saved soon after.

The document is a `Job` (app/edited_job.py) and a folder, nothing else; training, pictures and widgets are elsewhere and
follow its signals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.edited_job import EditedJob
from app.jobs import complete_job, fresh_job
from app.moved_folders import MovedFolders
from app.project_paths import title_of, untitled_name
from app.way_back import WayBack
from app.widgets.words import some_of
from engine.copying import free_folder
from engine.errors import NoRoomError, TesseraError
from engine.export.relink import missing_images
from engine.files import remove_leftovers
from engine.job import DEFAULT_METHOD, Job
from engine.other_methods import load_settings, save_settings
from engine.project import FILE_NAME, SNAPSHOTS, project_folder, save_job

AUTOSAVE_MS = 800
AGAIN_MS = 15_000
"""After which what could not be written is tried again: somebody may have made room."""


class Document(EditedJob):
    """What is edited, and its folder."""

    job_replaced = Signal()
    """Another project was opened or begun; everything is to be shown anew."""
    leaving = Signal()
    """The project's folder is about to be moved or copied."""
    moment_wanted = Signal(object, object)
    """Path of a moment whose network belongs to the next job, and what is to hear which moment holds the present."""
    images_missing = Signal(list)
    """Paths of images that are not where they were when the project was saved."""
    written_anew = Signal()
    """Its folder was no longer there, so that it holds less than before."""
    saved = Signal()
    """It was written, or could not be: see `dirty` and `refused`."""
    problem_over = Signal(str)
    """A `problem` that was told holds no longer."""

    def __init__(
        self,
        data: Path,
        parent: QObject | None = None,
        *,
        small: bool = False,
    ) -> None:
        """
        Args:
            data: folder in which projects live until they are given a name and place.
            small: see `EditedJob`.
        """
        super().__init__(DEFAULT_METHOD, parent, small=small)
        self._data = data
        self.folder = self._untitled_folder()
        self.dirty = False
        self.refusal = ""
        """Why the last try to write it failed, in a sentence; empty where it did not."""
        self._told: list[str] = []
        """Refusals that were told since it was last written."""
        self._mine = False
        """Whether the project.json in the folder is this document's."""
        self.returning = False
        """Whether the next job comes with a network of its own."""
        self._moved = MovedFolders()
        self._autosave = QTimer(self, singleShot=True, interval=AUTOSAVE_MS)
        self._autosave.timeout.connect(self.save)
        self._again = QTimer(self, interval=AGAIN_MS)
        self._again.timeout.connect(self._save_again)

    @property
    def untitled(self) -> bool:
        return self.folder.parent == self._data

    @property
    def title(self) -> str:
        return title_of(self.folder) if self.untitled else self.folder.name

    @property
    def refused(self) -> bool:
        """Whether the last try to write it failed, so that waiting for the next one may not save it."""
        return bool(self.refusal)

    @property
    def written(self) -> bool:
        """Whether there is anything of it on the disk, or waits to be written there."""
        return self._mine or self.dirty

    def become(self, job: Job, text: str = "", merge: str = "") -> None:
        """See `EditedJob`; it is saved soon after."""
        self.dirty = True
        self._autosave.start()
        super().become(self._moved.job(job), text, merge)

    # ------------------------------------------------------------ back to moments

    def went_back(self, job: Job, text: str, left: Path | None, at: Path) -> None:
        """Takes over the job of a moment that the session went back to; undo brings `left` and its job back."""
        with self._with_its_network():
            self.stack.push(WayBack(self, self.job, complete_job(job), text, left, at))

    def return_to(self, moment: Path | None, job: Job, left: Callable[[Path | None], None]) -> bool:
        """See `way_back.Returning`."""
        if moment is None:
            self.become(job)
            return True
        moment = self.now_at(moment)
        if not os.path.exists(moment):
            self.problem.emit(
                self.tr("The moment that this step leads to is no longer there, so everything stays as it is.")
            )
            return False
        with self._with_its_network():
            self.moment_wanted.emit(moment, left)
            self.become(job)
        return True

    def stays_with(self, job: Job) -> None:
        """A moment could not be gone to: the settings are those of the network that is there, as a step of undo."""
        if job.method == self.job.method:
            self._change(self.job.model_copy(update={"settings": job.settings}), self.tr("stay with the present"))

    def now_at(self, path: Path) -> Path:
        """Where something is that lay in the project's folder at any time since it was opened."""
        return self._moved.now_at(path)

    def needed_moments(self) -> set[Path]:
        """Folders of the moments that undo and redo lead to."""
        commands = map(self.stack.command, range(self.stack.count()))
        return {self.now_at(path) for command in commands if isinstance(command, WayBack) for path in command.needs}

    @contextmanager
    def _with_its_network(self) -> Iterator[None]:
        self.returning = True
        try:
            yield
        finally:
            self.returning = False

    # ------------------------------------------------------------ files

    def new(self) -> None:
        """Begins an empty, untitled project; the present one stays where it is, written."""
        self.flush()
        self._replace(fresh_job(self.job.method, self.small), self._untitled_folder())

    def open(self, path: Path) -> bool:
        """Opens a project by its folder, its project.json or one of its snapshots; False (and a `problem`) if not.

        What had to be repaired is named in a `problem`, and images that are not where they were in `images_missing`.
        """
        from engine.opening import open_project  # brings torch along, which the frame of the window goes without

        try:
            folder = project_folder(path)
            job, sentences = open_project(folder)
        except TesseraError as error:
            self.problem.emit(str(error))
            return False
        self.flush()
        for place in (folder, folder / SNAPSHOTS):
            remove_leftovers(place)
        self._replace(complete_job(job), folder)
        if sentences:
            kept = self.tr("The files are as they were, and copies of them stay beside them when you change something.")
            self.problem.emit(f"{some_of(sentences)} {kept}")
        self.tell_missing()
        return True

    def tell_missing(self) -> None:
        """Says which images are not where they were, where there are any."""
        if lost := missing_images(self.job):
            self.images_missing.emit(lost)

    def save(self, quiet: bool = False) -> bool:
        """Writes project.json now; False (and a `problem`) where that fails.

        Args:
            quiet: a problem that was told already is not told again.
        """
        self._autosave.stop()
        if self.untitled and not self._mine and os.path.exists(self.folder / FILE_NAME):
            self.folder = self._untitled_folder()  # another window began in the same minute
        gone = self._is_gone
        try:
            if self._others:  # first: a job of another method than before leaves the former settings nowhere else
                save_settings(self.folder, self._others)
            save_job(self.folder, self.job)
        except NoRoomError as error:
            known, self.refusal = self.refusal, str(error)
            if not quiet or self.refusal != known:
                self._tell_refusal(self.refusal)
            self._again.start()
            self.saved.emit()
            return False
        self._again.stop()
        self._withdraw_refusals()
        self.dirty, self._mine = False, True
        self.saved.emit()
        if gone:
            self.problem.emit(
                self.tr(
                    "{} was not there any more: it was moved, renamed or deleted, or its disk is away. The project was "
                    "written there anew, without the moments that were kept before: they are where the folder is now."
                ).format(self.folder)
            )
            self.written_anew.emit()
        return True

    def _tell_refusal(self, text: str) -> None:
        self._told.append(text)
        self.problem.emit(text)

    def _withdraw_refusals(self) -> None:
        told, self._told, self.refusal = self._told, [], ""
        for text in told:
            self.problem_over.emit(text)

    def _save_again(self) -> None:
        self.save(quiet=True)

    @property
    def _is_gone(self) -> bool:
        return self._mine and not os.path.exists(self.folder / FILE_NAME)

    def look_after_its_folder(self) -> None:
        """Writes the project where somebody has moved its folder away, and tells so."""
        if self._is_gone:
            self.save()

    def flush(self) -> None:
        """Writes what waits to be autosaved."""
        if self.dirty:
            self.save()

    def may_become(self, folder: Path) -> bool:
        """Whether the project can be given a place; False (and a `problem`) where other things are in it."""
        text = ""
        if folder.is_relative_to(self.folder) or self.folder.is_relative_to(folder):
            text = self.tr("{} and the project lie within each other. Choose a folder beside it.").format(folder)
        elif os.path.exists(folder) and _holds_things(folder):
            text = self.tr("{} has other things in it. Choose a new or an empty folder.").format(folder)
        if text:
            self.problem.emit(text)
        return not text

    def can_be_written_to(self, folder: Path) -> bool:
        """Writes the project into a folder that it does not have yet; False (and a `problem`) where that fails."""
        try:
            save_job(folder, self.job)
        except NoRoomError as error:
            self._tell_refusal(str(error))
            return False
        return True

    def settle_in(self, folder: Path) -> bool:
        """From now on the project is the copy of it in another folder; False (and a `problem`) if not.

        Masks and other images that lie in the project are then those of the copy, also for undo.
        """
        self.leaving.emit()
        self._moved.add(self.folder, folder)
        self.folder, self._mine = folder, True
        self.become(self.job)
        return self.save()

    def _replace(self, job: Job, folder: Path) -> None:
        self._autosave.stop()
        self._again.stop()
        self._moved.forget()
        self.stack.clear()
        self._withdraw_refusals()
        self.job, self.folder, self.dirty = job, folder, False
        self._mine = os.path.exists(folder / FILE_NAME)
        self._others = load_settings(folder)
        self.job_replaced.emit()

    def _untitled_folder(self) -> Path:
        """A free name; the folder itself appears with the first change."""
        return free_folder(self._data, untitled_name())


def _holds_things(folder: Path) -> bool:
    """Whether it is a file, or a folder that is not empty; one that may not be looked into counts as empty."""
    with suppress(PermissionError):
        return not folder.is_dir() or any(folder.iterdir())
    return False
