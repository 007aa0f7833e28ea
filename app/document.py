"""The artist's choices: method, settings, images, canvas, seed. Every change is an undo step and is saved soon after.

The document is a `Job` and a folder, nothing else; training, pictures and widgets are elsewhere and follow its signals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from app.change import Change, ChangeStep
from app.jobs import complete_job, fitted_job, fresh_job
from app.moved_folders import MovedFolders
from app.project_paths import title_of, untitled_name
from app.way_back import WayBack
from app.widgets import gestures
from engine.box import Size
from engine.copying import free_folder
from engine.declarations import Slot
from engine.errors import BadSettingError, NoRoomError, TesseraError
from engine.export.relink import missing_images
from engine.files import remove_leftovers
from engine.images.find import find_images
from engine.job import DEFAULT_METHOD, Job, SourceImage
from engine.method import Method, method_class
from engine.method_choices import preset_values
from engine.other_methods import load_settings, save_settings
from engine.project import FILE_NAME, SNAPSHOTS, project_folder, save_job
from engine.settings import Settings, differing, specs

AUTOSAVE_MS = 800
AGAIN_MS = 15_000
"""After which what could not be written is tried again: somebody may have made room."""


class Document(QObject):
    """What is edited. Signals say what changed, whoever changed it (a widget, undo, a preset, opening a project)."""

    settings_changed = Signal(tuple)
    """Names of the settings whose values changed."""
    sources_changed = Signal(str)
    """Key of the slot whose images changed."""
    method_changed = Signal()
    pieces_changed = Signal()
    """What is wanted of single pieces changed."""
    frame_changed = Signal()
    """The canvas size or the seed changed."""
    job_replaced = Signal()
    """Another project was opened or begun; everything is to be shown anew."""
    leaving = Signal()
    """The project's folder is about to be moved or copied."""
    moment_wanted = Signal(object, object)
    """Path of a moment whose network belongs to the next job, and what is to hear which moment holds the present."""
    changed = Signal(object)
    """A `Change`, after the other signals."""
    problem = Signal(str)
    images_missing = Signal(list)
    """Paths of images that are not where they were when the project was saved."""
    written_anew = Signal()
    """Its folder was no longer there, so that it holds less than before."""
    saved = Signal()
    """It was written, or could not be: see `dirty` and `refused`."""

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
            small: new projects begin with the method's first preset for speed, as a slow device needs it.
        """
        super().__init__(parent)
        self._data = data
        self.small = small
        self.stack = QUndoStack(self)
        self.job = fresh_job(DEFAULT_METHOD, small)
        self.folder = self._untitled_folder()
        self.dirty = False
        self.refusal = ""
        """Why the last try to write it failed, in a sentence; empty where it did not."""
        self._mine = False
        """Whether the project.json in the folder is this document's."""
        self.returning = False
        """Whether the next job comes with a network of its own."""
        self._others: dict[str, Settings] = {}
        """Settings that the other methods had when they were left."""
        self._moved = MovedFolders()
        self._autosave = QTimer(self, singleShot=True, interval=AUTOSAVE_MS)
        self._autosave.timeout.connect(self.save)
        self._again = QTimer(self, interval=AGAIN_MS)
        self._again.timeout.connect(self._save_again)

    # ------------------------------------------------------------ reading

    @property
    def method(self) -> type[Method]:
        return method_class(self.job.method)

    @property
    def settings(self) -> Settings:
        return self.job.settings

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

    @property
    def empty(self) -> bool:
        return not any(self.job.sources.values())

    def sources(self, slot: str) -> tuple[SourceImage, ...]:
        return self.job.sources.get(slot, ())

    def missing(self) -> list[Slot]:
        """The slots that have too few images to train."""
        return [slot for slot in self.method.slots if len(self.sources(slot.key)) < slot.minimum]

    # ------------------------------------------------------------ changing

    def set(self, name: str, value: Any) -> bool:
        """Changes one setting; False (and a `problem`) where the value can not be had."""
        label = next((spec.knob.label for spec in specs(self.method.Settings) if spec.name == name), name)
        return self.set_values({name: value}, self.tr("change {}").format(label), merge=name)

    def reset(self, name: str) -> bool:
        default = next(spec.default for spec in specs(self.method.Settings) if spec.name == name)
        label = next(spec.knob.label for spec in specs(self.method.Settings) if spec.name == name)
        return self.set_values({name: default}, self.tr("reset {}").format(label))

    def apply_preset(self, name: str) -> bool:
        """Lays a preset's values over the present ones."""
        try:
            values = preset_values(self.method, [name])
        except BadSettingError as error:
            self.problem.emit(str(error))
            return False
        return self.set_values(values, self.tr("preset {}").format(name))

    def add(self, slot: str, paths: Iterable[Path | str]) -> int:
        """Adds image files and the images in folders to a slot; what can not be used is named in a `problem`.

        Where there is room for one image only, the new one takes the place of the one that is there.
        Returns how many were added; images that the slot has already are passed over.
        """
        files, problems = find_images([Path(path) for path in paths])
        there = {image.path for image in self.sources(slot)}
        new: list[SourceImage] = []
        for file in files:
            path = str(Path(file).absolute())
            if path not in there:
                there.add(path)
                new.append(SourceImage(path=path))
        there_now = self.sources(slot)
        most = next((s.maximum for s in self.method.slots if s.key == slot), None)
        if most == 1 and new:
            there_now = ()
        room = len(new) if most is None else most - len(there_now)
        if len(new) > room:
            problems.append(self.tr("There is room for {} more here; the other images were left out.").format(room))
            new = new[: max(0, room)]
        if problems:
            self.problem.emit(_summary(problems))
        if new:
            images = (*there_now, *new)
            after = self.job.model_copy(update={"sources": {**self.job.sources, slot: images}})
            if not self.sources(slot):
                after = fitted_job(after, slot, fresh_job(after.method, self.small))
            self._change(after, self.tr("add images"))
        return len(new)

    def set_sources(self, slot: str, images: tuple[SourceImage, ...], text: str = "") -> None:
        """Exchanges the images of a slot: their order, weights and scales as well."""
        after = self.job.model_copy(update={"sources": {**self.job.sources, slot: tuple(images)}})
        # Dragging one image's weight is one step; adding or removing is a step of its own.
        same_files = [i.path for i in images] == [i.path for i in self.sources(slot)]
        self._change(after, text or self.tr("change images"), merge=f"sources of {slot}" if same_files else "")

    def set_method(self, key: str) -> None:
        """Another method with the settings that it had in this project, or its defaults; the images stay."""
        self._change(self.job_by(key), self.tr("change the method"))

    def job_by(self, key: str) -> Job:
        """The present job by another method, as `set_method` would make it."""
        settings = self._others.get(key) or fresh_job(key, self.small).settings
        return self.job.model_copy(update={"method": key, "settings": settings})

    def set_frame(self, canvas_size: Size | None, seed: int) -> None:
        """The canvas in pixels, or None to follow the first content image; and the seed."""
        try:
            after = Job(**{**dict(self.job), "canvas_size": canvas_size, "seed": seed})
        except ValueError:
            self.problem.emit(self.tr("A canvas can be from 64 to 300,000 pixels a side; the seed from 0 on."))
            return
        self._change(after, self.tr("change canvas or seed"))

    def adopt(self, job: Job, text: str) -> None:
        """Takes over a whole job; can be undone."""
        self._change(complete_job(job), text)

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

    def set_values(self, values: dict[str, Any], text: str, merge: str = "") -> bool:
        """Changes several settings in one undo step; False (and a `problem`) where a value can not be had.

        Args:
            merge: see `Change`.
        """
        try:
            settings = self.settings.with_values(values)
        except BadSettingError as error:
            self.problem.emit(str(error))
            return False
        self._change(self.job.model_copy(update={"settings": settings}), text, merge)
        return True

    def _change(self, after: Job, text: str, merge: str = "") -> None:
        if after != self.job:
            merge = f"{merge} {gestures.present()}" if merge else ""
            self.stack.push(ChangeStep(self, self.job, after, text, merge))

    def become(self, job: Job, text: str = "", merge: str = "") -> None:
        """Makes `job` the present one and tells the listeners what differs. Only undo steps call this.

        Args:
            text, merge: see `Change`.
        """
        job = self._moved.job(job)
        before, self.job = self.job, job
        self.dirty = True
        self._autosave.start()
        names: tuple[str, ...] = ()
        if before.method != job.method:
            self._others[before.method] = before.settings
            self.method_changed.emit()
        elif names := tuple(spec.name for spec in differing(before.settings, job.settings)):
            self.settings_changed.emit(names)
        for slot in {*before.sources, *job.sources}:
            if before.sources.get(slot, ()) != job.sources.get(slot, ()):
                self.sources_changed.emit(slot)
        if before.pieces != job.pieces:
            self.pieces_changed.emit()
        if (before.canvas_size, before.seed) != (job.canvas_size, job.seed):
            self.frame_changed.emit()
        if text:
            self.changed.emit(Change(text, names, job, merge))

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
            self.problem.emit(f"{_summary(list(sentences))} {kept}")
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
                self.problem.emit(self.refusal)
            self._again.start()
            self.saved.emit()
            return False
        self._again.stop()
        self.dirty, self.refusal = False, ""
        self._mine = True
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
            self.problem.emit(str(error))
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
        self.job, self.folder, self.dirty, self.refusal = job, folder, False, ""
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


def _summary(messages: list[str], most: int = 3) -> str:
    """A few sentences in full, the rest as a number."""
    text = " ".join(messages[:most])
    return text if len(messages) <= most else f"{text} And {len(messages) - most} more like these."
