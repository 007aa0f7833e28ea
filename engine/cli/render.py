"""`tessera render`: a picture to a file, without a window, over the same `Session`. __main__.py reads the arguments."""

from __future__ import annotations

import json
import math
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import snapshots
from engine.box import Size
from engine.cli.sweep import live_values, numbered, sweep
from engine.cli.terminal import Progress, argument, interrupted, say
from engine.device import choose, prepare_thread
from engine.errors import BadProject, TesseraError, Usage
from engine.export import profiles
from engine.export.encoders import check_limits
from engine.export.print_sizes import parse_length, parse_size
from engine.export.renderer import with_images_from
from engine.export.video import check_video, is_video, open_film
from engine.job import project_folder
from engine.messages import (
    Began,
    Export,
    ExportCancelled,
    Exported,
    Failed,
    Inspect,
    Inspected,
    Progressed,
    Retune,
    Stop,
    Warned,
)
from engine.method import Method, method_class
from engine.options import Finish, How
from engine.training.session import Session


def run(arguments: Namespace) -> int:
    """Paints a picture to a file; returns 0.

    Raises:
        Usage: an argument names something that is not there.
        TesseraError: it failed; one sentence.
    """
    finish = _finish(arguments)
    bleed_px = _bleed(arguments)
    snapshot = _snapshot(arguments.project)
    method = method_class(snapshot.job.method)
    _refuse_early(arguments, finish, method)
    with argument("--device"):
        device = choose(arguments.device)
    with argument("--devices"):
        for key in arguments.devices:
            choose(key)
    frames = _frames(arguments, method)
    job = with_images_from(snapshot.job, arguments.images)
    session = Session(job, snapshot.folder.parent.parent, device=device.key, snapshot=snapshot.folder, paused=True)
    prepare_thread(device)

    def export(canvas: Size, out: Path) -> Export:
        size = _size(arguments, canvas)
        scale = math.sqrt(size.area / canvas.area) if arguments.from_originals else 0.0
        return Export(
            out,
            size,
            arguments.layer,
            arguments.tile,
            arguments.bits,
            finish=finish,
            how=How(arguments.repeat, scale),
            bleed_px=bleed_px,
            frames=arguments.frames,
            resume=arguments.resume,
            canvas=arguments.canvas,
            devices=arguments.devices,
            part=arguments.part,
            assemble=arguments.assemble,
        )

    with interrupted(lambda: session.post(Stop(keep=False))):
        return _follow(session, export, frames, arguments)


def _follow(
    session: Session,
    export: Callable[[Size, Path], Export],
    frames: list[tuple[Path, dict[str, Any]]],
    arguments: Namespace,
) -> int:
    """Paints each of `frames`: a file, and the live settings that it is painted with."""
    progress = Progress()
    failure, canvas = "", Size(0, 0)
    done: list[Exported] = []
    for event in session.run():
        match event:
            case Began():
                canvas = event.canvas
                out, values = frames[0]
                wish = export(canvas, out)
                session.post(Retune(values))
                session.post(Inspect(wish))
                session.post(wish)
            case Inspected():
                for finding in event.findings:
                    if finding.weight == "warning":
                        say(finding.sentence)
            case Progressed():
                if arguments.json:
                    print(json.dumps({"done": event.done, "total": event.total, "seconds_left": event.seconds_left}))
                else:
                    progress.show(event.done / max(1, event.total), _time_left(event.seconds_left))
            case Exported():
                done.append(event)
                if arguments.json or len(frames) > 1:
                    progress.end()
                    print(json.dumps(_as_json(event)) if arguments.json else _sentence(event, arguments.part))
                if len(done) < len(frames):
                    out, values = frames[len(done)]
                    session.post(Retune(values))
                    session.post(export(canvas, out))
            case ExportCancelled():
                failure = f"Stopped; {event.out} was not written. Go on with the same command and --resume."
            case Warned():
                say(event.sentence)
            case Failed():
                failure = event.sentence
        if len(done) == len(frames) or isinstance(event, ExportCancelled | Failed):
            session.post(Stop(keep=False))
    progress.end()
    if len(done) < len(frames):
        raise TesseraError(failure or f"Stopped; {frames[len(done)][0]} was not written.")
    if len(frames) == 1 and not arguments.json:
        print(_sentence(done[0], arguments.part))
    return 0


def _frames(arguments: Namespace, method: type[Method]) -> list[tuple[Path, dict[str, Any]]]:
    """The file, or with a sweep the numbered files, and live settings of each. Raises Usage."""
    with argument("--set"):
        values = live_values(method.Settings, arguments.set)
    if arguments.sweep is None:
        return [(arguments.out, values)]
    if arguments.frames or arguments.canvas or arguments.assemble or arguments.resume or arguments.part != (1, 1):
        raise Usage("argument --sweep: it does not go with --frames, --canvas, --part, --assemble or --resume.")
    with argument("--sweep"):
        places = sweep(method.Settings, arguments.sweep)
    return [
        (numbered(arguments.out, index, len(places)), values | place) for index, place in enumerate(places, start=1)
    ]


