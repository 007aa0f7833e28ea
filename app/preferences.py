"""What the program remembers between two starts, typed; and the dialog for the part that an artist sets by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.widgets import theme

if TYPE_CHECKING:
    from engine.device import Device


class Preferences:
    """A typed face of QSettings, which forgets types: every value is asked for with its own.

    Args:
        store: where values are kept; by default the user's settings of the application.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings()

    @property
    def theme(self) -> str:
        """One of `theme.MODES`."""
        stored = self._text("theme", "system")
        return stored if stored in theme.MODES else "system"

    @theme.setter
    def theme(self, mode: str) -> None:
        self._store.setValue("theme", mode)

    @property
    def device(self) -> str:
        """A device's key, or "auto"."""
        return self._text("device", "auto") or "auto"

    @device.setter
    def device(self, key: str) -> None:
        self._store.setValue("device", key)

    @property
    def geometry(self) -> bytes:
        """Of the main window, as Qt saved it; empty at the first start."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, geometry: bytes) -> None:
        self._store.setValue("window/geometry", QByteArray(geometry))

    @property
    def state(self) -> bytes:
        """Of the docks and toolbars, as Qt saved it; empty at the first start."""
        return self._bytes("window/state")

    @state.setter
    def state(self, state: bytes) -> None:
        self._store.setValue("window/state", QByteArray(state))

    def last_folder(self, purpose: str) -> Path:
        """The folder last used for "images", "projects", "export"...; the user's pictures where there is none."""
        stored = self._text(f"folders/{purpose}", "")
        if stored and Path(stored).is_dir():
            return Path(stored)
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return Path(pictures) if pictures and Path(pictures).is_dir() else Path.home()

    def set_last_folder(self, purpose: str, folder: Path) -> None:
        self._store.setValue(f"folders/{purpose}", str(folder))

    @property
    def last_project(self) -> Path | None:
        """The project that was open when the program was closed."""
        stored = self._text("projects/last", "")
        return Path(stored) if stored else None

    @last_project.setter
    def last_project(self, folder: Path | None) -> None:
        self._store.setValue("projects/last", "" if folder is None else str(folder))

    @property
    def recent_projects(self) -> list[Path]:
        """Folders of the projects that were worked on, the last one first."""
        return [Path(line) for line in self._text("projects/recent", "").split("\n") if line]

    @recent_projects.setter
    def recent_projects(self, folders: list[Path]) -> None:
        self._store.setValue("projects/recent", "\n".join(str(folder) for folder in folders))

    def save(self) -> None:
        """Writes what is pending now instead of later."""
        self._store.sync()

    def _text(self, key: str, default: str) -> str:
        return str(self._store.value(key, default, type=str))

    def _bytes(self, key: str) -> bytes:
        value = self._store.value(key, QByteArray(), type=QByteArray)
        return bytes(value.data()) if isinstance(value, QByteArray) else b""


class PreferencesDialog(QDialog):
    """Theme and device; a choice is stored at once.

    Signals:
        theme_chosen(mode), device_chosen(key)

    Args:
        devices: what can be trained on; by default all of this computer.
    """

    theme_chosen = Signal(str)
    device_chosen = Signal(str)

    def __init__(
        self, preferences: Preferences, parent: QWidget | None = None, devices: list[Device] | None = None
    ) -> None:
        from engine.device import available  # brings torch along, which the preferences alone can do without

        super().__init__(parent)
        self._preferences = preferences
        self.setWindowTitle("Preferences")
        self.theme = QComboBox(self)
        for mode, title in (("system", "Like the computer"), ("light", "Light"), ("dark", "Dark")):
            self.theme.addItem(title, mode)
        self.theme.setCurrentIndex(self.theme.findData(preferences.theme))
        self.theme.activated.connect(self._on_theme)
        self.device = QComboBox(self)
        self.device.addItem("The fastest one", "auto")
        for device in available() if devices is None else devices:
            self.device.addItem(device.title, device.key)
        # a graphics card that was taken out falls back to the automatic choice
        self.device.setCurrentIndex(max(0, self.device.findData(preferences.device)))
        self.device.activated.connect(self._on_device)
        note = QLabel("Another device is used from the next training on.", self)
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        close = QPushButton("Close", self)
        close.clicked.connect(self.accept)

        form = QFormLayout()
        form.setHorizontalSpacing(2 * theme.UNIT)
        form.setVerticalSpacing(theme.UNIT)
        form.addRow("Appearance", self.theme)
        form.addRow("Train on", self.device)
        form.addRow("", note)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(400)

    def _on_theme(self, index: int) -> None:
        self._preferences.theme = self.theme.itemData(index)
        self.theme_chosen.emit(self._preferences.theme)

    def _on_device(self, index: int) -> None:
        self._preferences.device = self.device.itemData(index)
        self.device_chosen.emit(self._preferences.device)
