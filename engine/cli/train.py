"""`tessera train`: training without a window, over the same `Session`. Its arguments are in train_arguments.py."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine import moments, snapshots
from engine.cli import plan
from engine.cli.map_options import with_maps
from engine.cli.named_images import images_of
from engine.cli.reports import report_of, told
from engine.cli.room import Room
from engine.cli.slot_options import slot_options
from engine.cli.terminal import Progress, UnreadError, answer, argument, interrupted, say, silence
from engine.cli.train_devices import by_torchrun, devices_of, follow, lead
from engine.device import prepare_thread
from engine.errors import BadProjectError, TesseraError, UsageError
from engine.files import check_writable
from engine.job import DEFAULT_METHOD, Job, SourceImage
from engine.messages.commands import Stop
from engine.messages.events import Began, Failed, Kept, Stepped, Warned
from engine.method import Method, method_class
from engine.method_choices import preset_values, wrong_slots
from engine.opening import open_project
from engine.project import FILE_NAME, has_snapshots, save_job
from engine.settings import parse_assignments
from engine.training import borrowed
from engine.training.session import Session


def run(arguments: Namespace) -> int:
    """Trains, and leaves a project with a snapshot; returns 0.

    Raises:
        UsageError: an argument names something that is not there.
        TesseraError: it failed; one sentence.
    """
    if arguments.plan is not None:
        if arguments.devices or by_torchrun():
            raise UsageError("argument --plan: a plan trains on one device; leave --devices and torchrun out.")
        return plan.run(arguments, slot_options())
    if arguments.steps is None and arguments.minutes is None:
        raise UsageError("argument --steps: say when to end, with --steps N or --minutes M.")
    if arguments.start_from is not None and arguments.resume:
        raise UsageError("argument --start-from: a training that is gone on with has begun; leave out one of them.")
    devices = devices_of(arguments)
    prepare_thread(devices[0], threads=arguments.threads)
    if by_torchrun() and os.environ["RANK"] != "0":
        return follow(devices[0])
    out: Path = arguments.out
    newest = _checked_folder(out, arguments.resume)
    job = _job(arguments, _resumed(out) if arguments.resume else _begun_with(arguments))
    session = Session(
        job,
        out,
        device=",".join(device.key for device in devices),
        snapshot=newest.folder if newest else None,
        start_from=arguments.start_from,
        steps=arguments.steps,
        minutes=arguments.minutes,
        stall_minutes=arguments.until_stall,
        measured=arguments.until_stall is not None,
        fixed_threads=arguments.threads is not None,
        leader=lead(devices[0]) if by_torchrun() else None,
    )
    with interrupted(lambda: session.post(Stop())):
        return _follow_training(session, arguments, newest)


def _follow_training(session: Session, arguments: Namespace, newest: snapshots.Snapshot | None) -> int:
    """Tells what the session does, until it ends."""
    out: Path = arguments.out
    progress, room = Progress(), Room(session)
    failure, stored, unread = "", False, False
    kept = newest.folder if newest else None
    report: dict[str, Any] = {"step": newest.step, "elapsed_s": newest.elapsed_s} if newest else {"step": 0}
    for event in session.run():
        try:
            room.hear(event)
            match event:
                case Began() if not stored:
                    stored = True
                    try:
                        save_job(out, event.job)
                    except TesseraError as error:
                        failure = str(error)
                        session.post(Stop(keep=False))
                    say(f"Training on {event.device}; Ctrl-C keeps a snapshot and ends.")
                case Stepped():
                    report = report_of(event)
                    if arguments.json:
                        answer(json.dumps(report))
                    progress.show(_share(event, arguments, newest), told(event))
                case Kept(reason="autosave"):
                    pass
                case Kept():
                    kept, report["step"] = event.snapshot, event.step
                case Warned():
                    say(event.message)
                    if event.kind == "memory":  # nobody is here to lower a setting
                        failure = event.message
                        session.post(Stop())
                case Failed() if not room.refused:
                    failure = event.message
        except UnreadError:  # what was learned is kept all the same
            silence()
            unread = True
            session.post(Stop())
    with suppress(UnreadError):
        progress.end()
    if failure or room.refused:
        raise TesseraError(failure or room.refused)
    if unread:
        ended = "has ended before its first step" if kept is None else f"was kept in {kept} and has ended"
        raise TesseraError(f"Nobody read the reports any more, so the training {ended}.")
    if arguments.json:
        ending = {"snapshot": None if kept is None else str(kept)}
        answer(json.dumps(ending | {key: report[key] for key in ("step", "elapsed_s") if key in report}))
    elif kept is None:
        answer("Stopped before the first step, so there was nothing to keep.")
    else:
        answer(f"Kept step {report['step']:,} in {kept}")
    return 0


def _checked_folder(out: Path, resume: bool) -> snapshots.Snapshot | None:
    """The snapshot to resume from, if any: where the newest one's method stands. Raises UsageError, NoRoomError."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"argument --out: {out} is a file; name a folder.")
    holds_project = (out / FILE_NAME).exists() or has_snapshots(out)
    if resume and not holds_project:
        raise UsageError(f"argument --resume: {out} holds no project; leave --resume out to begin one there.")
    if not resume and holds_project:
        raise UsageError(
            f"argument --out: {out} already holds a project; name another folder, or add --resume to go on with it."
        )
    check_writable(out / FILE_NAME)
    found = snapshots.listing(out) if resume else []
    return moments.present(out, found[-1].job.method, found) if found else None


