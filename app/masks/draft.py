"""What is being painted is on the disk soon after each stroke, so that a crash takes no hour with the brush along."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.document import Document
from app.masks.base_editor import BaseEditor
from app.masks.files import FOLDER, write
from engine.errors import NoRoomError

_PAUSE_MS = 1000
"""The brush rests so long before the draft is written: of a large mask it takes a moment."""


class MaskDraft(QObject):
    """Lives as long as its editor, which removes it when the mask is kept or thrown away."""

    def __init__(self, document: Document, slot: str, editor: BaseEditor) -> None:
        super().__init__(editor)
        self._document, self._slot, self._editor = document, slot, editor
        self._over = False
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._timer.timeout.connect(self._write)
        editor.picture.stack.indexChanged.connect(self._on_stroke)
        editor.picture.stack.cleanChanged.connect(self._on_clean)
        editor.finished.connect(self._end)

    def take_back(self) -> bool:
        """Whether there is one of an earlier time, which the editor then takes over as a step of undo."""
        there = self._path.exists()
        if there:
            self._editor.load(self._path)
        return there

    def keep(self) -> None:
        """Writes what is painted now, and stays when the editor closes."""
        if not self._editor.picture.stack.isClean():
            self._write()
            self._timer.stop()
            self._over = True

    @property
    def _path(self) -> Path:
        return self._document.folder / FOLDER / f"{self._slot}-unkept.png"

    def _on_stroke(self, _index: int) -> None:
        if not (self._over or self._editor.picture.stack.isClean()):
            self._timer.start()

    def _on_clean(self, clean: bool) -> None:
        if clean and not self._over:
            self._remove()

    def _write(self) -> None:
        picture = self._editor.picture
        if not picture.blank:
            with suppress(NoRoomError):  # it is told when the mask is to be kept
                write(self._path, picture.completed(), picture.regions)

    def _end(self) -> None:
        if not self._over:
            self._remove()
        self._over = True

    def _remove(self) -> None:
        self._timer.stop()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
