"""What the commands without a window do, over the same `Session` as the window. Arguments are read in __main__.py."""

from __future__ import annotations

import json
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine import project, snapshots
from engine.box import Size
from engine.colour import expand
from engine.device import choose, prepare_thread
from engine.errors import BadProject, BadSetting, TesseraError, Usage
from engine.export import SUFFIXES
from engine.listing import devices, methods
from engine.messages import (
    Began,
    Event,
    Export,
    ExportCancelled,
    Exported,
    Failed,
    Kept,
    Progressed,
    Stepped,
    Stop,
    Warned,
)
from engine.method import Method, method_class, preset_values
from engine.project import FILE_NAME, Job, SourceImage
from engine.session import Session
from engine.settings import parse_assignments
from engine.terminal import Progress, say


def run(arguments: Namespace) -> int:
    """One command, with the arguments that `__main__` read; returns the exit code.

    Raises:
        Usage: an argument names something that is not there.
        TesseraError: it failed; one sentence.
    """
    commands: dict[str, Callable[[Namespace], int]] = {
        "train": train,
        "render": render,
        "methods": methods,
        "devices": devices,
    }
    return commands[arguments.command](arguments)


# ---------------------------------------------------------------- train


def train(arguments: Namespace) -> int:
    if arguments.steps is None and arguments.minutes is None:
        raise Usage("argument --steps: say when to end, with --steps N or --minutes M.")
    out: Path = arguments.out
    newest = _checked_folder(out, arguments.resume)
    with _argument("--device"):
        device = choose(arguments.device)
    job = _job(arguments, project.load_job(out) if arguments.resume else None)
    session = Session(
        job,
        out,
        device=device.key,
        snapshot=newest.folder if newest else None,
        steps=arguments.steps,
        minutes=arguments.minutes,
    )
    prepare_thread(device)
    with _interrupted(lambda: session.post(Stop())):
        return _follow_training(session, arguments, newest)


def _follow_training(session: Session, arguments: Namespace, newest: snapshots.Snapshot | None) -> int:
    """Tells what the session does, until it ends."""
    out: Path = arguments.out
    progress = Progress()
    failure, stored = "", False
    kept = newest.folder if newest else None
    report: dict[str, Any] = {"step": newest.step, "elapsed_s": newest.elapsed_s} if newest else {"step": 0}
    for event in session.run():
        match event:
            case Began() if not stored:
                stored = True
                try:
                    project.save_job(out, event.job)
                except TesseraError as error:
                    failure = str(error)
                    session.post(Stop(keep=False))
                say(f"Training on {event.device}; Ctrl-C keeps a snapshot and ends.")
            case Stepped():
                report = {
                    "step": event.step,
                    "steps_per_s": round(event.steps_per_s, 4),
                    "elapsed_s": round(event.elapsed_s, 3),
                    **event.terms,
                }
                if arguments.json:
                    print(json.dumps(report), flush=True)
                progress.show(_share(event, arguments, newest), _told(event))
            case Kept(reason="autosave"):
                pass
            case Kept():
                kept, report["step"] = event.snapshot, event.step
            case Warned():
                say(event.sentence)
                if event.kind == "memory":  # nobody is here to lower a setting
                    failure = event.sentence
                    session.post(Stop())
            case Failed():
                failure = event.sentence
                if isinstance(event.command, Stop):
                    session.post(Stop(keep=False))
    progress.end()
    if failure:
        raise TesseraError(failure)
    if arguments.json:
        ending = {"snapshot": None if kept is None else str(kept)}
        print(json.dumps(ending | {key: report[key] for key in ("step", "elapsed_s") if key in report}), flush=True)
    elif kept is None:
        print("Stopped before the first step, so there was nothing to keep.")
    else:
        print(f"Kept step {report['step']:,} in {kept}")
    return 0


def _checked_folder(out: Path, resume: bool) -> snapshots.Snapshot | None:
    """The newest snapshot to resume from, if any. Raises Usage."""
    if out.exists() and not out.is_dir():
        raise Usage(f"argument --out: {out} is a file; name a folder.")
    holds_project = (out / FILE_NAME).exists()
    if resume and not holds_project:
        raise Usage(f"argument --resume: {out} holds no project; leave --resume out to begin one there.")
    if not resume and holds_project:
        raise Usage(
            f"argument --out: {out} already holds a project; name another folder, or add --resume to go on with it."
        )
    found = snapshots.listing(out) if resume else []
    return found[-1] if found else None


def _job(arguments: Namespace, stored: Job | None) -> Job:
    """What the arguments ask for, on top of a stored job."""
    present = stored or Job()
    with _argument("--method"):
        method = method_class(arguments.method or present.method)
    with _argument("--preset"):
        values = preset_values(method, arguments.preset)
    with _argument("--set"):
        values |= parse_assignments(method.Settings, arguments.assignments)
    sources = {**present.sources}
    for slot in ("style", "content"):
        paths = getattr(arguments, slot)
        if paths:
            sources[slot] = _images(slot, paths)
    _check_slots(method, sources)
    return present.model_copy(
        update={
            "method": method.key,
            "settings": {**(present.settings if method.key == present.method else {}), **values},
            "sources": sources,
            "canvas": arguments.canvas or present.canvas,
            "seed": present.seed if arguments.seed is None else arguments.seed,
        }
    )


