"""A change of the document: what is told of it, and the step of undo that it is."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtGui import QUndoCommand

from engine.job import Job


@dataclass(frozen=True)
class Change:
    """What happened to the document.

    Args:
        text: what was done, in words.
        names: of the settings that have other values now.
        job: what it led to.
        merge: the same for changes of one movement of the hand; empty for none.
    """

    text: str
    names: tuple[str, ...]
    job: Job
    merge: str


class Changing(Protocol):
    """What a step needs of the document."""

    def become(self, job: Job, text: str = "", merge: str = "") -> None: ...

    def tr(self, sourceText: str, /) -> str: ...


class ChangeStep(QUndoCommand):
    """One job instead of another."""

    def __init__(self, document: Changing, before: Job, after: Job, text: str, merge: str) -> None:
        super().__init__(text)
        # Weak: with a circle of document, stack and command, Python may end commands before the stack that owns them.
        self._document = weakref.proxy(document)
        self._before, self.after, self.merge = before, after, merge

    def redo(self) -> None:
        self._document.become(self.after, self.text(), self.merge)

    def undo(self) -> None:
        self._document.become(self._before, self._document.tr("undo {}").format(self.text()))

    def id(self) -> int:
        return 1 if self.merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChangeStep) or other.merge != self.merge:
            return False
        self.after = other.after
        # Qt deletes the other one, and Python never lets go of what it held: two jobs for each tick of a slider.
        del other.after, other._before
        self.setObsolete(self.after == self._before)
        return True
