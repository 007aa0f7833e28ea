"""The artist's choices as a `Job`, with a step of undo for every change; app/document.py keeps them in a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.change import Change, ChangeStep
from app.jobs import complete_job, fitted_job, fresh_job
from app.widgets import words
from engine.box import Size
from engine.declarations import Slot
from engine.errors import BadSettingError
from engine.images.find import find_images
from engine.job import Job, SourceImage
from engine.method import Method, method_class
from engine.method_choices import preset_values
from engine.settings import Settings, differing, specs


class EditedJob(QObject):
    """Method, settings, images, canvas and seed.

    Signals say what changed, whoever changed it (a widget, undo, a preset, a project that opens).

    Args:
        small: new jobs begin with the method's first preset for speed, as a slow device needs it.
    """

    settings_changed = Signal(tuple)
    """Names of the settings whose values changed."""
    sources_changed = Signal(str)
    """Key of the slot whose images changed."""
    method_changed = Signal()
    pieces_changed = Signal()
    """What is wanted of single pieces changed."""
    images_chosen = Signal(str)
    """Key of the slot to which the artist added images, or from which some were taken; undo does not tell of it."""
    frame_changed = Signal()
    """The canvas size or the seed changed."""
    changed = Signal(object)
    """A `Change`, after the other signals."""
    problem = Signal(str)

    def __init__(self, method: str, parent: QObject | None = None, *, small: bool = False) -> None:
        super().__init__(parent)
        self.small = small
        self.stack = QUndoStack(self)
        self.job = fresh_job(method, small)
        self._others: dict[str, Settings] = {}
        """Settings that the other methods had when they were left."""
        self._choices_of_images = 0
        self._movement = 0
        """Which movement of the hand it is that changes it."""

    # ------------------------------------------------------------ reading

    @property
    def method(self) -> type[Method]:
        return method_class(self.job.method)

    @property
    def settings(self) -> Settings:
        return self.job.settings

    @property
    def empty(self) -> bool:
        return not any(self.job.sources.values())

    def sources(self, slot: str) -> tuple[SourceImage, ...]:
        return self.job.sources.get(slot, ())

    def missing(self) -> list[Slot]:
        """The slots that have too few images to train."""
        needed = self.method.needed_slots(self.settings)
        least = {slot.key: max(slot.minimum, int(slot.key in needed)) for slot in self.method.slots}
        return [slot for slot in self.method.slots if len(self.sources(slot.key)) < least[slot.key]]

    # ------------------------------------------------------------ changing

    def begin_movement(self) -> None:
        """What is changed from now on is a step of undo of its own.

        To be called when a slider is taken hold of or let go, and when the focus goes elsewhere: what one drag changes,
        or one visit to a field, is undone at once.
        """
        self._movement += 1

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
            self.problem.emit(words.some_of(problems))
        if new:
            images = (*there_now, *new)
            after = self.job.model_copy(update={"sources": {**self.job.sources, slot: images}})
            if not self.sources(slot):
                after = fitted_job(after, slot, fresh_job(after.method, self.small))
            self._choose_images(slot, after, self.tr("add images"))
        return len(new)

    def _choose_images(self, slot: str, after: Job, text: str) -> None:
        if after != self.job:
            self._choices_of_images += 1
            self.stack.push(ChangeStep(self, self.job, after, text, self._choice_of_images))
            self.images_chosen.emit(slot)

    def fit(self, values: dict[str, Any]) -> None:
        """Takes over settings that suit the images that were chosen last.

        They share the images' step of undo, where no other one came between.
        """
        after = self.job.model_copy(update={"settings": self.settings.with_values(values)})
        if after != self.job:
            self.stack.push(ChangeStep(self, self.job, after, self.tr("fit to the images"), self._choice_of_images))

    @property
    def _choice_of_images(self) -> str:
        return f"images {self._choices_of_images}"

    def set_sources(self, slot: str, images: tuple[SourceImage, ...], text: str = "") -> None:
        """Exchanges the images of a slot: their order, weights and scales as well."""
        after = self.job.model_copy(update={"sources": {**self.job.sources, slot: tuple(images)}})
        # Dragging one image's weight is one step; adding or removing is a step of its own.
        text = text or self.tr("change images")
        if [i.path for i in images] == [i.path for i in self.sources(slot)]:
            self._change(after, text, merge=f"sources of {slot}")
        else:
            self._choose_images(slot, after, text)

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
            merge = f"{merge} {self._movement}" if merge else ""
            self.stack.push(ChangeStep(self, self.job, after, text, merge))

    def become(self, job: Job, text: str = "", merge: str = "") -> None:
        """Makes `job` the present one and tells the listeners what differs. Only undo steps call this.

        Args:
            text, merge: see `Change`.
        """
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
        if before.pieces != job.pieces:
            self.pieces_changed.emit()
        if (before.canvas_size, before.seed) != (job.canvas_size, job.seed):
            self.frame_changed.emit()
        if text:
            self.changed.emit(Change(text, names, job, merge))