def _images(slot: str, paths: list[Path]) -> tuple[SourceImage, ...]:
    files, problems = expand(paths)
    if not files:
        raise Usage(f"argument --{slot}: {' '.join(problems)}")
    for problem in problems:
        say(problem)
    return tuple(SourceImage(path=str(file.absolute())) for file in files)


def _check_slots(method: type[Method], sources: dict[str, tuple[SourceImage, ...]]) -> None:
    slots = {slot.key: slot for slot in method.slots}
    for key, images in sources.items():
        if images and key not in slots:
            raise Usage(f"argument --{key}: {method.title} takes no such images; it takes {', '.join(slots)}.")
    for key, slot in slots.items():
        count = len(sources.get(key, ()))
        if not slot.minimum <= count <= slot.maximum:
            bounds = f"at least {slot.minimum}" if count < slot.minimum else f"at most {slot.maximum}"
            raise Usage(f"argument --{key}: {count} images given, but {method.title} needs {bounds}.")


def _share(event: Stepped, arguments: Namespace, newest: snapshots.Snapshot | None) -> float:
    """How much of the training is done, 0..1: of the limit that is nearer."""
    shares = []
    if arguments.steps is not None:
        shares.append(event.step / arguments.steps)
    if arguments.minutes is not None:
        before_s = newest.elapsed_s if newest else 0.0
        shares.append((event.elapsed_s - before_s) / (arguments.minutes * 60))
    return max(shares)


def _told(event: Stepped) -> str:
    terms = "  ".join(f"{name} {value:.3g}" for name, value in list(event.terms.items())[:4])
    return f"step {event.step:,}  {event.steps_per_s:.1f} steps/s  {terms}"


# ---------------------------------------------------------------- render


def render(arguments: Namespace) -> int:
    out: Path = arguments.out
    if out.suffix.lower() not in SUFFIXES:
        raise Usage(f"argument --out: {out.name} has to end in {', '.join(SUFFIXES)}.")
    if out.is_dir():
        raise Usage(f"argument --out: {out} is a folder; name a file in it.")
    snapshot = _snapshot(arguments.project)
    layers = [layer.key for layer in method_class(snapshot.job.method).layers]
    if arguments.layer not in layers:
        raise Usage(f"argument --layer: there is no layer {arguments.layer!r}; there are {', '.join(layers)}.")
    with _argument("--device"):
        device = choose(arguments.device)
    session = Session(
        snapshot.job, snapshot.folder.parent.parent, device=device.key, snapshot=snapshot.folder, paused=True
    )
    prepare_thread(device)
    with _interrupted(lambda: session.post(Stop(keep=False))):
        return _follow_export(session, arguments)


def _follow_export(session: Session, arguments: Namespace) -> int:
    progress = Progress()
    failure, done = "", ""
    for event in session.run():
        match event:
            case Began():
                size = _scaled(event.canvas, arguments.width, arguments.height)
                session.post(Export(arguments.out, size, arguments.layer, arguments.tile, arguments.bits))
            case Progressed():
                progress.show(event.done / max(1, event.total), _time_left(event.seconds_left))
            case Exported():
                done = (
                    f"{event.out}: {event.size.width} x {event.size.height} px in {event.seconds:.1f} s, "
                    f"peak memory {event.peak_memory_bytes / 2**20:.0f} MiB"
                )
            case ExportCancelled():
                failure = f"Stopped; {event.out} was not written."
            case Warned():
                say(event.sentence)
            case Failed():
                failure = event.sentence
        if _is_settled(event):
            session.post(Stop(keep=False))
    progress.end()
    if not done:
        raise TesseraError(failure or f"Stopped; {arguments.out} was not written.")
    print(done)
    return 0


def _is_settled(event: Event) -> bool:
    return isinstance(event, Exported | ExportCancelled | Failed)


def _snapshot(path: Path) -> snapshots.Snapshot:
    """The snapshot that a path names, or the newest of the project that it names."""
    if not path.exists():
        raise Usage(f"argument PROJECT_OR_SNAPSHOT: {path} is not there.")
    folder = path if path.is_dir() else path.parent
    if folder.parent.name == snapshots.FOLDER:
        return snapshots.read(folder)
    try:
        owner = project.project_folder(path)
    except BadProject as error:
        raise Usage(f"argument PROJECT_OR_SNAPSHOT: {error}") from None
    found = snapshots.listing(owner)
    if not found:
        raise BadProject(f"{owner} has no snapshot to paint from yet. Train it first, and keep one.")
    return found[-1]


def _scaled(canvas: Size, width: int | None, height: int | None) -> Size:
    """The canvas with one side given, in its own proportions."""
    if width is not None:
        return Size(max(1, round(width * canvas.height / canvas.width)), width)
    if height is not None:
        return Size(height, max(1, round(height * canvas.width / canvas.height)))
    return canvas


def _time_left(seconds: float | None) -> str:
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d} left"


# ---------------------------------------------------------------- around a command


@contextmanager
def _argument(name: str) -> Iterator[None]:
    """Names the argument in what is wrong with its value."""
    try:
        yield
    except BadSetting as error:
        raise Usage(f"argument {name}: {str(error).removeprefix(f'{name} ')}") from None


@contextmanager
def _interrupted(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C (and a system that shuts down) ends the work in good order; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, previous[number])
        print("\ntessera: Stopping; once more to stop at once.", file=sys.stderr)
        stop()

    previous: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in previous:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
