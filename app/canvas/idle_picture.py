"""What stands on the canvas while nothing is painted: the three doors, the content, or the newest snapshot."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject

from app.canvas.panel import CanvasPanel
from app.document import Document
from app.snapshots.controller import SnapshotsController
from app.training import Training
from app.widgets.arrays import to_image
from app.widgets.background import Tasks
from engine.box import Size
from engine.errors import BadImageError
from engine.images.read import read_image
from engine.job import Job
from engine.messages.events import Began, Failed

LARGEST_SIDE_PX = 1600


class IdlePictureController(QObject):
    def __init__(
        self,
        document: Document,
        training: Training,
        canvas: CanvasPanel,
        snapshots: SnapshotsController,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._document, self._training, self._canvas, self._snapshots = document, training, canvas, snapshots
        self.canvas_size: Size | None = None
        """Of the canvas, as far as it is known: from the session, or from the first content image."""
        self._refused: Job | None = None
        """What could not be begun, and why was said: nobody is asked to press Train for it."""
        self._shown = ""
        self._tasks = Tasks(self)
        training.events.on(Began, self._on_began)
        training.events.on(Failed, self._on_failed)
        training.state_changed.connect(lambda _state: self._offer())
        canvas.begin.without.clicked.connect(lambda: document.set("guidance", "unguided"))
        document.job_replaced.connect(self._forget)
        document.frame_changed.connect(self.refresh)
        document.settings_changed.connect(lambda _names: self.refresh())

    def refresh(self) -> None:
        """Shows what belongs on the canvas now; pictures are read in the background."""
        snapshot = self._snapshots.newest()
        self._canvas.show_start(self._document.empty and snapshot is None and not self._training.running)
        self._canvas.set_hint(self._hint())
        self._offer()
        if self._training.running:
            return
        preview = snapshot / "preview.png" if snapshot is not None else None
        job = self._snapshots.newest_job() or self._document.job
        trained = self._snapshots.newest_canvas() or job.canvas_size
        first = next(iter(job.sources.get("content", ())), None)
        content = "" if first is None else first.path
        # methods that resample the content work on a canvas of its new size
        factor = getattr(job.settings, "content_scale", 1.0) * (1.0 if first is None else first.scale)
        path = str(preview) if preview is not None and os.path.exists(preview) else content
        key = f"{path} {content} {factor} {trained}"
        if key == self._shown:
            return
        self._shown = key
        if not path:
            self.canvas_size = trained
            self._canvas.view.forget()
            return
        self._tasks.run(
            lambda: _read(Path(path), Path(content) if content else None),
            lambda result: self._arrived(key, result[0], trained or _scaled(result[1], factor)),
            lambda _error: None,  # the thumbnail beside it says what is wrong with the file
        )

    def read_again(self) -> None:
        """A file may have changed under its name."""
        self._shown = ""
        self.refresh()

    def wait(self) -> None:
        """For pictures that are still being read."""
        self._tasks.wait()

    def _forget(self) -> None:
        self._shown, self.canvas_size = "", None
        self._canvas.view.forget()
        self._canvas.view.set_extent(Size(0, 0))  # another project has no shape yet

    def _arrived(self, key: str, pixels: np.ndarray, canvas: Size) -> None:
        begins = self._training.state == "starting" and self._canvas.view.picture() is None
        if key != self._shown or (self._training.running and not begins):
            return
        self.canvas_size = canvas
        self._canvas.view.forget()
        self._canvas.view.set_extent(self.canvas_size)
        self._canvas.view.set_picture(to_image(pixels), self._canvas.view.layer)
        if begins:
            self._canvas.begin.tell("")

    def _on_began(self, event: Began) -> None:
        self.canvas_size = event.canvas_size
        self._canvas.show_start(False)

    def _on_failed(self, _event: Failed) -> None:
        if self._training.state in ("starting", "live", "stopping"):
            self._refused = self._document.job

    def _offer(self) -> None:
        """The button in the middle of the canvas, where pressing it is all that is left to do."""
        document = self._document
        if self._training.running:  # first_words.py says what is done
            return
        missing = [slot.key for slot in document.missing()]
        if missing == ["content"] and hasattr(document.settings, "guidance") and self._snapshots.newest() is None:
            words = self.tr("Drop an image on Content, and pieces of your style show it. Or let chance lay them.")
            self._canvas.begin.offer_without(words)
            return
        lacking = document.empty or missing or document.job == self._refused
        words = self.tr("All that is needed is here.") if not lacking and self._snapshots.newest() is None else ""
        self._canvas.begin.offer(words)

    def _hint(self) -> str:
        if self._training.running or self._document.empty:
            return ""
        missing = self._document.missing()
        if missing:
            return self.tr("Add images to {} to begin.").format(" and ".join(slot.title for slot in missing))
        if self._snapshots.newest() is not None:
            return self.tr("The newest moment. Train goes on from it.")
        if not self._document.sources("content"):
            return ""
        return self.tr("The content, before it is painted.")


def _scaled(size: Size, factor: float) -> Size:
    return Size(max(1, round(size.height * factor)), max(1, round(size.width * factor)))


def _read(path: Path, content: Path | None) -> tuple[np.ndarray, Size]:
    """A picture, uint8 [h, w, 3], and the size of the content (or else of the picture) in its file."""
    picture = read_image(path, LARGEST_SIDE_PX**2)
    size = picture.original
    if content is not None and content != path:
        with suppress(BadImageError):  # a snapshot is shown although the content has moved
            size = read_image(content, LARGEST_SIDE_PX**2).original
    return picture.pixels.permute(1, 2, 0).numpy(), size
