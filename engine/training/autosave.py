"""Which snapshots a session keeps, when it saves by itself, and which of those it removes. Files are snapshots.py's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine import snapshots
from engine.errors import BadProjectError, NoRoomError
from engine.messages import Event, Kept, Warned
from engine.preview.views import preview
from engine.training.trainer import Moment, Trainer, message_for

AUTOSAVE_S = 50.0
QUICK_PREVIEW_S = 5.0
"""Autosaves go without a picture where the last one took longer."""


class Autosaver:
    """Keeps snapshots of one training.

    Args:
        project: the folder below which they are kept.
        previews: paint a small picture for each.
    """

    def __init__(self, project: Path, previews: bool) -> None:
        self.parent: str | None = None
        self.project, self._previews = project, previews
        self._preview_s = 0.0
        self._autosave_due_s = AUTOSAVE_S
        self._autosave_failed = False

    def kept(self, trainer: Trainer) -> Path | None:
        """The snapshot on disk that equals the present, if there is one."""
        if self.parent is None or trainer.dirty:
            return None
        folder = self.project / snapshots.FOLDER / self.parent
        with suppress(BadProjectError):
            snapshot = snapshots.read(folder)
            if (snapshot.step, snapshot.job) == (trainer.step, trainer.job):
                return folder
        return None

    def go_on_from(self, snapshot: snapshots.Snapshot) -> None:
        self.parent = snapshot.folder.name
        self._autosave_due_s = snapshot.elapsed_s + AUTOSAVE_S

    def keep(self, trainer: Trainer, reason: str, name: str = "", moment: Moment | None = None) -> Iterator[Event]:
        """Writes the present, or another moment of this training. Raises NoRoomError."""
        if moment is None:
            moment = Moment(trainer.method.state(), trainer.step, trainer.clock.seconds)
        picture = None
        if self._previews and (reason != "autosave" or self._preview_s < QUICK_PREVIEW_S):
            started = time.perf_counter()
            try:
                picture = preview(trainer.method)
            except Exception as error:  # a snapshot without a picture is better than none
                yield Warned(message_for("The snapshot is kept without a picture", error, trainer.device), "preview")
            self._preview_s = time.perf_counter() - started
        snapshot = snapshots.keep(
            self.project,
            moment.state,
            picture,
            job=trainer.job,
            step=moment.step,
            elapsed_s=moment.elapsed_s,
            terms=trainer.terms,
            name=name,
            reason=reason,
            parent=self.parent,
            canvas_size=trainer.method.canvas_size,
        )
        if reason != "autosave":
            self.parent = snapshot.folder.name
            trainer.dirty = False
        if reason != "kept":
            self._remove_autosaves(but=snapshot.folder)
        yield Kept(snapshot.folder, moment.step, name, reason)

    def autosave(self, trainer: Trainer) -> Iterator[Event]:
        """Saves where it is time to; a full disk is told once, and training goes on. Raises GaveUpError."""
        if trainer.clock.seconds < self._autosave_due_s:
            return
        yield from trainer.check()
        started = time.perf_counter()
        try:
            yield from self.keep(trainer, "autosave")
            self._autosave_failed = False
        except NoRoomError as error:
            if not self._autosave_failed:
                yield Warned(f"Training goes on, but it is not being saved. {error}", "autosave")
            self._autosave_failed = True
        # At most a tenth of the time goes into saving.
        self._autosave_due_s = trainer.clock.seconds + max(AUTOSAVE_S, 10 * (time.perf_counter() - started))

    def _remove_autosaves(self, but: Path) -> None:
        for snapshot in snapshots.listing(self.project):
            if snapshot.reason == "autosave" and snapshot.folder != but:
                with suppress(NoRoomError):
                    snapshots.remove(snapshot)
