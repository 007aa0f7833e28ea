"""A way back to a moment as a step of undo: settings and network go together, there and back."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtGui import QUndoCommand

from engine.job import Job


class Returning(Protocol):
    """What a way back needs of the document."""

    def become(self, job: Job, text: str = "") -> None: ...

    def return_to(self, moment: Path | None, job: Job, left: Callable[[Path | None], None]) -> bool:
        """Brings a moment's network and a job back; False (and a `problem`) where the moment is gone.

        Args:
            left: is called with the moment that holds what was left, as soon as that is known.
        """
        ...


class WayBack(QUndoCommand):
    """One job and network instead of another. What is trained after it is kept before it is undone, for redo.

    Args:
        left: the moment that holds the network before; None where there was none.
        at: the moment that one went back to.
    """

    def __init__(self, document: Returning, before: Job, after: Job, text: str, left: Path | None, at: Path) -> None:
        super().__init__(text)
        self._document = weakref.proxy(document)  # see change.ChangeStep
        self._before, self._after = before, after
        self.left, self.at = left, at
        self._first = True

    def redo(self) -> None:
        if self._first:  # the session is there already
            self._first = False
            self._document.become(self._after, self.text())
        else:
            self.setObsolete(not self._document.return_to(self.at, self._after, self._keep_left))

    def undo(self) -> None:
        self.setObsolete(not self._document.return_to(self.left, self._before, self._keep_at))

    @property
    def needs(self) -> set[Path]:
        """The moments without which it could not be undone or done again."""
        return {path for path in (self.left, self.at) if path is not None}

    def _keep_left(self, moment: Path | None) -> None:
        self.left = moment or self.left

    def _keep_at(self, moment: Path | None) -> None:
        self.at = moment or self.at
