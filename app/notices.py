"""A word where the artist is not looking: a long job has ended while another window was in front."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from app.training import Training
from app.widgets import words
from engine.messages.events import Failed, Kept
from engine.messages.exports import Exported

LONG_S = 20.0
"""A job of this length is worth a word."""
SHOWN_MS = 10_000


class Notices(QObject):
    """Tells the end of long exports and of trainings beside the clock, where the window is behind another one.

    Args:
        elsewhere: whether the artist is looking at another window.
        of_many: whether the training is one of a plan, whose end alone is worth a word.
    """

    def __init__(
        self,
        training: Training,
        window: QWidget,
        elsewhere: Callable[[], bool] | None = None,
        of_many: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._elsewhere = elsewhere or (lambda: not window.isActiveWindow())
        self._of_many = of_many
        self._tray: QSystemTrayIcon | None = None
        self._shown: Path | None = None
        self.told: list[str] = []
        """What was said outside the window."""
        training.events.on(Exported, self._on_exported)
        training.events.on(Kept, self._on_kept)
        training.events.on(Failed, self._on_failed)

    def _on_exported(self, event: Exported) -> None:
        if event.seconds >= LONG_S:
            text = self.tr("{} is ready, after {}.").format(event.out.name, words.duration(event.seconds))
            self.tell(text, event.out)

    def _on_kept(self, event: Kept) -> None:
        if event.reason == "final" and not self._of_many():
            self.tell(self.tr("The training has reached its end, step {}.").format(f"{event.step:,}"))

    def _on_failed(self, event: Failed) -> None:
        if event.fatal and not self._of_many():
            self.tell(event.message)

    def tell(self, text: str, path: Path | None = None) -> None:
        """A sentence about what has ended; `path` is what a click on it shows in its folder."""
        if not self._elsewhere():
            return
        self.told.append(text)
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.messageClicked.connect(self._on_clicked)
        self._shown = path
        self._tray.show()
        self._tray.showMessage("Tessera", text, self._window.windowIcon(), SHOWN_MS)

    def _on_clicked(self) -> None:
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.raise_()
        self._window.activateWindow()
        if self._shown is not None:
            words.show_in_folder(self._shown)
        if self._tray is not None:
            self._tray.hide()
