"""Images of a project that are not where they were: told once, with a button that finds them in another folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.document import Document
from app.widgets.message_bar import MessageBar
from engine.export.relink import missing_images, with_images_from

_KEY = "missing"


class Relinking(QObject):
    """
    Args:
        place: where the dialog begins.
        window: above which it opens.
    """

    def __init__(self, document: Document, messages: MessageBar, place: Callable[[], Path], window: QWidget) -> None:
        super().__init__(window)
        self._document, self._messages, self._place, self._window = document, messages, place, window
        self._missing: list[Path] = []
        document.images_missing.connect(self._offer)

    def forget(self) -> None:
        """Another project is about to be opened."""
        self._missing = []
        self._messages.withdraw(_KEY)

    def find_images(self, folder: Path) -> None:
        """Images that are not where they were are looked for in a folder, by their names."""
        document = self._document
        document.adopt(with_images_from(document.job, [folder]), self.tr("find images"))
        if missing := missing_images(document.job):
            self._offer(missing)
        else:
            self.forget()

    def tell(self, text: str) -> None:
        """What is wrong with an image, where it is not told with all that are missing already."""
        if not any(str(path) in text for path in self._missing):
            self._messages.show_message(text, "warning")

    def _offer(self, missing: list[Path]) -> None:
        """Says which images are gone, with a way to find them."""
        self._missing = missing
        names = ", ".join(path.name for path in missing[:3])
        more = self.tr(" and {} more").format(len(missing) - 3) if len(missing) > 3 else ""
        self._messages.show_message(
            self.tr("Not where they were: {}{}. Put them back, or say where they are now.").format(names, more),
            "warning",
            key=_KEY,
            button=self.tr("Find the images…"),
            act=self._ask,
        )

    def _ask(self) -> None:
        dialog = QFileDialog(self._window, self.tr("Folder of the images"), str(self._place()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda folder: self.find_images(Path(folder)))
        dialog.open()
