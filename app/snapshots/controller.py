"""Connects the strip of snapshots with the project's folder and the training. How the strip looks is not known here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.document import Document
from app.snapshots.strip import SnapshotStrip
from app.training import Training
from app.widgets.thumbnails import read_preview
from engine import snapshots
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
        strip.renamed.connect(lambda snapshot, name: self._change(lambda: snapshots.rename(snapshot, name)))
        strip.removed.connect(lambda snapshot: self._change(lambda: snapshots.remove(snapshot)))
        strip.picture_requested.connect(self._show_picture)
        training.events.on(Kept, lambda _event: self.refresh())

    def refresh(self) -> None:
        """Reads the project's snapshots again."""
        self._all = snapshots.listing(self._document.folder)
        self._strip.set_snapshots(self._all)

    def newest(self) -> Path | None:
        """Folder of the newest snapshot of the document's method."""
        fitting = self._fitting()
        return fitting[-1].folder if fitting else None

    def newest_job(self) -> Job | None:
        """What that snapshot was made from."""
        fitting = self._fitting()
        return fitting[-1].job if fitting else None

    def newest_canvas(self) -> Size | None:
        """The size that it was trained for."""
        fitting = self._fitting()
        return fitting[-1].canvas_size if fitting else None

    def _fitting(self) -> list[Snapshot]:
        return [snapshot for snapshot in self._all if snapshot.job.method == self._document.job.method]

    def _show_picture(self, snapshot: Snapshot) -> None:
        image = read_preview(snapshot.preview)
        if not image.isNull():
            title = snapshot.name or self.tr("Snapshot {}").format(snapshot.folder.name)
            self.picture_chosen.emit(image, self.tr("{}, step {}").format(title, f"{snapshot.step:,}"))

    def _change(self, change: Callable[[], object]) -> None:
        try:
            change()
        except TesseraError as error:
            self._document.problem.emit(str(error))
        self.refresh()
