"""How the document stands: its title, whether it is saved, and what can be undone and done again."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app import actions
from app.document import Document
from app.status import Status


class DocumentState(QObject):
    """Shows it in the title of the window, in the line at the bottom, and in the words of undo and redo.

    The window says when to `show_undo`: the stack tells of a step once more while it is deleted, before this is.
    """

    def __init__(self, document: Document, status: Status, undo: QAction, redo: QAction, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._status, self._window = document, status, window
        self._undo, self._redo = undo, redo
        self._prefix = ""
        document.frame_changed.connect(self.show)
        document.saved.connect(self.show)

    def show(self) -> None:
        document = self._document
        self._show_title()
        self._status.set_seed(document.job.seed)
        state = "empty" if not document.written else "saving" if document.dirty else "saved"
        self._status.set_saved("refused" if document.refused else state, document.untitled)
        self.show_undo()

    def prefix_title(self, prefix: str) -> None:
        """Says before the title how far a long job is; empty where none runs."""
        self._prefix = prefix
        self._show_title()

    def _show_title(self) -> None:
        self._window.setWindowTitle(f"{self._prefix}{self._document.title} – Tessera")

    def show_undo(self) -> None:
        stack, undo, redo = self._document.stack, self._undo, self._redo
        undo.setEnabled(stack.canUndo())
        redo.setEnabled(stack.canRedo())
        actions.describe(undo, self.tr("Undo {}").format(stack.undoText()).strip())
        actions.describe(redo, self.tr("Redo {}").format(stack.redoText()).strip())
