"""From a mask slot to the mask editor and back: what it begins with, and where the painted mask is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.masks.amount_editor import AmountEditor
from app.masks.base_editor import BaseEditor
from app.masks.beginning import Beginning, Place, prepare
from app.masks.draft import MaskDraft
from app.masks.editor import MaskEditor
from app.masks.files import FOLDER, write
from app.masks.regions import Region, first_regions
from app.masks.trial import MaskTrial
from app.training import Training
from app.widgets import background
from engine.declarations import Slot
from engine.errors import TesseraError
from engine.job import SourceImage


class MaskController(QObject):
    """Opens an editor for a slot of the document's method; what is painted becomes an undo step of the document.

    Signals:
        problem(sentence): a mask could not be read, or was painted before a crash.
    """

    problem = Signal(str)

    def __init__(
        self,
        document: Document,
        training: Training,
        window: QWidget,
        newest: Callable[[], Path | None] = lambda: None,
        painted: Callable[[], QImage | None] = lambda: None,
        covered: Callable[[float, float], np.ndarray | None] = lambda _down, _right: None,
    ) -> None:
        """
        Args:
            newest: folder of the snapshot that shows what is painted where nothing is trained.
            painted: the whole canvas as far as it is painted.
            covered: the places of the canvas that one piece covers together with the one at some shares of its height
                and width, bool [h, w]; None where that is not known.
        """
        super().__init__(window)
        self._document, self._training, self._window = document, training, window
        self._newest, self._painted, self._covered = newest, painted, covered
        self._reading = False
        self._task: background.Task | None = None
        """The last one, ended or not; what it has read arrives before it ends."""
        self.editor: BaseEditor | None = None
        """The one that is open."""
        self._draft: MaskDraft | None = None
        """Its draft."""
        self._directs = ""
        document.sources_changed.connect(self._on_sources)
        document.method_changed.connect(self._give_up)
        document.job_replaced.connect(self._give_up)

    def open(self, key: str) -> None:
        """Shows the editor for a slot as soon as its images are read; an open one comes to the front."""
        if self.editor is not None:
            self.editor.raise_()
            self.editor.activateWindow()
            return
        if self._reading:
            return
        document = self._document
        slot = next(slot for slot in document.method.slots if slot.key == key)
        others = [s for s in document.method.slots if s.kind == slot.kind == "mask" and s.key != key]
        other = next((s for s in others if self._first(s.key)), None)
        earlier = other is not None and document.method.slots.index(other) < document.method.slots.index(slot)
        own, below = self._first(key), self._below(slot)
        other_path = self._first(other.key) if other is not None else None
        needs = other.title if other is not None and earlier else ""
        place = Place(
            slot.title,
            "amount" if slot.kind == "amount" else "mask",
            own,
            below,
            other_path,
            needs,
            style=None if other is None or not earlier else self._below(other),
            first=first_regions() if slot.map else (),
            pieces=document.sources(slot.directs) if slot.directs else (),
            laid_of_pieces=bool(slot.map) and "pieces" in document.method.capabilities,
            noun="map" if slot.map else "mask",
        )
        self._reading = True
        self._task = background.run(
            self,
            lambda: prepare(place),
            lambda begin: self._show(slot, begin),
            lambda error: self._refuse(slot, error),
        )

    def wait(self) -> None:
        """For images that are still being read."""
        if self._task is not None:
            background.wait_for(self._task)

    def _below(self, slot: Slot) -> Path | None:
        return next((path for path in map(self._first, slot.beneath) if path is not None), None)

    def _first(self, key: str) -> Path | None:
        images = self._document.sources(key)
        return Path(images[0].path) if images else None

    def _refuse(self, slot: Slot, error: BaseException) -> None:
        self._reading = False
        self.problem.emit(_message(slot, error))

    def _show(self, slot: Slot, begin: Beginning) -> None:
        self._reading = False
        if slot not in self._document.method.slots:  # another method was chosen meanwhile
            return
        kind = AmountEditor if slot.kind == "amount" else MaskEditor
        self.editor, self._directs = kind(begin, self._window), slot.directs
        self.editor.applied.connect(lambda labels, regions: self._keep(slot, labels, regions))
        self.editor.finished.connect(self._closed)
        self.editor.piece_covers = self._covered
        if isinstance(self.editor, MaskEditor) and slot.directs:
            self.editor.pieces.changed.connect(lambda images: self._give(slot, images))
        if slot.live:
            trial = MaskTrial(self._document, self._training, slot.key, self.editor, self._painted, bool(slot.map))
            self.editor.finished.connect(trial.end)
            snapshot = self._newest()
            if snapshot is not None and self._training.state == "idle":
                self._training.start(snapshot, paused=True)
        self.editor.show()
        self._draft = MaskDraft(self._document, slot.key, self.editor)
        if self._draft.take_back():
            self.problem.emit(
                self.tr("{}: what was painted before Tessera was cut off is back. Undo takes it away.").format(
                    slot.title
                )
            )

    def _closed(self) -> None:
        editor, self.editor, self._draft = self.editor, None, None
        if editor is not None:
            editor.deleteLater()

    def close(self) -> bool:
        """Closes the editor; False where it asks first, since something painted would be lost."""
        return self.editor is None or self.editor.close()

    def leave(self) -> None:
        """Closes the editor and asks nothing: what is painted and not used yet comes back when it is opened again."""
        if self.editor is not None and self._draft is not None:
            self._draft.keep()
            self.editor.throw_away()

    def _give_up(self) -> None:
        """Another method or project: an editor stays open only as long as it holds what is kept nowhere else."""
        if self.editor is not None and self.editor.picture.stack.isClean():
            self.editor.close()

    def _on_sources(self, key: str) -> None:
        """Other images to give to regions, or an undo of what was given."""
        if isinstance(self.editor, MaskEditor) and self._directs == key:
            self.editor.pieces.set_images(self._document.sources(key))

    def _give(self, slot: Slot, images: tuple[SourceImage, ...]) -> None:
        """Images and the map whose regions they are given to, as one step of undo."""
        assert self.editor is not None
        picture, sources = self.editor.picture, {**self._document.job.sources, slot.directs: images}
        if not picture.stack.isClean() or self._first(slot.key) is None:
            path = self._written(slot, picture.completed(), picture.regions)
            if path is None:
                return
            sources[slot.key] = (SourceImage(path=str(path)),)
        self._document.adopt(
            self._document.job.model_copy(update={"sources": sources}), self.tr("give pieces to a region")
        )
        self.editor.set_saved()

    def _keep(self, slot: Slot, labels: np.ndarray, regions: tuple[Region, ...]) -> None:
        path = self._written(slot, labels, regions)
        if path is None:
            return
        kept = self._document.sources(slot.key)[1:]
        self._document.set_sources(slot.key, (SourceImage(path=str(path)), *kept), self.tr("paint a mask"))
        if self.editor is not None:
            self.editor.set_saved()

    def _written(self, slot: Slot, labels: np.ndarray, regions: tuple[Region, ...]) -> Path | None:
        """The mask in a file; None, and the editor says why, where there is no room."""
        # a file of its own for each version, so that undo finds the one before
        folder = self._document.folder / FOLDER
        path = next(p for n in range(1, 1_000_000) if not (p := folder / f"{slot.key}-{n}.png").exists())
        try:
            write(path, labels, regions)
        except TesseraError as error:
            if self.editor is not None:
                self.editor.set_saved(str(error))
            return None
        return path


def _message(slot: Slot, error: BaseException) -> str:
    reason = str(error) if isinstance(error, TesseraError) else type(error).__name__
    return f"{slot.title}: {reason} Remove it from its place to paint a new one."