def _resumed(out: Path) -> Job:
    """The job of a project that is gone on with; what had to be repaired is said. Raises BadProjectError."""
    job, sentences = open_project(out)
    for sentence in sentences:
        say(sentence)
    return job


def _begun_with(arguments: Namespace) -> Job | None:
    """Method and settings of the project that `--start-from` names; of its method, where a preset is named.

    Raises:
        UsageError: it is no project, or has learned nothing by the method that is asked for.
    """
    if arguments.start_from is None:
        return None
    with argument("--method"):
        named = None if arguments.method is None else method_class(arguments.method).key
    try:
        begun = borrowed.moment_of(arguments.start_from, named)
    except BadProjectError as error:
        raise UsageError(f"argument --start-from: {error}") from None
    settings = method_class(begun.job.method).Settings() if arguments.preset else begun.job.settings
    return Job(method=begun.job.method, settings=settings)


def _job(arguments: Namespace, stored: Job | None) -> Job:
    """What the arguments ask for, on top of a stored job."""
    with argument("--method"):
        method = method_class(arguments.method or (stored.method if stored else DEFAULT_METHOD))
    with argument("--preset"):
        values = preset_values(method, arguments.preset)
    with argument("--set"):
        values |= parse_assignments(method.Settings, arguments.set)
    settings = stored.settings if stored and stored.method == method.key else method.Settings()
    present = stored or Job(method=method.key, settings=settings)
    sources = {**present.sources}
    for slot in slot_options():
        paths = getattr(arguments, slot)
        if paths:
            files = images_of(_option(slot), paths)
            sources[slot] = tuple(SourceImage(path=str(file.absolute())) for file in files)
    sources = with_maps(sources, method.key, arguments)
    _check_slots(method, sources)
    return present.model_copy(
        update={
            "method": method.key,
            "settings": settings.with_values(values),
            "sources": sources,
            "canvas_size": arguments.canvas or present.canvas_size,
            "seed": present.seed if arguments.seed is None else arguments.seed,
        }
    )


def _option(slot: str) -> str:
    return slot_options().get(slot, slot)


def _check_slots(method: type[Method], sources: dict[str, tuple[SourceImage, ...]]) -> None:
    for key, sentence in wrong_slots(method, sources, lambda slot: slot.option):
        raise UsageError(f"argument {_option(key)}: {sentence}")


def _share(event: Stepped, arguments: Namespace, newest: snapshots.Snapshot | None) -> float:
    """How much of the training is done, 0..1: of the limit that is nearer."""
    shares = []
    if arguments.steps is not None:
        shares.append(event.step / arguments.steps)
    if arguments.minutes is not None:
        before_s = newest.elapsed_s if newest else 0.0
        shares.append((event.elapsed_s - before_s) / (arguments.minutes * 60))
    return max(shares)
