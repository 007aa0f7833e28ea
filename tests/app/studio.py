"""The whole window with a real session of a small method, as most tests of the window use it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QPoint

from app.main_window import MainWindow
from engine.messages.events import Event, Stepped
from tests.app.drops import drop, files
from tests.app.toys import write_image
from tests.engine.toy import ToySettings

PATIENCE_MS = 60_000

E = TypeVar("E", bound=Event)


class Studio:
    """A window, what its session said, and the usual things to do with it."""

    def __init__(self, window: MainWindow, qtbot, folder: Path) -> None:
        self.window, self.qtbot, self.folder = window, qtbot, folder
        self.events: list[Event] = []
        window.training.events.on(Event, self.events.append)

    @property
    def settings(self) -> ToySettings:
        settings = self.window.document.settings
        assert isinstance(settings, ToySettings)
        return settings

    def until(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def seen(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def until_seen(self, kind: type[E], number: int = 1) -> E:
        self.until(lambda: len(self.seen(kind)) >= number)
        return self.seen(kind)[-1]

    def drop_style(self) -> None:
        start = self.window.canvas.start
        drop(start, files(write_image(self.folder / "style ä.png")), QPoint(20, start.height() // 2))

    def train(self) -> None:
        """Drops an image and trains until reports come."""
        self.drop_style()
        self.press("train")
        self.until_seen(Stepped, 2)

    def stop(self) -> None:
        """Ends the training, and waits until nothing runs."""
        self.press("stop")
        self.until(lambda: self.window.training.state == "idle")

    def press(self, action: str) -> None:
        assert self.window.actions_by_name[action].isEnabled()
        self.window.actions_by_name[action].trigger()

    def said(self) -> list[str]:
        return [message.text for message in self.window.messages.messages]
