"""`tessera render`: a picture to a file, without a window, over the same `Session`. __main__.py reads the arguments."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from engine import project, snapshots
from engine.box import Size
from engine.device import choose, prepare_thread
from engine.errors import BadProject, TesseraError, Usage
from engine.export import SUFFIXES
from engine.messages import Began, Event, Export, ExportCancelled, Exported, Failed, Progressed, Stop, Warned
from engine.method import method_class
from engine.session import Session
from engine.terminal import Progress, argument, interrupted, say


def run(arguments: Namespace) -> int:
    """Paints a picture to a file; returns 0.

    Raises:
        Usage: an argument names something that is not there.
        TesseraError: it failed; one sentence.
    """
    out: Path = arguments.out
    if out.suffix.lower() not in SUFFIXES:
        raise Usage(f"argument --out: {out.name} has to end in {', '.join(SUFFIXES)}.")
    if out.is_dir():
        raise Usage(f"argument --out: {out} is a folder; name a file in it.")
    snapshot = _snapshot(arguments.project)
    layers = [layer.key for layer in method_class(snapshot.job.method).layers]
    if arguments.layer not in layers:
        raise Usage(f"argument --layer: there is no layer {arguments.layer!r}; there are {', '.join(layers)}.")
    with argument("--device"):
        device = choose(arguments.device)
    session = Session(
        snapshot.job, snapshot.folder.parent.parent, device=device.key, snapshot=snapshot.folder, paused=True
    )
    prepare_thread(device)
    with interrupted(lambda: session.post(Stop(keep=False))):
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
