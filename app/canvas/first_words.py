"""Says on an empty canvas what is being done until the first picture is there."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.canvas.panel import CanvasPanel
from app.session_events import CANVAS
from app.training import Training
from engine.messages.events import Began, ViewRendered


class FirstWords(QObject):
    """To be made after the canvas' controller: what the canvas has is known once that has heard of an event."""

    def __init__(self, training: Training, canvas: CanvasPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._training, self._canvas = training, canvas
        training.state_changed.connect(lambda _state: self._say())
        training.events.on(Began, lambda _event: self._say())
        training.events.on_view(CANVAS, self._on_piece)

    def _on_piece(self, event: ViewRendered) -> None:
        if event.done or event.image.size:
            self._say()

    def _say(self) -> None:
        if self._training.running:
            seen = self._canvas.view.picture() is not None
            self._canvas.begin.tell("" if seen else self._doing())

    def _doing(self) -> str:
        if self._training.state == "starting":
            return self.tr("Reading the images…")
        return self.tr("Painting the first picture…") if self._training.answers else ""
