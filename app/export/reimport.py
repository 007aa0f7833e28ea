"""An exported file comes back: the settings that it holds become a new project.

Reading them is engine/export/provenance.py's.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.document import Document
from app.preferences import Preferences
from app.project_paths import origin_of
from app.widgets.message_bar import MessageBar
from engine.export.provenance import Origin

_MOST_NAMES = 3


class Origins(QObject):
    """Puts the settings of an exported file into the document."""

    def __init__(self, document: Document, preferences: Preferences, messages: MessageBar, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._preferences, self._messages, self._window = document, preferences, messages, window

    def holds(self, path: Path) -> bool:
        """Whether a file holds settings."""
        return origin_of(path, self._places()) is not None

    def open(self, path: Path) -> bool:
        """A new project with the file's settings; False where the file holds none. No session may run."""
        origin = origin_of(path, self._places())
        if origin is None:
            return False
        self._document.new()
        self._take(path, origin)
        return True

    def _take(self, path: Path, origin: Origin) -> None:
        document, messages = self._document, self._messages
        document.adopt(origin.job, self.tr("settings of {}").format(path.name))
        back = self.tr("The settings of {} are back, in a new project.").format(path.name)
        if not origin.missing:
            messages.show_message(back, "info", key="origin")
            return
        names = ", ".join(origin.missing[:_MOST_NAMES]) + (" …" if len(origin.missing) > _MOST_NAMES else "")
        messages.show_message(
            self.tr("{} These of its images are not beside it: {}.").format(back, names),
            "warning",
            key="origin",
            button=self.tr("Choose their folder…"),
            act=lambda: self._ask_for_folder(path),
        )

    def _ask_for_folder(self, path: Path) -> None:
        dialog = QFileDialog(self._window, self.tr("Folder of the images"), str(path.parent))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda folder: self.look_in(path, Path(folder)))
        dialog.open()

    def look_in(self, path: Path, folder: Path) -> None:
        """Takes the settings again, with images from one more folder."""
        origin = origin_of(path, (folder, *self._places()))
        if origin is not None:
            self._take(path, origin)

    def _places(self) -> tuple[Path, ...]:
        """Where the artist's images were lately."""
        known = [Path(image.path).parent for images in self._document.job.sources.values() for image in images]
        return tuple(dict.fromkeys([*known, self._preferences.last_folder("images")]))
