"""Save as: the project gets another place while everything that runs goes on; what ran is told, and nothing stops.

The copy is made in the background (engine/copying.py). Then the document is the copy, and a running session keeps its
snapshots there from its next command on. An untitled project's former folder goes when nothing needs it any more.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.document import Document
from app.file_jobs import FileJobs
from app.training import Training
from engine.copying import bring_snapshots, copy_project
from engine.errors import TesseraError
from engine.messages.commands import Relocate
from engine.messages.events import Failed, Relocated

_OF_THE_ORIGINAL = frozenset({"unfinished.json"})
"""Exports that were begun stay with the project that began them."""


class ProjectMove(QObject):
    """
    Args:
        in_use: whether something may still read the former folder, as exports do.
    """

    moved = Signal(object)
    """Path of the folder that the project has now."""
    copied = Signal(object)
    """Path of a copy that was made while another project was opened."""

    def __init__(
        self, document: Document, training: Training, jobs: FileJobs, in_use: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._training, self._jobs, self._in_use = document, training, jobs, in_use
        self._left: list[tuple[Path, Path]] = []
        """Where an untitled project was, and is now, as long as something needs the former folder."""
        self._told = True
        """Whether the running session knows the present folder."""
        training.events.on(Relocated, lambda _event: self._on_told())
        training.events.on(Failed, self._on_failed)
        training.state_changed.connect(self._on_state)

    def begin(self, folder: Path) -> None:
        """Gives the project a place; `moved` comes when it has it."""
        document = self._document
        folder = folder.absolute()
        if folder == document.folder:
            document.save()
            return
        if not document.may_become(folder):
            return
        document.flush()
        source, untitled = document.folder, document.untitled
        if not os.path.exists(source):  # nothing could be written there yet
            if document.can_be_written_to(folder):
                self._settle(source, folder, untitled)
            return
        without = frozenset() if untitled else _OF_THE_ORIGINAL
        self._jobs.begin(
            self.tr("Saving “{}”").format(folder.name),
            lambda progress: copy_project(source, folder, progress, linked=untitled, without=without),
            lambda _nothing: self._settle(source, folder, untitled),
        )

    def clear(self) -> None:
        """Removes the folders that an untitled project was moved from, where nothing needs them any more."""
        if not self._left or not self._told or self._in_use():
            return
        left, self._left = self._left, []
        for former, present in left:
            try:
                bring_snapshots(former, present)  # of a session that ended before it heard of the present one
            except TesseraError:
                continue
            shutil.rmtree(former, ignore_errors=True)

    def _settle(self, source: Path, folder: Path, untitled: bool) -> None:
        document, training = self._document, self._training
        if document.folder != source:  # another one was opened meanwhile
            self.copied.emit(folder)
            return
        if not document.settle_in(folder):
            return
        if untitled and os.path.exists(source):
            self._left.append((source, folder))
        if training.running:
            self._told = False
            training.post(Relocate(folder))
        self.moved.emit(folder)
        self.clear()

    def _on_told(self) -> None:
        self._told = True
        self.clear()

    def _on_failed(self, event: Failed) -> None:
        if isinstance(event.command, Relocate):  # it goes on keeping in the former folder, which therefore stays
            self._told = True
            self._left.clear()

    def _on_state(self, state: str) -> None:
        if state == "idle":
            self._on_told()
