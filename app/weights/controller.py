"""Says when the chosen settings need a file that is not there, and offers to get it before training begins."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.weights.dialog import WeightsDialog
from app.widgets.message_bar import MessageBar
from engine.style.weights import missing_weights

_KEY = "weights"


class WeightsController(QObject):
    """
    Args:
        folder: where such files are kept; None for the user's cache.
    """

    def __init__(self, document: Document, messages: MessageBar, window: QWidget, folder: Path | None = None) -> None:
        super().__init__(window)
        self._document, self._messages, self._window, self._folder = document, messages, window, folder
        self.dialog: WeightsDialog | None = None
        """The one that is open."""
        document.settings_changed.connect(lambda _names: self.refresh())
        document.method_changed.connect(self.refresh)
        document.job_replaced.connect(self.refresh)

    def refresh(self) -> None:
        """Tells what is missing, where something is."""
        missing = missing_weights(self._document.settings, self._folder)
        if not missing:
            self._messages.withdraw(_KEY)
            return
        words = self.tr("{} is not on this computer yet ({}).").format(missing[0].title, missing[0].size)
        self._messages.show_message(words, key=_KEY, button=self.tr("Get it…"), act=self.ask)

    def ask(self) -> bool:
        """Opens the dialog for the first missing file; False where nothing is missing."""
        missing = missing_weights(self._document.settings, self._folder)
        if not missing:
            return False
        if self.dialog is None:
            self.dialog = WeightsDialog(missing[0], self._folder, self._window)
            self.dialog.finished.connect(self._closed)
        self.dialog.open()
        return True

    def _closed(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()
        self.refresh()
