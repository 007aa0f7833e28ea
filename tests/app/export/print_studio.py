"""The whole window with exports of the toy, which has two more ways to paint."""

from __future__ import annotations

from pathlib import Path

import torch
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMessageBox, QWidget

from app.export.controller import ExportController
from app.export.dialog import ExportDialog
from app.export.queue import Item
from app.main_window import MainWindow
from app.preferences import Preferences
from engine.box import Size
from engine.messages.events import Stepped
from engine.options import RenderMode
from tests.app.studio import Studio
from tests.app.toys import write_image
from tests.engine.toy import Toy


def times(factor: int) -> Size:
    """So many times the toy's canvas."""
    return Size(factor * 70, factor * 90)


class OtherRenderer:
    """The toy in other ways: pieces from the originals are white, repeats are black on the left half."""

    def __init__(self, toy: Toy, render_mode: RenderMode) -> None:
        self._toy, self._render_mode = toy, render_mode
        self.device, self.alignment_px, self.halo = toy.device, toy.alignment_px, toy.halo

    def paint(self, box, canvas_size):
        layers = self._toy.paint(box, canvas_size)
        if self._render_mode.originals:
            layers = {key: torch.ones_like(layer) for key, layer in layers.items()}
        if self._render_mode.repeat:
            layers["result"][:, :, : max(0, min(box.width, canvas_size.width // 2 - box.left))] = 0.0
        return layers


class PrintStudio(Studio):
    """What is done with exports."""

    @property
    def exports(self) -> ExportController:
        return self.window.exports

    @property
    def dialog(self) -> ExportDialog:
        dialog = self.window.exports.dialog
        assert dialog is not None
        return dialog

    def train(self) -> None:
        """Until there is a snapshot and no session."""
        self.window.document.add("style", [write_image(self.folder / "style ä.png")])
        self.window.training.start()
        self.until_seen(Stepped, 2)
        self.window.training.stop()
        self.until(lambda: self.window.training.state == "idle")
        self.window.preferences.set_last_folder("export", self.folder)

    def open(self) -> ExportDialog:
        self.window.actions_by_name["export"].trigger()
        return self.dialog

    def begin_large(self, name: str = "wall") -> Item:
        """An export that takes long enough to be interrupted."""
        dialog = self.open()
        dialog.form.set_out(self.folder / f"{name}.tif")
        dialog.form.options.compression.setCurrentIndex(2)
        dialog.form.size_field.choose(Size(6000, 6000))
        dialog.start.click()
        item = self.exports.queue.items[-1]
        self.until(lambda: item.done > 1)
        return item


def answer(parent: QWidget, text: str) -> None:
    """Presses a button of the question in sight."""
    box = next(box for box in parent.findChildren(QMessageBox) if box.isVisible())
    next(button for button in box.buttons() if button.text() == text).click()


def new_window(folder: Path) -> MainWindow:
    preferences = Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    window = MainWindow(preferences, folder / "data")
    window.show()
    return window
