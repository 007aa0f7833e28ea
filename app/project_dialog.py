"""The dialog that opens a project, in any of its forms: a folder, the project.json in it, or one packed file."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.project_paths import is_folder_of_project
from engine.project import FILE_NAME, PACKED


class ProjectDialog(QFileDialog):
    """A folder that is a project is chosen by "Open" like a file; a double click looks into it, as into any other.

    It is Qt's own dialog, since those of most systems let one choose either files or folders.
    """

    chosen = Signal(object)
    """Path of a project, in whichever form."""

    def __init__(self, place: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent, "Open a project", str(place))
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.setNameFilters([f"Projects: a folder, {FILE_NAME}, or *{PACKED} ({FILE_NAME} *{PACKED})", "All files (*)"])
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fileSelected.connect(lambda name: self.chosen.emit(Path(name)))

    def accept(self) -> None:
        """Takes the folder that is marked, where it is a project."""
        marked = self.selectedFiles()
        folder = Path(marked[0]) if len(marked) == 1 else None
        if folder is not None and os.path.isdir(folder) and is_folder_of_project(folder):
            self.done(QFileDialog.DialogCode.Accepted)
            self.chosen.emit(folder)
        else:
            super().accept()
