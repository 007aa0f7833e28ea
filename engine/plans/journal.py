"""How far a plan has come, in a file of its project, so that a crash goes on with the run that it broke off.

PROJECT/plan.json     the runs, resolved, and for each what became of it; the moments themselves are in snapshots/
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from engine import repair
from engine.bounded import read_json
from engine.errors import BadProjectError, TesseraError
from engine.files import write_atomically
from engine.migrations import FORMAT
from engine.plans.plan import MOST_RUNS, Plan, Run
from engine.project import PLAN_NAME, read_stored, stored_job
from engine.stop_rule import StopRule

Progress = Literal["waiting", "begun", "done", "failed"]


@dataclass(frozen=True)
class Entry:
    """One run of a plan, and how it went.

    Args:
        start: folder name of the snapshot that it began with; None for afresh.
        before_s: seconds of training of that one.
        after: folder name of the newest snapshot when it began: its own have higher numbers.
        moment: folder name of the last snapshot that it kept.
        told: why it ended, as a sentence.
    """

    run: Run
    progress: Progress = "waiting"
    start: str | None = None
    before_s: float = 0.0
    after: str | None = None
    moment: str | None = None
    told: str = ""

    @property
    def over(self) -> bool:
        return self.progress in ("done", "failed")


class Journal:
    """The entries of one project's plan; every change is written at once.

    Attributes:
        entries: in the order of the plan.
    """

    def __init__(self, project: Path, entries: list[Entry]) -> None:
        self.project, self.entries = project, entries

    @classmethod
    def begin(cls, project: Path, plan: Plan) -> Journal:
        """Begins the journal of a plan, in place of any other. Raises NoRoomError."""
        journal = cls(project, [Entry(run) for run in plan.runs])
        journal._write()
        return journal

    @classmethod
    def read(cls, project: Path) -> Journal | None:
        """That of a project; None where there is none, or nothing in it can be understood."""
        with suppress(OSError, ValueError, KeyError, TypeError, TesseraError):
            stored = read_json(project / PLAN_NAME)
            return cls(project, [_entry(about, stored["format"], project) for about in stored["runs"][:MOST_RUNS]])
        return None

    @property
    def plan(self) -> Plan:
        return Plan(tuple(entry.run for entry in self.entries))

    @property
    def next(self) -> int | None:
        """Which entry is next, or goes on; None when all are over."""
        return next((index for index, entry in enumerate(self.entries) if not entry.over), None)

    def change(self, index: int, **changes: Any) -> None:
        """Other values of one entry. Raises NoRoomError: it can not be written; here they are changed."""
        self.entries[index] = replace(self.entries[index], **changes)
        self._write()

    def relocate(self, project: Path) -> None:
        """The project goes on in another folder."""
        self.project = project

    def remove(self) -> None:
        """The plan is given up; all that it kept stays."""
        with suppress(OSError):
            (self.project / PLAN_NAME).unlink(missing_ok=True)

    def _write(self) -> None:
        stored = {"format": FORMAT, "runs": [_described(entry, self.project) for entry in self.entries]}
        write_atomically(self.project / PLAN_NAME, json.dumps(stored, indent=1, ensure_ascii=False))


def _described(entry: Entry, project: Path) -> dict[str, Any]:
    run = entry.run
    return {
        "name": run.name,
        "until": run.until.stored(),
        "goes_on": run.goes_on,
        "progress": entry.progress,
        "start": entry.start,
        "before_s": entry.before_s,
        "after": entry.after,
        "moment": entry.moment,
        "told": entry.told,
        "job": stored_job(run.job, project),
    }


def _entry(about: dict[str, Any], number: int, project: Path) -> Entry:
    """Raises TesseraError, KeyError, TypeError: it can not be understood."""
    job = read_stored({"format": number, "job": about["job"]}, project).job
    progress = about.get("progress")
    if progress not in ("waiting", "begun", "done", "failed"):
        raise BadProjectError("The plan is damaged.")
    return Entry(
        Run(repair.text(about.get("name")), job, StopRule(**about["until"]), about.get("goes_on") is True),
        progress,
        start=_number(about.get("start")),
        before_s=max(0.0, repair.number(about.get("before_s"))),
        after=_number(about.get("after")),
        moment=_number(about.get("moment")),
        told=repair.text(about.get("told")),
    )


def _number(name: Any) -> str | None:
    """A snapshot's folder name. Only plain numbers: a project from elsewhere names no place outside."""
    return name if isinstance(name, str) and name.isascii() and name.isdecimal() and len(name) < 10 else None
