"""The button of presets: which one is in force and whether it was changed; to apply, keep, share and remove them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QToolButton, QWidget

from app.change import Change
from app.document import Document
from app.settings import own_presets
from app.settings.own_presets import LONGEST_NAME, OwnPreset
from app.widgets.message_bar import MessageBar
from engine.errors import TesseraError

FILES = "Tessera preset (*.json)"
MOST_CHARACTERS = 22
"""Of a name on the button."""


class PresetsMenu(QObject):
    """
    Signals:
        applied(name): of one of the method's own presets.

    Args:
        folder: of the artist's own presets.
    """

    applied = Signal(str)

    def __init__(
        self, document: Document, button: QToolButton, messages: MessageBar, folder: Path, window: QWidget
    ) -> None:
        super().__init__(window)
        self._document, self._button, self._messages = document, button, messages
        self._folder, self._window = folder, window
        self._applied = ""
        self._own: list[OwnPreset] = []
        document.settings_changed.connect(lambda _names: self.show_active())
        document.changed.connect(self._on_change)
        document.method_changed.connect(self._on_method)
        document.job_replaced.connect(self._on_method)

    def refresh(self) -> None:
        """The menu anew: another method, or other presets of one's own."""
        menu, method = self._button.menu(), self._document.method
        menu.clear()
        for group in dict.fromkeys(preset.group for preset in method.presets):
            menu.addSection(group.capitalize())
            for preset in (p for p in method.presets if p.group == group):
                action = menu.addAction(preset.name, lambda name=preset.name: self._apply(name, None))
                action.setToolTip(preset.help)
                action.setCheckable(True)
        own = self._own = own_presets.listing(self._folder, self._document.job.method)
        if own:
            menu.addSection(self.tr("Your own"))
            for preset in own:
                action = menu.addAction(preset.name, lambda preset=preset: self._apply(preset.name, preset.values))
                action.setCheckable(True)
        menu.addSeparator()
        menu.addAction(self.tr("Keep these settings as a preset…"), self.ask_name)
        menu.addAction(self.tr("Bring in a preset from a file…"), self._ask_file)
        if own:
            self._submenu(menu, self.tr("Share a preset"), own, self._ask_place)
            self._submenu(menu, self.tr("Remove a preset"), own, self.remove)
        menu.setToolTipsVisible(True)
        self.show_active()

    def show_active(self) -> None:
        """On the button the preset that is in force; the one applied last where it was changed."""
        names = self._in_force()
        for action in self._button.menu().actions():
            if action.isCheckable():
                action.setChecked(action.text() in names)
        if self._applied and self._applied not in names:
            words = self.tr("{} (changed)").format(self._applied)
        else:
            words = " · ".join(names) or self.tr("Preset")
        short = words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1].rstrip() + "…"
        self._button.setText(f"{short} ▾")
        self._button.setAccessibleName(self.tr("Preset: {}").format(words) if names or self._applied else words)
        self._button.setToolTip(
            self.tr("Values to start from, for speed and for the look. In force: {}").format(words)
            if names or self._applied
            else self.tr("Values to start from, for speed and for the look")
        )

    # ------------------------------------------------------------ what the artist can ask for

    def keep(self, name: str) -> bool:
        """Keeps the present settings under a name; False (and a message) where that fails."""
        document = self._document
        preset = OwnPreset(document.job.method, name[:LONGEST_NAME].strip(), document.settings.model_dump(mode="json"))
        if not preset.name or not self._tried(lambda: own_presets.save(self._folder, preset)):
            return False
        self._applied = preset.name
        self.refresh()
        return True

    def bring_in(self, path: Path) -> bool:
        """Keeps a preset from a file, and applies it where it is one of the present method."""
        try:
            preset = own_presets.read(path)
            own_presets.save(self._folder, preset)
        except TesseraError as error:
            self._messages.show_message(str(error), "warning")
            return False
        if preset.left_out:
            self._messages.show_message(
                self.tr("“{}” has settings that can not be had here and were left out: {}.").format(
                    preset.name, ", ".join(sorted(preset.left_out)[:8])
                )
            )
        self.refresh()
        if preset.method == self._document.job.method:
            self._apply(preset.name, preset.values)
        else:
            self._messages.show_message(self.tr("“{}” was kept; it is for another method.").format(preset.name))
        return True

    def share(self, preset: OwnPreset, path: Path) -> None:
        self._tried(lambda: own_presets.share(path.with_suffix(own_presets.SUFFIX), preset))

    def remove(self, preset: OwnPreset) -> None:
        own_presets.remove(self._folder, preset)
        self.refresh()

    def ask_name(self) -> None:
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(self.tr("Keep as a preset"))
        dialog.setLabelText(self.tr("Name of the preset (one of the same name is replaced):"))
        dialog.setTextValue(self._applied if self._applied in [preset.name for preset in self._own] else "")
        dialog.textValueSelected.connect(self.keep)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Bring in a preset"), str(Path.home()), FILES)
        if name:
            self.bring_in(Path(name))

    def _ask_place(self, preset: OwnPreset) -> None:
        place = str(Path.home() / f"{preset.name}{own_presets.SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Share a preset"), place, FILES)
        if name:
            self.share(preset, Path(name))

    # ------------------------------------------------------------ the rest

    def _apply(self, name: str, values: Mapping[str, Any] | None) -> None:
        applied, self._applied = self._applied, name
        done = (
            self._document.apply_preset(name)
            if values is None
            else self._document.set_values(dict(values), self.tr("preset {}").format(name))
        )
        if not done:
            self._applied = applied
        self.show_active()
        if done and values is None:
            self.applied.emit(name)

    def _in_force(self) -> list[str]:
        """Of each group the preset with the most values, all of which are in force; one's own before all of them."""
        best: dict[str, tuple[int, str]] = {}
        for preset in self._own:
            if self._holds(preset.values):
                return [preset.name]
        method = self._document.method
        for preset in method.presets:
            values = {name: value for name, value in preset.values.items() if name not in method.fitted}
            if values and len(preset.values) > best.get(preset.group, (0, ""))[0] and self._holds(values):
                best[preset.group] = len(preset.values), preset.name
        return [name for _, name in best.values()]

    def _holds(self, values: Mapping[str, Any]) -> bool:
        settings = self._document.settings
        return all(getattr(settings, name, None) == value for name, value in values.items())

    def _on_change(self, change: Change) -> None:
        if change.text == self.tr("undo {}").format(self.tr("preset {}").format(self._applied)):
            self._applied = ""
            self.show_active()

    def _on_method(self) -> None:
        self._applied = ""

    def _submenu(self, menu: QMenu, title: str, own: list[OwnPreset], act: Callable[[OwnPreset], object]) -> None:
        below = menu.addMenu(title)
        for preset in own:
            below.addAction(preset.name, lambda preset=preset: act(preset))

    def _tried(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except TesseraError as error:
            self._messages.show_message(str(error), "warning")
            return False
        return True
