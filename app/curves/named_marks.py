"""Every change of the document as a mark on the curves, with the values that it led to, for the way back to them."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.change import Change
from app.curves.plots import Curves
from app.document import Document
from app.training import Training
from engine.messages.events import Began


class NamedMarks(QObject):
    def __init__(self, document: Document, training: Training, curves: Curves, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._training, self._curves = document, training, curves
        document.changed.connect(self._on_change)
        training.events.on(Began, self._on_began)
        curves.values_wanted.connect(
            lambda mark: document.adopt(mark.job, self.tr("values of step {}").format(f"{mark.step:,}"))
        )

    def _on_change(self, change: Change) -> None:
        if self._training.state in ("training", "paused"):
            step = self._curves.history.last_step
            self._curves.mark(step, change.text, change.names, change.job, change.merge)

    def _on_began(self, event: Began) -> None:
        """A rebuild that no change of images tells about."""
        if event.reason == "rebuilt" and event.step:
            self._curves.mark(event.step, self.tr("rebuild"), job=self._document.job, merge="rebuild")
