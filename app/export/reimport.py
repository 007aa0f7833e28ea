"""An exported file comes back: the settings that it holds become a new project.

Reading them is engine/export/provenance.py's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from engine.errors import TesseraError
from engine.export import provenance
from engine.export.format import suffixes
from engine.export.provenance import Origin

if TYPE_CHECKING:
    from app.main_window import MainWindow

_MOST_NAMES = 3


def origin_of(path: Path, folders: tuple[Path, ...] = ()) -> Origin | None:
    """What an exported file says of itself; None where it is another file, or holds nothing.

    Args:
        folders: where to look for its images, besides beside the file itself.
    """
    if path.suffix.lower() not in suffixes() or not path.is_file():
        return None
    try:
        return provenance.read(path, folders)
    except TesseraError:
        return None


class Origins(QObject):
    """Puts the settings of an exported file into the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def open(self, path: Path) -> bool:
        """A new project with the file's settings; False where the file holds none. No session may run."""
        origin = origin_of(path, self._places())
        if origin is None:
            return False
        self._window.document.new()
        self._take(path, origin)
        return True

    def _take(self, path: Path, origin: Origin) -> None:
        document, messages = self._window.document, self._window.messages
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
        known = [Path(image.path).parent for images in self._window.document.job.sources.values() for image in images]
        return tuple(dict.fromkeys([*known, self._window.preferences.last_folder("images")]))
