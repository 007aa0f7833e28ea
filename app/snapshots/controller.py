"""Connects the strip of snapshots with the project's folder and the training. How the strip looks is not known here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.document import Document
from app.snapshots.strip import SnapshotStrip
from app.training import Training
from engine import moments, snapshots
from engine.box import Size
from engine.errors import TesseraError
from engine.job import Job
from engine.messages import Kept
from engine.snapshots import Snapshot


class SnapshotsController(QObject):
    picture_chosen = Signal(QImage, str)
    """A snapshot's picture, to be compared with the present one, and what it is called."""

    def __init__(self, document: Document, training: Training, strip: SnapshotStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._strip = document, strip
        self._all: list[Snapshot] = []
        strip.restore_requested.connect(lambda snapshot: training.go_back(snapshot.folder))
        strip.keep_requested.connect(training.keep)
        strip.renamed.connect(lambda snapshot, name: self._change(lambda: snapshots.revise(snapshot, name=name)))
        strip.removed.connect(lambda snapshot: self._change(lambda: snapshots.remove(snapshot)))
        strip.picture_requested.connect(self._show_picture)
        training.events.on(Kept, lambda _event: self.refresh())

    def refresh(self) -> None:
        """Reads the project's snapshots again."""
        self._all = snapshots.listing(self._document.folder)
        self._strip.set_snapshots(self._all)

    def newest(self) -> Path | None:
        """Folder of the snapshot that the document's method goes on from: the newest of the present branch."""
        at = self._present()
        return None if at is None else at.folder

    def newest_job(self) -> Job | None:
        """What that snapshot was made from."""
        at = self._present()
        return None if at is None else at.job

    def newest_canvas(self) -> Size | None:
        """The size that it was trained for."""
        at = self._present()
        return None if at is None else at.canvas_size

    def _present(self) -> Snapshot | None:
        return moments.present(self._document.folder, self._document.job.method, self._all)

    def _show_picture(self, snapshot: Snapshot) -> None:
        image = QImage(str(snapshot.preview))
        if not image.isNull():
            title = snapshot.name or self.tr("Snapshot {}").format(snapshot.folder.name)
            self.picture_chosen.emit(image, self.tr("{}, step {}").format(title, f"{snapshot.step:,}"))

    def _change(self, change: Callable[[], object]) -> None:
        try:
            change()
        except TesseraError as error:
            self._document.problem.emit(str(error))
        self.refresh()
