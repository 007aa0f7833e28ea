"""What the program remembers between two starts, typed; and the dialog for the part that an artist sets by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from app.widgets import theme

if TYPE_CHECKING:
    from engine.device import Device

MOMENTS_MB, MOMENTS_MINUTES = (100, 1_000_000), (0, 240)
"""The least and the most."""


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

    @property
    def moments_mb(self) -> int:
        """Megabytes that moments kept by themselves may take in each project."""
        return self._number("moments/megabytes", 4000, *MOMENTS_MB)

    @moments_mb.setter
    def moments_mb(self, megabytes: int) -> None:
        self._store.setValue("moments/megabytes", megabytes)

    @property
    def moments_minutes(self) -> int:
        """Minutes of training between two moments kept by the clock; 0 for none."""
        return self._number("moments/minutes", 10, *MOMENTS_MINUTES)

    @moments_minutes.setter
    def moments_minutes(self, minutes: int) -> None:
        self._store.setValue("moments/minutes", minutes)

    def save(self) -> None:
        """Writes what is pending now instead of later."""
        self._store.sync()

    def _text(self, key: str, default: str) -> str:
        return str(self._store.value(key, default, type=str))

    def _number(self, key: str, default: int, least: int, most: int) -> int:
        try:
            value = int(str(self._store.value(key, default)))
        except ValueError:
            return default
        return min(max(value, least), most)

    def _bytes(self, key: str) -> bytes:
        value = self._store.value(key, QByteArray(), type=QByteArray)
        return bytes(value.data()) if isinstance(value, QByteArray) else b""


class PreferencesDialog(QDialog):
    """Theme, device and moments; a choice is stored at once.

    Signals:
        theme_chosen(mode), device_chosen(key)
        moments_chosen(): how often moments are kept, or what they may take.

    Args:
        devices: what can be trained on; by default all of this computer.
    """

    theme_chosen = Signal(str)
    device_chosen = Signal(str)
    moments_chosen = Signal()

    def __init__(
        self, preferences: Preferences, parent: QWidget | None = None, devices: list[Device] | None = None
    ) -> None:
        from engine.device import available  # brings torch along, which the preferences alone can do without

        super().__init__(parent)
        self._preferences = preferences
        self.setWindowTitle("Preferences")
        self.theme = QComboBox(self)
        for mode, title in theme.MODE_TITLES.items():
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
        self.minutes = self._number("Keep a moment every", *MOMENTS_MINUTES, preferences.moments_minutes, " minutes")
        self.minutes.setSpecialValueText("Never")
        self.minutes.setToolTip("Minutes of training between two moments that are kept by themselves")
        self.megabytes = self._number("Moments may take", *MOMENTS_MB, preferences.moments_mb, " MB")
        self.megabytes.setSingleStep(500)
        self.megabytes.setToolTip(
            "Of each project; what is kept by hand or has a star, a name or a note is not counted"
        )
        for box in (self.minutes, self.megabytes):
            box.valueChanged.connect(self._on_moments)
        close = QPushButton("Close", self)
        close.clicked.connect(self.accept)

        form = QFormLayout()
        form.setHorizontalSpacing(2 * theme.UNIT)
        form.setVerticalSpacing(theme.UNIT)
        form.addRow("Theme", self.theme)
        form.addRow("Train on", self.device)
        form.addRow("", note)
        form.addRow("Keep a moment every", self.minutes)
        form.addRow("Moments may take", self.megabytes)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(400)

    def _number(self, name: str, least: int, most: int, value: int, unit: str) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(least, most)
        box.setValue(value)
        box.setSuffix(unit)
        box.setAccessibleName(name)
        box.setKeyboardTracking(False)
        return box

    def _on_moments(self) -> None:
        self._preferences.moments_minutes = self.minutes.value()
        self._preferences.moments_mb = self.megabytes.value()
        self.moments_chosen.emit()

    def _on_theme(self, index: int) -> None:
        self._preferences.theme = self.theme.itemData(index)
        self.theme_chosen.emit(self._preferences.theme)

    def _on_device(self, index: int) -> None:
        self._preferences.device = self.device.itemData(index)
        self.device_chosen.emit(self._preferences.device)
