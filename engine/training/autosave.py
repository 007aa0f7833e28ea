"""Which snapshots a session keeps, when it saves by itself, and which of those it removes. Files are snapshots.py's."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine import moments, snapshots
from engine.errors import BadProjectError, BadSettingError, NoRoomError
from engine.messages.commands import Reason
from engine.messages.events import Event, Kept, Warned
from engine.moments import BEST_OF, MomentRule
from engine.preview.views import PREVIEW_CANVAS_PX, preview
from engine.training.trainer import Moment, Trainer, message_for

AUTOSAVE_S = 50.0
AUTOSAVE_COST = 10.0
"""Between two autosaves training goes on for so many seconds, and for so many times what one costs."""
QUICK_PREVIEW_S = 5.0
"""The pictures of autosaves are painted so small that they take no longer, judged by the last one."""
LEAST_PREVIEW_PX = 40_000
"""Pixels of such a picture at least."""
LONGEST_LINE = 200
"""Ancestors that a snapshot names."""
BETTER_BY = 1.0
"""Points of a match, of 100, by which a moment has to be better than the best so far to be kept for it."""
BEST_MATCH = 100.0
"""Of those that have it, the match tells none from another: what has learned for longer is the better one."""


class Autosaver:
    """Keeps snapshots of one training.

    Args:
        project: the folder below which they are kept.
        previews: paint a small picture for each.
        rule: which moments are kept by themselves, besides autosaves; None for none.
    """

    def __init__(self, project: Path, previews: bool, rule: MomentRule | None = None) -> None:
        self.parent: str | None = None
        self._line: tuple[str, ...] = ()
        self.project, self._previews = project, previews
        self._rule = rule or MomentRule(0.0, best=False)
        self._preview_px_per_s = math.inf
        self._autosave_failed = False
        self._interval_s: float | None = None
        self._superseded: Path | None = None
        """The autosave that the next snapshot of this branch makes needless. Those of other branches stay."""
        self._best: dict[str, tuple[float, Path | None]] = {}
        """For each reason of `BEST_OF` the best match so far, and its snapshot where this session wrote it."""
        self.begin_anew()

    def begin_anew(self) -> None:
        """A training that no snapshot leads to: another method's."""
        self.parent = self._superseded = None
        self._line = ()
        self._best = {}
        self._reset_times(0.0)

    def set_intervals(self, autosave_s: float | None, moments_minutes: float | None, elapsed_s: float) -> None:
        """Other times between two autosaves, in seconds, and two moments, in minutes; None leaves them as they are.

        Args:
            elapsed_s: of training so far, from which the next ones count.
        """
        if autosave_s is not None:
            self._interval_s = autosave_s
        if moments_minutes is not None:
            self._rule = replace(self._rule, minutes=moments_minutes)
        self._reset_times(elapsed_s)

    def relocate(self, project: Path) -> None:
        """The project goes on in another folder, which has its snapshots under the same names."""
        self.project = project

        def there(folder: Path) -> Path:
            return project / snapshots.FOLDER / folder.name

        if self._superseded is not None:
            self._superseded = there(self._superseded)
        self._best = {key: (score, at and there(at)) for key, (score, at) in self._best.items()}

    def kept(self, trainer: Trainer) -> Path | None:
        """The snapshot on disk that equals the present, if there is one."""
        if self.parent is None or trainer.dirty:
            return None
        folder = self.project / snapshots.FOLDER / self.parent
        with suppress(BadProjectError, BadSettingError):
            snapshot = snapshots.read(folder)
            if (snapshot.step, snapshot.job) == (trainer.step, trainer.job):
                return folder
        return None

    def go_on_from(self, snapshot: snapshots.Snapshot, supersedes: bool) -> None:
        """
        Args:
            supersedes: training goes on as if it had never stopped, so that an autosave has done its work.
        """
        self.parent = snapshot.folder.name
        self._line = _lengthened(snapshot.line, snapshot.parent)
        self._superseded = snapshot.folder if supersedes and snapshot.reason == "autosave" else None
        self._reset_times(snapshot.elapsed_s)
        found = moments.best(snapshots.listing(self.project), snapshot.job.method) if self._rule.best else {}
        self._best = {reason: (found[term].terms[term], None) for reason, term in BEST_OF.items() if term in found}
        if snapshot.folder.parent.parent == self.project:
            with suppress(NoRoomError):
                moments.set_present(self.project, snapshot.job.method, snapshot.folder)

    def keep(self, trainer: Trainer, reason: Reason, name: str = "", moment: Moment | None = None) -> Iterator[Event]:
        """Writes the present, or another moment of this training. Raises NoRoomError."""
        if moment is None:
            moment = Moment(trainer.method.state(), trainer.step, trainer.clock.seconds)
        picture = None
        if self._previews:
            started, most_px = time.perf_counter(), self._preview_px(reason)
            try:
                picture = preview(trainer.method, most_px)
            except Exception as error:  # a snapshot without a picture is better than none
                yield Warned(message_for("The moment is kept without a picture", error, trainer.device), "preview")
            painted_px = min(most_px, trainer.method.canvas_size.area)
            self._preview_px_per_s = painted_px / max(1e-6, time.perf_counter() - started)
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
            line=self._line,
        )
        superseded, self._superseded = self._superseded, None
        if reason == "autosave":
            self._superseded = snapshot.folder
        else:
            self._line = _lengthened(self._line, self.parent)
            self.parent = snapshot.folder.name
            trainer.dirty = False
        with suppress(NoRoomError):  # the next one notes it
            moments.set_present(self.project, trainer.job.method, snapshot.folder)
        if superseded is not None:
            _remove(superseded)
        yield Kept(snapshot.folder, moment.step, name, reason)

    def save_by_itself(self, trainer: Trainer) -> Iterator[Event]:
        """Saves where it is time to; a full disk is told once, and training goes on. Raises GaveUpError."""
        reason = self._due(trainer)
        if reason is None:
            return
        yield from trainer.check()
        started = time.perf_counter()
        try:
            yield from self.keep(trainer, reason)
            self._autosave_failed = False
            if reason != "autosave":
                self._note_best(trainer)
        except NoRoomError as error:
            if not self._autosave_failed:
                yield Warned(f"Training goes on, but it is not being saved. {error}", "autosave")
            self._autosave_failed = True
        now = trainer.clock.seconds
        self._autosave_due_s = now + max(self._autosave_s, AUTOSAVE_COST * (time.perf_counter() - started))
        if reason == "minutes":
            self._moment_due_s = now + 60 * self._rule.minutes

    def _due(self, trainer: Trainer) -> Reason | None:
        now = trainer.clock.seconds
        if self._rule.minutes and now >= self._moment_due_s:
            return "minutes"
        if now < self._autosave_due_s:
            return None
        if self._rule.best:
            for reason, term in BEST_OF.items():
                best, _ = self._best.get(reason, (0.0, None))
                if trainer.terms.get(term, 0.0) >= min(best + BETTER_BY, BEST_MATCH):
                    return "style" if reason == "style" else "content"
        return "autosave"

    def _preview_px(self, reason: Reason) -> int:
        """Pixels that the picture of a snapshot is painted in, at most: training waits for those kept by themselves."""
        if reason != "autosave" or self._preview_px_per_s == math.inf:
            return PREVIEW_CANVAS_PX
        quick_px = min(PREVIEW_CANVAS_PX, QUICK_PREVIEW_S * self._preview_px_per_s)
        return max(LEAST_PREVIEW_PX, int(quick_px))

    def _note_best(self, trainer: Trainer) -> None:
        """What was the best before goes, where nobody has marked it meanwhile."""
        assert self.parent is not None
        for kind, term in BEST_OF.items():
            score, former = self._best.get(kind, (0.0, None))
            present = trainer.terms.get(term, 0.0)
            if present < score or (present == score and score < BEST_MATCH):
                continue
            self._best[kind] = present, self.project / snapshots.FOLDER / self.parent
            if former is not None and former not in [folder for _, folder in self._best.values()]:
                with suppress(BadProjectError, BadSettingError):
                    snapshot = snapshots.read(former)
                    if snapshot.reason in BEST_OF and not (snapshot.starred or snapshot.name or snapshot.note):
                        _remove(former)

    def _reset_times(self, elapsed_s: float) -> None:
        self._autosave_due_s = elapsed_s + self._autosave_s
        self._moment_due_s = elapsed_s + 60 * self._rule.minutes

    @property
    def _autosave_s(self) -> float:
        return AUTOSAVE_S if self._interval_s is None else self._interval_s


def _lengthened(line: tuple[str, ...], parent: str | None) -> tuple[str, ...]:
    return line if parent is None else (*line, parent)[-LONGEST_LINE:]


def _remove(folder: Path) -> None:
    with suppress(BadProjectError, BadSettingError, NoRoomError):
        snapshots.remove(snapshots.read(folder))
