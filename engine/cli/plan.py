"""`tessera train --plan`: the trainings of a plan, one after another, in one project."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from engine import snapshots
from engine.cli.reports import report_of, told
from engine.cli.terminal import Progress, UnreadError, answer, argument, interrupted, say, silence
from engine.device import Device, choose, prepare_thread
from engine.errors import BadPlanError, TesseraError, UsageError
from engine.messages.commands import Command, Stop
from engine.messages.events import Stepped, Warned
from engine.moments import MomentRule
from engine.plans.journal import Journal
from engine.plans.plan_file import read_plan
from engine.plans.runner import PlanRunner, Start
from engine.project import FILE_NAME, SNAPSHOTS, has_snapshots, save_job
from engine.training.session import Session

_NOT_BESIDE = (
    "start_from",
    "method",
    "steps",
    "minutes",
    "until_stall",
    "canvas",
    "seed",
    "preset",
    "set",
    "map",
    "pieces",
)


def run(arguments: Namespace, images: dict[str, str]) -> int:
    """Carries a plan out, or goes on with it; returns 0.

    Args:
        images: options that name images, by the name of their value.

    Raises:
        UsageError: an argument names something that is not there, or is in the plan already.
        TesseraError: runs have failed.
    """
    for name in (*_NOT_BESIDE, *images):
        if getattr(arguments, name, None):
            option = images.get(name, f"--{name.replace('_', '-')}")
            raise UsageError(f"argument {option}: leave it out beside --plan; the plan says it for each run.")
    with argument("--device"):
        device = choose(arguments.device)
    try:
        plan = read_plan(arguments.plan)
    except BadPlanError as error:
        raise UsageError(f"argument --plan: {error}") from None
    out: Path = arguments.out
    journal = Journal.read(out)
    if journal is None or journal.plan != plan or not arguments.resume:
        if (out / FILE_NAME).exists() or has_snapshots(out):
            if not arguments.resume:
                raise UsageError(
                    f"argument --out: {out} already holds a project; name another folder, or add --resume to go on "
                    "with its plan, or to carry this one out in it."
                )
        elif out.exists() and not out.is_dir():
            raise UsageError(f"argument --out: {out} is a file; name a folder.")
        else:
            save_job(out, plan.runs[0].job)
        journal = Journal.begin(out, plan)
    prepare_thread(device, threads=arguments.threads)
    runner, over = PlanRunner(journal), False
    while not over and (start := runner.next()) is not None:
        say(f"Run {start.index + 1} of {len(plan.runs)}: {start.run.name}.")
        over = _train(runner, start, device, arguments.json, arguments.threads is not None)
    return _tell_end(journal, arguments.json)


def _train(runner: PlanRunner, start: Start, device: Device, as_json: bool, fixed_threads: bool) -> bool:
    """One run; True where somebody stopped it, so that the plan is left there."""
    until = start.until
    session = Session(
        start.run.job,
        runner.journal.project,
        device=device.key,
        snapshot=start.snapshot,
        steps=until.steps,
        minutes=until.minutes,
        stall_minutes=until.stall_minutes,
        rule=MomentRule(),
        measured=True,
        fixed_threads=fixed_threads,
    )
    progress, stopped, unread = Progress(), False, False
    before = snapshots.read(start.snapshot).elapsed_s if start.snapshot is not None else 0.0

    def stop() -> None:
        nonlocal stopped
        stopped = True
        session.post(Stop())

    with interrupted(stop):
        for event in session.run():
            command: Command | None = runner.hear(event)
            if command is not None:
                session.post(command)
            try:
                match event:
                    case Stepped():
                        if as_json:
                            answer(json.dumps({"run": start.run.name, **report_of(event)}))
                        shares = [event.step / until.steps] if until.steps else []
                        if until.minutes:
                            shares.append((event.elapsed_s - before) / (60 * until.minutes))
                        progress.show(max(shares), told(event))
                    case Warned():
                        say(event.message)
            except UnreadError:
                silence()
                unread = True
                stop()
    if unread:
        raise TesseraError("Nobody read the reports any more, so the plan has ended there; --resume goes on.")
    progress.end()
    return stopped


def _tell_end(journal: Journal, as_json: bool) -> int:
    """What became of each run."""
    for entry in journal.entries:
        folder = None if entry.moment is None else journal.project / SNAPSHOTS / entry.moment
        if as_json:
            about: dict[str, Any] = {"run": entry.run.name, "progress": entry.progress, "told": entry.told}
            answer(json.dumps({**about, "snapshot": None if folder is None else str(folder)}))
        else:
            broken = "broken off; --resume goes on"
            words = {"waiting": "not begun", "begun": broken, "done": "done", "failed": "failed"}
            where = "" if folder is None else f"Kept in {folder}."
            parts = (f"{entry.run.name}: {words[entry.progress]}.", entry.told, where)
            answer(" ".join(part for part in parts if part).replace(".. ", ". "))
    failed = [entry for entry in journal.entries if entry.progress == "failed"]
    if failed:
        raise TesseraError(f"{len(failed)} of {len(journal.entries)} runs failed; the others were carried out.")
    return 0
