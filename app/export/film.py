"""A film instead of one picture: where its frames come from, and whether pictures or a video are written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QWidget

from app.widgets import theme
from engine.export.video_formats import READ_SUFFIXES, VIDEO_FORMATS

_ONE, _FOLDER, _VIDEO = "one", "folder", "video"


class FilmField(QWidget):
    """One picture, or one for each image of a folder or frame of a video, which take the content's place.

    `changed` says that it became another.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source: Path | None = None
        """A folder or a video; None for one picture."""
        self.choice = QComboBox(self)
        self.choice.setAccessibleName(self.tr("Film"))
        self.choice.addItem(self.tr("One picture"), _ONE)
        self.choice.addItem(self.tr("For each image of a folder…"), _FOLDER)
        self.choice.addItem(self.tr("For each frame of a video…"), _VIDEO)
        self.written = QComboBox(self)
        self.written.setAccessibleName(self.tr("What is written of a film"))
        self.written.addItem(self.tr("as numbered pictures"), "")
        for kind in VIDEO_FORMATS:
            self.written.addItem(self.tr("as a video, {}").format(kind.title), kind.suffix)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.choice, 1)
        row.addWidget(self.written)
        self.setFocusProxy(self.choice)
        self.choice.activated.connect(lambda _index: self._on_choice(self.choice.currentData()))
        self.written.currentIndexChanged.connect(self.changed)
        self.set_source(None)

    @property
    def suffix(self) -> str:
        """Of the video that is written; empty for pictures."""
        return self.written.currentData() if self.source is not None else ""

    def set_source(self, source: Path | None) -> None:
        """A folder of images, a video, or None for one picture."""
        self.source = source
        with QSignalBlocker(self.choice):
            while self.choice.count() > 3:
                self.choice.removeItem(3)
            if source is not None:
                self.choice.addItem(source.name, source)
                self.choice.setItemData(3, str(source), Qt.ItemDataRole.ToolTipRole)
            self.choice.setCurrentIndex(0 if source is None else 3)
        self.written.setVisible(source is not None)
        self.changed.emit()

    def _on_choice(self, choice: object) -> None:
        if choice == _ONE:
            self.set_source(None)
        elif choice in (_FOLDER, _VIDEO):
            with QSignalBlocker(self.choice):
                self.choice.setCurrentIndex(0 if self.source is None else 3)
            self._ask(folder=choice == _FOLDER)

    def _ask(self, folder: bool) -> None:
        title = self.tr("Folder of images") if folder else self.tr("Video")
        kinds = self.tr("Videos ({})").format(" ".join(f"*{suffix}" for suffix in READ_SUFFIXES))
        dialog = QFileDialog(self, title, "", "" if folder else kinds)
        dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.set_source(Path(name)))
        dialog.open()
