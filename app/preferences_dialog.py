"""The dialog for the preferences that an artist sets by hand. Every choice acts, and is stored, at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from app.preferences import AUTOSAVE_S, LOUPES, MOMENTS_MB, MOMENTS_MINUTES, PREVIEW_PERCENT, Preferences
from app.widgets import theme
from app.widgets.controls import RingedCombo
from app.widgets.keyed_dialog import KeyedDialog

if TYPE_CHECKING:
    from engine.device import Device


class PreferencesDialog(KeyedDialog):
    """Looks, the computer's share, saving.

    Signals:
        theme_chosen(mode), device_chosen(key)
        loupe_chosen()
        share_chosen(): threads, the share of previews, or how often it is saved.
        moments_chosen(): how often moments are kept, or what they may take.

    Args:
        devices: what can be trained on; by default all of this computer.
    """

    theme_chosen = Signal(str)
    device_chosen = Signal(str)
    loupe_chosen = Signal()
    share_chosen = Signal()
    moments_chosen = Signal()

    def __init__(
        self, preferences: Preferences, parent: QWidget | None = None, devices: list[Device] | None = None
    ) -> None:
        from engine.device import available  # brings torch along, which the preferences alone can do without
        from engine.training.autosave import AUTOSAVE_S as USUAL_AUTOSAVE_S

        super().__init__(parent)
        self._preferences = preferences
        self.setWindowTitle("Preferences")
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(2 * theme.UNIT)
        self._form.setVerticalSpacing(theme.UNIT)
        self._add_looks()
        self._add_devices(available() if devices is None else devices)
        self._add_shares(round(USUAL_AUTOSAVE_S))
        self._add_moments()
        close = QPushButton("Close", self)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(self._form)
        column.addStretch(1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(400)

    def _add_looks(self) -> None:
        self.theme = RingedCombo(self)
        for mode, title in theme.MODE_TITLES.items():
            self.theme.addItem(title, mode)
        self.theme.setCurrentIndex(self.theme.findData(self._preferences.theme))
        self.theme.activated.connect(self._on_theme)
        self._form.addRow("Theme", self.theme)
        self.loupe = RingedCombo(self)
        for times in LOUPES:
            title = "Pixels one to one" if times == 1 else f"Pixels {times} times as large"
            self.loupe.addItem(title, times)
        self.loupe.setCurrentIndex(self.loupe.findData(self._preferences.loupe))
        self.loupe.setToolTip("What the loupe shows while Z is held")
        self.loupe.activated.connect(self._on_loupe)
        self._form.addRow("Loupe", self.loupe)

    def _add_devices(self, found: list[Device]) -> None:
        self.device = RingedCombo(self)
        self.device.addItem("The fastest one", "auto")
        for device in found:
            self.device.addItem(device.title, device.key)
        cards = [device.key for device in found if device.key.startswith("cuda:")]
        if len(cards) > 1:
            self.device.addItem(f"All {len(cards)} cards together", ",".join(cards))
        # a graphics card that was taken out falls back to the automatic choice
        self.device.setCurrentIndex(max(0, self.device.findData(self._preferences.device)))
        self.device.activated.connect(self._on_device)
        self._form.addRow("Train on", self.device)
        note = QLabel("Another device is used from the next training on; all else at once.", self)
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        self._form.addRow("", note)

    def _add_shares(self, usual_autosave_s: int) -> None:
        preferences, cores = self._preferences, os.cpu_count() or 1
        self.threads = self._number("Threads", 0, cores, min(cores, preferences.threads), "")
        self.threads.setSpecialValueText("All but one" if cores > 1 else "One")
        self.threads.setToolTip("Of the processor, that training may use; fewer leave more to other programs")
        self.threads.valueChanged.connect(self._on_threads)
        self.previews = self._number("Time for pictures", *PREVIEW_PERCENT, preferences.preview_percent, " %")
        self.previews.setSingleStep(5)
        self.previews.setToolTip("Of the time while it trains; more shows changes sooner, less learns faster")
        self.previews.valueChanged.connect(self._on_previews)
        autosave_s = preferences.autosave_s or usual_autosave_s
        self.autosave = self._number("Save the training every", *AUTOSAVE_S, autosave_s, " seconds")
        self.autosave.setSingleStep(10)
        self.autosave.setToolTip("What is trained since the last one is lost where the computer is cut off")
        self.autosave.valueChanged.connect(self._on_autosave)

    def _add_moments(self) -> None:
        preferences = self._preferences
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

    def _number(self, name: str, least: int, most: int, value: int, unit: str) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(least, most)
        box.setValue(value)
        box.setSuffix(unit)
        box.setAccessibleName(name)
        box.setKeyboardTracking(False)
        self._form.addRow(name, box)
        return box

    def _on_moments(self) -> None:
        self._preferences.moments_minutes = self.minutes.value()
        self._preferences.moments_mb = self.megabytes.value()
        self.moments_chosen.emit()

    def _on_threads(self, count: int) -> None:
        self._preferences.threads = count
        self.share_chosen.emit()

    def _on_previews(self, percent: int) -> None:
        self._preferences.preview_percent = percent
        self.share_chosen.emit()

    def _on_autosave(self, seconds: int) -> None:
        self._preferences.autosave_s = seconds
        self.share_chosen.emit()

    def _on_loupe(self, index: int) -> None:
        self._preferences.loupe = self.loupe.itemData(index)
        self.loupe_chosen.emit()

    def _on_theme(self, index: int) -> None:
        self._preferences.theme = self.theme.itemData(index)
        self.theme_chosen.emit(self._preferences.theme)

    def _on_device(self, index: int) -> None:
        self._preferences.device = self.device.itemData(index)
        self.device_chosen.emit(self._preferences.device)
