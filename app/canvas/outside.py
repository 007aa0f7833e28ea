"""Out of the window quickly: the view copied, saved or dragged out as a file, and the settings as text."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QDrag, QGuiApplication, QKeySequence, QPixmap
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.canvas.panel import CanvasPanel
from app.document import Document
from app.preferences import Preferences
from app.widgets import words
from app.widgets.message_bar import MessageBar
from engine.settings import specs

FILTER = "PNG (*.png);;JPEG (*.jpg *.jpeg);;WebP (*.webp)"
WITH_ALPHA = (".png", ".webp", ".tif", ".tiff")
"""Endings of files that hold what is transparent; in others all is as it was painted."""
PIXMAP_PX = 160
"""Of the picture that is seen while it is dragged."""


class OutsideController(QObject):
    """
    Args:
        export: opens the dialog for exports of this moment.
    """

    def __init__(
        self,
        document: Document,
        canvas: CanvasPanel,
        preferences: Preferences,
        messages: MessageBar,
        export: Callable[[], object],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._canvas, self._preferences = document, canvas, preferences
        self._messages, self._export, self._window = messages, export, window
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        canvas.view.menu_requested.connect(lambda at: self.menu().popup(at))
        canvas.drag_out.dragged.connect(self._drag)
        canvas.drag_out.clicked.connect(self.save_view)

    def menu(self) -> QMenu:
        """What can be done with what is on the canvas."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        there = self._canvas.view.extent.area > 0
        entries: tuple[tuple[str, Callable[[], object], str], ...] = (
            (self.tr("Copy this view"), self.copy_view, "Ctrl+Shift+C"),
            (self.tr("Save this view…"), self.save_view, "Ctrl+Shift+V"),
            (self.tr("Export this moment…"), self._export, ""),
        )
        for text, act, keys in entries:
            action = menu.addAction(text, QKeySequence(keys), act)
            action.setEnabled(there)
        menu.addSeparator()
        menu.addAction(self.tr("Copy the settings as text"), self.copy_settings)
        return menu

    def copy_view(self) -> None:
        """What is on screen, to the clipboard."""
        image = self._canvas.view.seen_picture()
        if not image.isNull():
            QGuiApplication.clipboard().setImage(image)

    def save_view(self) -> None:
        """Asks for a file, and writes what is on screen."""
        suggestion = self._preferences.last_folder("export") / f"{self._name()}.png"
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save this view"), str(suggestion), FILTER)
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> bool:
        """Writes what is on screen; False (and a message) where that fails."""
        path = path if path.suffix else path.with_suffix(".png")
        if not self._canvas.view.seen_picture(path.suffix.lower() in WITH_ALPHA).save(str(path)):
            self._messages.show_message(
                self.tr("{} could not be written. Choose another folder, or a name that ends in .png.").format(path),
                "warning",
            )
            return False
        self._preferences.set_last_folder("export", path.parent)
        self._messages.show_message(
            self.tr("Saved {}.").format(path.name),
            key="view",
            button=self.tr("Show in folder"),
            act=lambda: words.show_in_folder(path),
            passing=True,
        )
        return True

    def copy_settings(self) -> None:
        QGuiApplication.clipboard().setText(self.settings_text())

    def settings_text(self) -> str:
        """The settings that differ from the defaults in words, and the command that asks for the same."""
        document = self._document
        changed = [s for s in specs(document.method.Settings) if getattr(document.settings, s.name) != s.default]
        lines = [f"Tessera, {document.method.title}, seed {document.job.seed}"]
        lines += [f"{spec.knob.label}: {spec.label_of(getattr(document.settings, spec.name))}" for spec in changed]
        values = [f"{spec.name}={_plain(getattr(document.settings, spec.name))}" for spec in changed]
        command = f"tessera train --method {document.job.method} --seed {document.job.seed}"
        return "\n".join([*lines, "", command + (" --set " + " ".join(values) if values else "")])

    def mime(self) -> QMimeData:
        """What is on screen as a picture and as a file that stays until the program ends."""
        image = self._canvas.view.seen_picture()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tessera-")
        path = Path(self._folder.name) / f"{self._name()}.png"
        data = QMimeData()
        data.setImageData(image)
        if image.save(str(path)):
            data.setUrls([QUrl.fromLocalFile(str(path))])
        return data

    def _drag(self) -> None:
        drag = QDrag(self._window)
        drag.setMimeData(self.mime())
        small = self._canvas.view.seen_picture().scaled(
            PIXMAP_PX, PIXMAP_PX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        drag.setPixmap(QPixmap.fromImage(small))
        drag.exec(Qt.DropAction.CopyAction)

    def _name(self) -> str:
        return "".join(c if c.isalnum() or c in " -_." else "_" for c in self._document.title).strip() or "Tessera"


def _plain(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
