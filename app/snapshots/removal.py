"""Removing moments as a step of undo: they are put aside, and go for good when the project is closed."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from PySide6.QtGui import QUndoCommand

from engine import snapshots
from engine.errors import TesseraError
from engine.snapshots import Snapshot


class Owner(Protocol):
    """What hears that the list has changed, or why it could not."""

    def refresh(self) -> None: ...

    def place_of(self, folder: Path) -> Path: ...

    def tell(self, error: TesseraError) -> None: ...


class Removal(QUndoCommand):
    def __init__(self, owner: Owner, moments: Sequence[Snapshot], text: str) -> None:
        super().__init__(text)
        self._owner = weakref.proxy(owner)
        self._moments = tuple(moments)

    def redo(self) -> None:
        self._each(snapshots.put_aside)

    def undo(self) -> None:
        self._each(snapshots.put_back)

    def _each(self, change: Callable[[Snapshot], None]) -> None:
        for moment in self._moments:
            try:
                change(replace(moment, folder=self._owner.place_of(moment.folder)))
            except TesseraError as error:
                self._owner.tell(error)
        self._owner.refresh()
