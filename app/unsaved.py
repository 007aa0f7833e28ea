"""What could not be written is not left behind unasked: another project and the end of the program wait for that."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from app.document import Document
from app.widgets.question import Answer, ask


class Unsaved(QObject):
    """
    Args:
        window: above which it is asked.
    """

    def __init__(self, document: Document, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._window = document, window

    def then(self, what: Callable[[], object]) -> None:
        """Does something that leaves the document, once it is written or the artist gives up what is not."""
        self._document.flush()
        if self._document.dirty:
            self._ask(what)
        else:
            what()

    def _ask(self, what: Callable[[], object]) -> None:
        ask(
            self._window,
            self.tr("Not saved"),
            self.tr("The last changes of “{}” could not be saved, and going on now would lose them.").format(
                self._document.title
            ),
            Answer(self.tr("Try again"), lambda: self.then(what), default=True),
            Answer(self.tr("Go on without them"), what, loses=True),
            details=f"{self._document.refusal} "
            + self.tr("“Save as” in the menu File gives the project another place."),
            icon=QMessageBox.Icon.Warning,
        )