def _sentence(done: Exported, part: tuple[int, int]) -> str:
    name = str(done.out) if done.seam is not None else f"Part {part[0]} of {part[1]} of {done.out}"
    seam = "" if done.seam is None else f", seam meter {done.seam:.3f}"
    kept = "" if done.canvas is None else f", canvas kept in {done.canvas}"
    return (
        f"{name}: {done.size.width} x {done.size.height} px in {done.seconds:.1f} s, "
        f"peak memory {done.peak_memory_bytes / 2**20:.0f} MiB{seam}{kept}"
    )


def _as_json(done: Exported) -> dict[str, Any]:
    return {
        "out": str(done.out),
        "width": done.size.width,
        "height": done.size.height,
        "seconds": done.seconds,
        "peak_memory_bytes": done.peak_memory_bytes,
        "seam": done.seam,
        "gone_on_with": done.gone_on_with,
    }


def _finish(arguments: Namespace) -> Finish:
    with argument("--dpi"):
        finish = Finish(
            dpi=arguments.dpi,
            profile=arguments.profile,
            intent=arguments.intent,
            black_point=not arguments.no_black_point,
            quality=arguments.quality,
            compression=arguments.compression,
            pyramid=arguments.pyramid,
            marks=arguments.marks,
            provenance=not arguments.no_provenance,
        )
    with argument("--profile"):
        profiles.load(finish.profile)
    return finish


def _bleed(arguments: Namespace) -> int:
    with argument("--bleed"):
        return parse_length(arguments.bleed, arguments.dpi)


def _refuse_early(arguments: Namespace, finish: Finish, method: type[Method]) -> None:
    """What can be told before torch has built anything. Raises Usage."""
    out: Path = arguments.out
    with argument("--frames"):
        if arguments.frames is not None:
            open_film(arguments.frames)
            if arguments.canvas or arguments.assemble or arguments.part != (1, 1):
                raise Usage("argument --frames: it does not go with --canvas, --part or --assemble.")
    with argument("--out"):
        if arguments.frames is not None and is_video(out):
            check_video(out, Size(1, 1))
        else:
            check_limits(out, Size(1, 1), arguments.bits, finish)
    if out.is_dir():
        raise Usage(f"argument --out: {out} is a folder; name a file in it.")
    layers = [layer.key for layer in method.layers]
    if arguments.layer not in layers:
        raise Usage(f"argument --layer: there is no layer {arguments.layer!r}; there are {', '.join(layers)}.")
    asked = {"originals": arguments.from_originals, "repeat": arguments.repeat, "frames": arguments.frames is not None}
    options = {"originals": "--from-originals", "repeat": "--repeat", "frames": "--frames"}
    for way, wanted in asked.items():
        if wanted and way not in method.ways:
            raise Usage(f"argument {options[way]}: {method.title} does not know this option. Leave it out.")
    if arguments.assemble and arguments.part != (1, 1):
        raise Usage("argument --assemble: paint the parts first, and assemble them with a command without --part.")
    if arguments.size is not None:
        with argument("--size"):
            parse_size(arguments.size, arguments.dpi)


def _size(arguments: Namespace, canvas: Size) -> Size:
    """What is asked for; with one side given, in the proportions of the training."""
    if arguments.size is not None:
        return parse_size(arguments.size, arguments.dpi)
    if arguments.width is not None:
        return Size(max(1, round(arguments.width * canvas.height / canvas.width)), arguments.width)
    if arguments.height is not None:
        return Size(arguments.height, max(1, round(arguments.height * canvas.width / canvas.height)))
    if arguments.times is not None:
        return Size(max(1, round(canvas.height * arguments.times)), max(1, round(canvas.width * arguments.times)))
    return canvas


def _snapshot(path: Path) -> snapshots.Snapshot:
    """The snapshot that a path names, or the newest of the project that it names."""
    if not path.exists():
        raise Usage(f"argument PROJECT_OR_SNAPSHOT: {path} is not there.")
    folder = path if path.is_dir() else path.parent
    if folder.parent.name == snapshots.FOLDER:
        return snapshots.read(folder)
    try:
        owner = project_folder(path)
    except BadProject as error:
        raise Usage(f"argument PROJECT_OR_SNAPSHOT: {error}") from None
    found = snapshots.listing(owner)
    if not found:
        raise BadProject(f"{owner} has no snapshot to paint from yet. Train it first, and keep one.")
    return found[-1]


def _time_left(seconds: float | None) -> str:
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d} left"
