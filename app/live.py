"""Live: the picture is there as soon as there are images, before anybody trains.

A session that only paints is begun for a method that knows how before its first step, follows every change of the
document, and ends where the document asks for something else. What is learned later is train_controller.py's.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from app.document import Document
from app.training import Training
from engine.job import Job
from engine.messages.events import Began, Failed
from engine.snapshots import Snapshot


class LiveController(QObject):
    """
    Args:
        present: the moment that the project stands at; where something was learned in it, its picture is shown instead.
    """

    def __init__(
        self, document: Document, training: Training, present: Callable[[], Snapshot | None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._training, self._present = document, training, present
        self._refused: Job | None = None
        """What could not be shown, so that it is not tried again and again."""
        self._loading = self._over = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.follow)
        document.sources_changed.connect(lambda _slot: self._soon.start())
        document.settings_changed.connect(lambda _names: self._soon.start())
        for signal in (document.frame_changed, document.method_changed, document.job_replaced):
            signal.connect(self._soon.start)
        training.state_changed.connect(lambda _state: self._soon.start())
        training.events.on(Began, self._on_began)
        training.events.on(Failed, self._on_failed)

    @property
    def possible(self) -> bool:
        """Whether the document's choices can be shown without any training, once it has images."""
        return self._document.method.is_instant(self._document.settings)

    def end(self) -> None:
        """Begins nothing any more: the window closes."""
        self._over = True

    def try_again(self) -> None:
        """What could not be shown may be whole now."""
        self._refused = None
        self._soon.start()

    def follow(self) -> None:
        """Begins, loads what changed, or ends, whichever is next."""
        if self._over:
            return
        training = self._training
        if training.state == "live":
            if self._document.missing() or not self.possible:
                training.stop(keep=False)
            elif training.stale and not self._loading:
                self._loading = True
                training.rebuild()
        elif training.state == "idle" and self._wanted():
            self._loading = False
            present = self._present()
            training.start(None if present is None else present.folder, live=True)

    def _wanted(self) -> bool:
        document = self._document
        if document.empty or document.missing() or document.job == self._refused or not self.possible:
            return False
        present = self._present()
        return present is None or not present.step

    def _on_began(self, _event: Began) -> None:
        self._loading = False
        self._soon.start()

    def _on_failed(self, _event: Failed) -> None:
        if self._training.state in ("live", "starting", "stopping"):
            self._refused, self._loading = self._document.job, False
