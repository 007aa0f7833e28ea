"""From the wish to export to the finished file: opens the dialog, sees to a session that paints, passes events on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

from app.export_dialog import ExportDialog
from engine import messages as m

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Exporting(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: ExportDialog | None = None
        self.running = False
        """Whether a file is being painted."""
        window.strip.export_requested.connect(lambda snapshot: self.open(snapshot.folder))

    def open(self, snapshot: Path | None = None) -> None:
        """Shows the dialog for the present weights, or for a snapshot."""
        window = self._window
        if self.running and self.dialog is not None:
            self.dialog.raise_()
            return
        size = window.pictures.canvas_size
        if size is None or (not window.training.running and window.snapshots.newest() is None):
            window.messages.show_message(self.tr("There is nothing to export yet. Press Train first."), "info")
            return
        place = window.preferences.last_folder("export")
        self.dialog = ExportDialog(size, window.document.method.layers, place, snapshot, window)
        self.dialog.start_requested.connect(self.start)
        self.dialog.cancel_requested.connect(lambda: window.training.post(m.CancelExport()))
        self.dialog.show()

    def start(self, export: m.Export) -> None:
        """Posts an export; begins a session that only paints where none runs."""
        training = self._window.training
        if not training.running and not training.start(self._window.snapshots.newest(), paused=True):
            return
        self.running = True
        self._window.preferences.set_last_folder("export", export.out.parent)
        training.post(export)

    def on_event(self, event: m.Event) -> None:
        """Every event of the session comes by here."""
        ends = isinstance(event, m.Exported | m.ExportCancelled | m.Ended) or (
            isinstance(event, m.Failed) and (event.fatal or isinstance(event.command, m.Export))
        )
        if ends:
            self.running = False
        if self.dialog is not None:
            self.dialog.on_event(event)
        if isinstance(event, m.Exported):
            size = f"{event.size.width:,} × {event.size.height:,} px"
            self._window.messages.show_message(self.tr("{} is done, {}.").format(event.out, size), "info")

    def ask_before_closing(self) -> None:
        """The one thing that closing would lose."""
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Export"),
            self.tr("An export is being painted. Close and give it up?"),
            parent=self._window,
        )
        close = box.addButton(self.tr("Close"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(self.tr("Go on painting"), QMessageBox.ButtonRole.RejectRole)
        close.clicked.connect(self._give_up)
        box.open()

    def _give_up(self) -> None:
        self._window.training.post(m.CancelExport())
        self._window.close_anyway()
