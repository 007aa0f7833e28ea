"""Connects the canvas with the running session: what it asks for goes there, and what is painted comes back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from app.canvas.hover import PieceHover
from app.canvas.panel import CanvasPanel
from app.session_events import CANVAS, LOUPE, TOUCHED
from app.training import Training
from app.widgets.thumbnails import read_preview
from engine import snapshots
from engine.messages.commands import RenderView, Restore
from engine.messages.events import Began, Failed, Retuned


class CanvasController(QObject):
    def __init__(self, training: Training, canvas: CanvasPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._training, self._canvas = training, canvas
        canvas.view.view_requested.connect(training.post)
        self.hover = PieceHover(training, canvas.view, self)
        training.state_changed.connect(self._on_state)
        training.leaving.connect(self._on_leaving)
        training.events.on_view(CANVAS, canvas.view.show_piece)
        training.events.on_view(TOUCHED, canvas.view.show_touched)
        training.events.on_view(LOUPE, canvas.view.loupe.show_piece)
        training.events.on(Began, self._on_began)
        training.events.on(Retuned, self._on_retuned)
        training.events.on(Failed, self._on_failed)

    def _on_state(self, state: str) -> None:
        self._canvas.view.set_session(self._training.running, state == "training")

    def _on_began(self, event: Began) -> None:
        view = self._canvas.view
        view.set_tells_pieces("pieces" in self._training.document.method.capabilities)
        if event.touched is not None and event.canvas_size == view.extent and view.compare.image is None:
            if event.touched.area:
                view.ask_touched(event.touched)
            return
        view.begin(event.canvas_size)
        self._canvas.set_hint("")
        self._canvas.show_still(None)
        view.ask(coarse_first=True)

    def _on_leaving(self, moment: Path) -> None:
        """Its stored picture is there at once; the network follows."""
        self._canvas.show_still(None)
        self._canvas.view.leave_for(read_preview(moment / snapshots.PREVIEW))

    def _on_retuned(self, _event: Retuned) -> None:
        if self._training.state in ("live", "paused"):  # otherwise the picture is asked for again and again
            self._canvas.view.ask(coarse_first=True)

    def _on_failed(self, event: Failed) -> None:
        if isinstance(event.command, Restore):
            self._canvas.view.stay()
        elif isinstance(event.command, RenderView) and event.command.requester == CANVAS:
            self._canvas.view.answer_failed()
