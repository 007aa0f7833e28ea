"""Leads through a plan: which session is next, and what its events mean for the journal. It runs no session itself.

The command line and the window both follow it: for each `Start` they run a session, and let the runner hear its events.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import moments, snapshots
from engine.errors import BadProjectError, NoRoomError, TesseraError
from engine.job import Job
from engine.messages.commands import Command, Stop
from engine.messages.events import Ended, Event, Failed, Kept, Warned
from engine.plans.journal import Journal
from engine.plans.plan import Run
from engine.project import SNAPSHOTS
from engine.stop_rule import Limit, StopRule

_WHY: dict[Limit, str] = {
    "steps": "All steps are done.",
    "minutes": "Its time is over.",
    "stall": "The style match has stopped rising.",
}


@dataclass(frozen=True)
class Start:
    """The session that is next.

    Args:
        index: of the run in the plan.
        snapshot: folder of the one that it goes on from; None for afresh.
        until: when it ends, what an earlier part of it has used left out.
    """

    index: int
    run: Run
    snapshot: Path | None
    until: StopRule


class PlanRunner:
    """
    Attributes:
        journal: what it writes down.
        unsaved: why the journal can not be written; empty while it can.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.unsaved = ""
        self._at: int | None = None
        self._failure = ""

    def next(self) -> Start | None:
        """The run that is next, or goes on where it was broken off; None when all are over."""
        while (index := self.journal.next) is not None:
            entry = self.journal.entries[index]
            moment = self._moment(index)
            if entry.progress == "waiting":
                there = snapshots.listing(self.journal.project)
                self._note(
                    index,
                    progress="begun",
                    start=moment.folder.name if moment else None,
                    before_s=moment.elapsed_s if moment else 0.0,
                    after=there[-1].folder.name if there else None,
                )
                entry = self.journal.entries[index]
            until = entry.run.until.after((moment.elapsed_s if moment else 0.0) - entry.before_s)
            if until is None:  # it was broken off at its very end
                self._note(index, progress="done", told=_WHY["minutes"])
                continue
            self._at, self._failure = index, ""
            return Start(index, entry.run, moment.folder if moment else None, until)
        return None

    def hear(self, event: Event) -> Command | None:
        """Notes what happened to the present run; what is to be posted to its session, if anything."""
        if self._at is None:
            return None
        match event:
            case Kept():
                if event.reason in ("final", "stopped"):
                    self._name(event)
                self._note(self._at, moment=event.snapshot.name)
            case Warned(kind="memory"):  # nobody is here to lower a setting
                self._failure = event.message
                return Stop()
            case Failed(command=Stop()):
                self._failure = event.message
                return Stop(keep=False)
            case Failed(fatal=True):
                self._failure = event.message
            case Ended():
                if self._failure:
                    self._note(self._at, progress="failed", told=self._failure)
                elif event.limit is not None:
                    self._note(self._at, progress="done", told=_WHY[event.limit])
                self._at = None
        return None

    def skip(self) -> None:
        """The present run counts as done when its session has ended, whatever ended it."""
        if self._at is not None:
            self._note(self._at, progress="done", told="It was ended by hand.")

    def refuse(self, message: str) -> None:
        """The present run's session could not begin at all."""
        if self._at is not None:
            self._note(self._at, progress="failed", told=message)
            self._at = None

    def _moment(self, index: int) -> snapshots.Snapshot | None:
        """What a run goes on from: its own last moment, or that at which the project stands."""
        entry, project = self.journal.entries[index], self.journal.project
        if entry.progress == "begun":
            # The journal may be behind the disk by one autosave, which has taken the place of the one that is noted.
            since = int(entry.after or 0)
            for snapshot in reversed(snapshots.listing(project)):
                if int(snapshot.folder.name) > since and _is_of(snapshot.job, entry.run.job):
                    return snapshot
        if entry.run.goes_on:
            if entry.start is not None:
                with suppress(TesseraError):
                    return snapshots.read(project / SNAPSHOTS / entry.start)
            return moments.present(project, entry.run.job.method)
        return None

    def _name(self, event: Kept) -> None:
        assert self._at is not None
        with suppress(BadProjectError, NoRoomError):
            snapshot = snapshots.read(event.snapshot)
            if not snapshot.name:
                snapshots.revise(snapshot, name=self.journal.entries[self._at].run.name)

    def _note(self, index: int, **changes: object) -> None:
        """A journal that can not be written stops no training: the moments are on the disk or not by themselves."""
        try:
            self.journal.change(index, **changes)
            self.unsaved = ""
        except NoRoomError as error:
            self.unsaved = str(error)


def _is_of(job: Job, wanted: Job) -> bool:
    """Whether a snapshot with the first job may be one of a run with the second: sliders may have been moved since."""
    return (job.method, job.seed, job.sources) == (wanted.method, wanted.seed, wanted.sources)
