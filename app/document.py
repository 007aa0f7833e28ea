"""The artist's choices: method, settings, images, canvas, seed. Every change is an undo step and is saved soon after.

The document is a `Job` and a folder, nothing else; training, pictures and widgets are elsewhere and follow its signals.
"""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.way_back import WayBack
from app.widgets import gestures
from engine.box import Size
from engine.errors import BadSettingError, NoRoomError, TesseraError
from engine.images.find import find_images
from engine.job import DEFAULT_METHOD, Job, SourceImage
from engine.method import Method, Slot, method_class, preset_values
from engine.other_methods import load_settings, save_settings
from engine.project import FILE_NAME, load_job, project_folder, save_job
from engine.settings import Settings, differing, specs

AUTOSAVE_MS = 800


@dataclass(frozen=True)
class Change:
    """What happened to the document.

    Args:
        text: what was done, in words.
        names: of the settings that have other values now.
        job: what it led to.
        merge: the same for changes of one movement of the hand; empty for none.
    """

    text: str
    names: tuple[str, ...]
    job: Job
    merge: str


class Document(QObject):
    """What is edited. Signals say what changed, whoever changed it (a widget, undo, a preset, opening a project)."""

    settings_changed = Signal(tuple)
    """Names of the settings whose values changed."""
    sources_changed = Signal(str)
    """Key of the slot whose images changed."""
    method_changed = Signal()
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
    saved = Signal()

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
        self.job = self._fresh(DEFAULT_METHOD)
        self.folder = self._untitled_folder()
        self.dirty = False
        self.returning = False
        """Whether the next job comes with a network of its own."""
        self._others: dict[str, Settings] = {}
        """Settings that the other methods had when they were left."""
        self._moves: list[tuple[Path, Path]] = []
        self._autosave = QTimer(self, singleShot=True, interval=AUTOSAVE_MS)
        self._autosave.timeout.connect(self.save)

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
        return self.tr("Untitled") if self.untitled else self.folder.name

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
        return self._set_values({name: value}, self.tr("change {}").format(label), merge=name)

    def reset(self, name: str) -> bool:
        default = next(spec.default for spec in specs(self.method.Settings) if spec.name == name)
        label = next(spec.knob.label for spec in specs(self.method.Settings) if spec.name == name)
        return self._set_values({name: default}, self.tr("reset {}").format(label))

    def apply_preset(self, name: str) -> bool:
        """Lays a preset's values over the present ones."""
        try:
            values = preset_values(self.method, [name])
        except BadSettingError as error:
            self.problem.emit(str(error))
            return False
        return self._set_values(values, self.tr("preset {}").format(name))

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
            self.set_sources(slot, (*there_now, *new), self.tr("add images"))
        return len(new)

    def set_sources(self, slot: str, images: tuple[SourceImage, ...], text: str = "") -> None:
        """Exchanges the images of a slot: their order, weights and scales as well."""
        after = self.job.model_copy(update={"sources": {**self.job.sources, slot: tuple(images)}})
        # Dragging one image's weight is one step; adding or removing is a step of its own.
        same_files = [i.path for i in images] == [i.path for i in self.sources(slot)]
        self._change(after, text or self.tr("change images"), merge=f"sources of {slot}" if same_files else "")

    def set_method(self, key: str) -> None:
        """Another method with the settings that it had in this project, or its defaults; the images stay."""
        settings = self._others.get(key) or self._fresh(key).settings
        after = self.job.model_copy(update={"method": key, "settings": settings})
        self._change(after, self.tr("change the method"))

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
        self._change(_complete(job), text)

    def went_back(self, job: Job, text: str, left: Path | None, at: Path) -> None:
        """Takes over the job of a moment that the session went back to; undo brings `left` and its job back."""
        with self._with_its_network():
            self.stack.push(WayBack(self, self.job, _complete(job), text, left, at))

    def return_to(self, moment: Path | None, job: Job, left: Callable[[Path | None], None]) -> bool:
        """See `way_back.Returning`."""
        if moment is None:
            self.become(job)
            return True
        moment = self.now_at(moment)
        if not moment.exists():
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

    def set_values(self, values: dict[str, Any], text: str) -> bool:
        """Changes several settings in one undo step."""
        return self._set_values(values, text)

    def _set_values(self, values: dict[str, Any], text: str, merge: str = "") -> bool:
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
            self.stack.push(_Change(self, self.job, after, text, merge))

    def become(self, job: Job, text: str = "", merge: str = "") -> None:
        """Makes `job` the present one and tells the listeners what differs. Only undo steps call this.

        Args:
            text, merge: see `Change`.
        """
        job = self._moved(job)
        before, self.job = self.job, job
        names: tuple[str, ...] = ()
        if before.method != job.method:
            self._others[before.method] = before.settings
            self.method_changed.emit()
        elif names := tuple(spec.name for spec in differing(before.settings, job.settings)):
            self.settings_changed.emit(names)
        for slot in {*before.sources, *job.sources}:
            if before.sources.get(slot, ()) != job.sources.get(slot, ()):
                self.sources_changed.emit(slot)
        if (before.canvas_size, before.seed) != (job.canvas_size, job.seed):
            self.frame_changed.emit()
        self.dirty = True
        self._autosave.start()
        if text:
            self.changed.emit(Change(text, names, job, merge))

    # ------------------------------------------------------------ files

    def new(self) -> None:
        """Begins an empty, untitled project; the present one stays where it is."""
        self.flush()
        self._replace(self._fresh(self.job.method), self._untitled_folder())

    def open(self, path: Path) -> bool:
        """Opens a project by its folder, its project.json or one of its snapshots; False (and a `problem`) if not."""
        try:
            folder = project_folder(path)
            job = load_job(folder)
        except TesseraError as error:
            self.problem.emit(str(error))
            return False
        self.flush()
        self._replace(_complete(job), folder)
        lost = [image.path for images in job.sources.values() for image in images if not Path(image.path).exists()]
        if lost:
            self.problem.emit(_summary([self.tr("{} is no longer there.").format(path) for path in lost]))
        return True

    def save(self) -> bool:
        """Writes project.json now; False (and a `problem`) where that fails."""
        self._autosave.stop()
        try:
            save_job(self.folder, self.job)
            if self._others:
                save_settings(self.folder, self._others)
        except NoRoomError as error:
            self.problem.emit(str(error))
            return False
        self.dirty = False
        self.saved.emit()
        return True

    def flush(self) -> None:
        """Writes what waits to be autosaved."""
        if self.dirty:
            self.save()

    def save_as(self, folder: Path) -> bool:
        """Gives the project another place: an untitled one moves there, a named one is copied. No session may run.

        Returns False (and a `problem`) where the folder is taken or can not be written.
        """
        folder = folder.absolute()
        if folder == self.folder:
            return self.save()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            self.problem.emit(self.tr("{} has other things in it. Choose a new or an empty folder.").format(folder))
            return False
        self.leaving.emit()
        try:
            if folder.exists():
                folder.rmdir()
            folder.parent.mkdir(parents=True, exist_ok=True)
            if self.folder.exists():
                (shutil.move if self.untitled else shutil.copytree)(self.folder, folder)
        except (OSError, shutil.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.problem.emit(self.tr("The project could not be put in {} ({}).").format(folder, reason))
            return False
        self._moves.append((self.folder, folder))
        self.folder = folder
        self.become(self.job)
        return self.save()

    def _moved(self, job: Job) -> Job:
        """The job with the images that lie in the project's own folder, as painted masks do, where they are now."""
        sources = {slot: tuple(self._image_moved(image) for image in images) for slot, images in job.sources.items()}
        return job if sources == job.sources else job.model_copy(update={"sources": sources})

    def now_at(self, path: Path) -> Path:
        """Where something is that lay in the project's folder at any time since it was opened."""
        for old, new in self._moves:
            if path.is_relative_to(old):
                path = new / path.relative_to(old)
        return path

    def _image_moved(self, image: SourceImage) -> SourceImage:
        path = self.now_at(Path(image.path))
        return image if str(path) == image.path else image.model_copy(update={"path": str(path)})

    def _replace(self, job: Job, folder: Path) -> None:
        self._autosave.stop()
        self._moves.clear()
        self.stack.clear()
        self.job, self.folder, self.dirty = job, folder, False
        self._others = load_settings(folder)
        self.job_replaced.emit()

    def _fresh(self, key: str) -> Job:
        """An empty job of a method."""
        method = method_class(key)
        speeds = [preset for preset in method.presets if preset.group == "speed"]
        settings = method.Settings.of(speeds[0].values if self.small and speeds else {})
        return _complete(Job(method=key, settings=settings))

    def _untitled_folder(self) -> Path:
        """A free name; the folder itself appears with the first change."""
        stem = datetime.now().strftime("%Y-%m-%d %H.%M")
        names = [stem, *(f"{stem} {n}" for n in range(2, 1000))]
        return next(self._data / name for name in names if not (self._data / name / FILE_NAME).exists())


class _Change(QUndoCommand):
    """One job instead of another."""

    def __init__(self, document: Document, before: Job, after: Job, text: str, merge: str) -> None:
        super().__init__(text)
        # Weak: with a circle of document, stack and command, Python may end commands before the stack that owns them.
        self._document = weakref.proxy(document)
        self._before, self.after, self.merge = before, after, merge

    def redo(self) -> None:
        self._document.become(self.after, self.text(), self.merge)

    def undo(self) -> None:
        self._document.become(self._before, self._document.tr("undo {}").format(self.text()))

    def id(self) -> int:
        return 1 if self.merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other.merge != self.merge:
            return False
        self.after = other.after
        self.setObsolete(self.after == self._before)
        return True


def _complete(job: Job) -> Job:
    """The job with every setting named, so that its file means the same whatever later defaults are."""
    return job.model_copy(update={"settings": job.settings.with_values(dict(job.settings))})


def _summary(messages: list[str], most: int = 3) -> str:
    """A few sentences in full, the rest as a number."""
    text = " ".join(messages[:most])
    return text if len(messages) <= most else f"{text} And {len(messages) - most} more like these."
