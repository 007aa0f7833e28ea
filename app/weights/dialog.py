"""Getting a network's file: fetched with progress and a way to stop, or chosen from disk. The rest is the engine's."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import Qt, QThread, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.widgets import theme, words
from app.widgets.controls import Note
from app.widgets.keyed_dialog import KeyedDialog
from engine.errors import CancelledError, TesseraError
from engine.style.weights import Weights, adopt, fetch


class _Work(QThread):
    """Fetches, or checks and copies a chosen file, in a thread of its own."""

    progressed = Signal(object, object)
    """Bytes there, bytes in all; as objects, since they may be more than an int of Qt's holds."""

    def __init__(self, weights: Weights, chosen: Path | None, folder: Path | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._weights, self._chosen, self._folder = weights, chosen, folder
        self.stop = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            if self._chosen is not None:
                adopt(self._weights, self._chosen, self._folder)
            else:
                for there, total in fetch(self._weights, self._folder, self.stop.is_set):
                    self.progressed.emit(there, total)
        except Exception as error:  # whatever it is, it is told in the window
            self.error = error


class WeightsDialog(KeyedDialog):
    """Accepted when the file is there.

    Args:
        folder: where it is kept; None for the user's cache.
    """

    def __init__(self, weights: Weights, folder: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._weights, self._folder = weights, folder
        self._work: _Work | None = None
        self._closing = False
        self.setWindowTitle(self.tr("{} is needed").format(weights.title))
        about = QLabel(
            self.tr(
                "{} is a network that others have trained. It is not part of Tessera and is fetched once, {}, from {}."
            ).format(weights.title, weights.size, weights.url.split("/")[2]),
            self,
        )
        about.setWordWrap(True)
        other = QLabel(
            self.tr("Or get {} on another computer and choose it here. Built-in filters need no file.").format(
                weights.name
            ),
            self,
        )
        other.setWordWrap(True)
        other.setProperty("role", "muted")
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.note = Note(self)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.choose_button = QPushButton(self.tr("Choose a file…"), self)
        self.close_button = QPushButton(self.tr("Close"), self)
        self.fetch_button = QPushButton(self.tr("Fetch"), self)
        self.fetch_button.setProperty("role", "primary")
        self.fetch_button.setDefault(True)
        self.choose_button.clicked.connect(self.choose)
        self.close_button.clicked.connect(self.reject)
        self.fetch_button.clicked.connect(self.fetch)
        buttons = QHBoxLayout()
        buttons.addWidget(self.choose_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.fetch_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        for part in (about, other, self.bar, self.note):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.setFixedWidth(58 * theme.UNIT)
        self._show_idle("")
        self.fetch_button.setFocus()

    def fetch(self) -> None:
        """Begins the download, or goes on with one that was broken off."""
        self._begin(None, self.tr("Connecting…"))

    def choose(self) -> QFileDialog:
        """Asks for the file, without blocking."""
        dialog = QFileDialog(self, self.tr("Choose {}").format(self._weights.name))
        dialog.setNameFilters([f"{self._weights.name} (*{Path(self._weights.name).suffix})", self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.take(Path(name)))
        dialog.open()
        return dialog

    def take(self, chosen: Path) -> None:
        """Checks a file and copies it to where it belongs."""
        self._begin(chosen, self.tr("Checking {}…").format(chosen.name))

    def stop(self) -> None:
        """Ends the download; what is there is kept for the next time."""
        if self._work is not None:
            self._work.stop.set()

    def reject(self) -> None:
        if self._work is None:
            super().reject()
        else:  # the thread ends with its present block
            self._closing = True
            self.stop()

    def _begin(self, chosen: Path | None, message: str) -> None:
        if self._work is not None:
            return
        self._work = _Work(self._weights, chosen, self._folder, self)
        self._work.progressed.connect(self._show_progress)
        self._work.finished.connect(self._ended)
        self.note.say(message)
        self.bar.setRange(0, 0)
        self.bar.show()
        self.fetch_button.setEnabled(False)
        self.choose_button.setEnabled(False)
        self.close_button.setText(self.tr("Stop"))
        self._work.start()

    def _show_progress(self, there: int, total: int) -> None:
        if not total:
            self.note.say(self.tr("{} are here").format(words.amount(there)))
            return
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * there / total))
        self.note.say(self.tr("{} of {}").format(words.amount(there), words.amount(total)))

    def _ended(self) -> None:
        work, self._work = self._work, None
        assert work is not None
        work.deleteLater()
        if work.error is None:
            self.accept()
        elif self._closing:
            super().reject()
        else:
            known = isinstance(work.error, TesseraError)
            message = str(work.error) if known else f"{type(work.error).__name__}: {work.error}"
            self._show_idle(message, "muted" if isinstance(work.error, CancelledError) else "error")

    def _show_idle(self, message: str, role: str = "muted") -> None:
        self.bar.hide()
        self.note.say(message, role)
        self.fetch_button.setEnabled(True)
        self.choose_button.setEnabled(True)
        self.close_button.setText(self.tr("Close"))
