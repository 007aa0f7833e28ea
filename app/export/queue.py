"""Exports one after another: which waits, which is painted, what became of the others. Widgets are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from app.session_events import SessionEvents
from engine.messages.commands import Command
from engine.messages.events import Ended, Failed
from engine.messages.exports import CancelExport, ExportCancelled, Exported, ExportRequest, Progressed

State = Literal["waiting", "running", "stopping", "done", "stopped", "failed"]


@dataclass(eq=False)
class Item:
    """One export.

    Args:
        done, total, seconds_left: as the engine reported them last.
        message: why it failed.
        kept: whether what was painted lies on the disk, to go on with.
        result: of one that is done.
    """

    request: ExportRequest
    state: State = "waiting"
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    message: str = ""
    kept: bool = False
    result: Exported | None = None

    @property
    def over(self) -> bool:
        return self.state in ("done", "stopped", "failed")

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0


class ExportQueue(QObject):
    """Hands one export at a time to the session.

    Args:
        send: gives a command to the session, beginning one where none runs; False where that can not be.
        events: what the session says of it.
    """

    changed = Signal()
    """Something was added, removed, or has another state."""
    progressed = Signal(object)
    """An item has new figures."""

    def __init__(self, send: Callable[[Command], bool], events: SessionEvents, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.items: list[Item] = []
        self._send = send
        events.on(Progressed, self._on_progressed, self)
        events.on(Exported, self._on_exported, self)
        events.on(ExportCancelled, self._on_cancelled, self)
        events.on(Failed, self._on_failed, self)
        events.on(Ended, self._on_ended, self)

    @property
    def running(self) -> Item | None:
        return next((item for item in self.items if item.state in ("running", "stopping")), None)

    @property
    def busy(self) -> bool:
        """Whether anything is painted or waits to be."""
        return any(not item.over for item in self.items)

    def add(self, request: ExportRequest) -> Item:
        """The next one; an earlier attempt at the same file makes way."""
        self.items = [item for item in self.items if not (item.over and item.request.out == request.out)]
        item = Item(request)
        self.items.append(item)
        self._go_on()
        self.changed.emit()
        return item

    def show_unfinished(self, requests: Iterable[tuple[ExportRequest, int, int]]) -> None:
        """Another project: only what was begun of its exports remains; with the tiles done and all tiles of each."""
        self.items = [Item(request, "stopped", done, total, kept=True) for request, done, total in requests]
        self.changed.emit()

    def is_wanted(self, out: Path) -> bool:
        """Whether a file is already being painted, or waits."""
        return any(item.request.out == out for item in self.items if not item.over)

    def cancel(self, item: Item) -> None:
        """Stops the one that is painted, whose tiles stay on the disk; takes one that waits out of the queue."""
        if item.state == "running":
            item.state = "stopping"
            self._send(CancelExport(keep=True))
        elif item.state == "waiting":
            self.items.remove(item)
        self.changed.emit()

    def again(self, item: Item) -> None:
        """Goes on with one that was stopped or has failed, from what was painted of it."""
        self.items.remove(item)
        self.add(replace(item.request, resume=item.kept))

    def remove(self, item: Item) -> None:
        """Out of the list; its file, if it has one, stays."""
        if item.over:
            self.items.remove(item)
            self.changed.emit()

    def _on_progressed(self, event: Progressed) -> None:
        item = self.running
        if item is not None and event.job == "export":
            item.done, item.total, item.seconds_left = event.done, event.total, event.seconds_left
            self.progressed.emit(item)

    def _on_exported(self, event: Exported) -> None:
        if (item := self.running) is not None:
            item.state, item.result = "done", event
            self._go_on()
            self.changed.emit()

    def _on_cancelled(self, event: ExportCancelled) -> None:
        if (item := self.running) is not None:
            item.state, item.kept = "stopped", event.kept is not None
            self._go_on()
            self.changed.emit()

    def _on_failed(self, event: Failed) -> None:
        item = self.running
        if item is not None and (event.fatal or isinstance(event.command, ExportRequest)):
            item.state, item.message, item.kept = "failed", event.message, item.done > 0
            if not event.fatal:
                self._go_on()
            self.changed.emit()

    def _on_ended(self, _event: Ended) -> None:
        """The session is over, and nothing more will be painted by itself."""
        for item in self.items:
            if not item.over:
                item.state = "stopped"
        self.changed.emit()

    def _go_on(self) -> None:
        """The next one that waits, where nothing is being painted."""
        while self.running is None:
            item = next((item for item in self.items if item.state == "waiting"), None)
            if item is None:
                return
            if self._send(item.request):
                item.state = "running"
            else:
                item.state = "stopped"
