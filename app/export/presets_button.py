"""The button of export presets: choices of the form kept under a name, to be chosen again."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QMenu, QToolButton, QWidget

from app.export.choices import choices_of, take
from app.export.form import ExportForm
from app.preferences import Preferences

LONGEST_NAME = 60


class ExportPresets(QToolButton):
    """
    Args:
        form: whose choices they are.
        preferences: where they are kept.
    """

    def __init__(self, form: ExportForm, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form, self._preferences = form, preferences
        self.setText(self.tr("Presets") + " ▾")
        self.setToolTip(self.tr("All of these choices but name and folder, kept under a name"))
        self.setAccessibleName(self.tr("Export presets"))
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(self.refresh)
        self.setMenu(menu)
        self.refresh()

    def refresh(self) -> None:
        """The menu anew."""
        menu, there = self.menu(), self._preferences.export_presets
        menu.clear()
        for name in sorted(there, key=str.lower):
            action = menu.addAction(name, lambda name=name: self.apply(name))
            action.setCheckable(True)
            action.setChecked(there[name] == choices_of(self._form))
        if there:
            menu.addSeparator()
        menu.addAction(self.tr("Keep these choices as a preset…"), self.ask_name)
        if there:
            removing = menu.addMenu(self.tr("Remove a preset"))
            for name in sorted(there, key=str.lower):
                removing.addAction(name, lambda name=name: self.remove(name))

    def apply(self, name: str) -> None:
        """Chooses all again that a preset holds."""
        take(self._form, self._preferences.export_presets.get(name, {}))

    def keep(self, name: str) -> None:
        """Keeps the present choices; a preset of the same name is replaced."""
        name = name.strip()[:LONGEST_NAME]
        if name:
            self._preferences.export_presets = {**self._preferences.export_presets, name: choices_of(self._form)}

    def remove(self, name: str) -> None:
        there = self._preferences.export_presets
        self._preferences.export_presets = {other: choices for other, choices in there.items() if other != name}

    def ask_name(self) -> None:
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle(self.tr("Keep as an export preset"))
        dialog.setLabelText(self.tr("Name of the preset (one of the same name is replaced):"))
        dialog.textValueSelected.connect(self.keep)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
