"""`tessera render`: a picture to a file, without a window, over the same `Session`; what paints is collage.py's too."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine import moments, reports, snapshots
from engine.box import Size, shaped
from engine.cli.map_options import with_maps
from engine.cli.render_pictures import (
    Picture,
    as_film,
    first_size,
    pictures,
    reads_originals,
    render_mode,
    say_what_is_cut,
    with_styles,
)
from engine.cli.reports import fitted, printed, printed_json, time_left
from engine.cli.terminal import Progress, UnreadError, answer, argument, interrupted, say, silence
from engine.device import choose, prepare_thread
from engine.errors import BadProjectError, TesseraError, UsageError
from engine.export import profiles
from engine.export.encoders import check_limits
from engine.export.print_sizes import parse_length, parse_size
from engine.export.relink import with_images_from
from engine.export.sweep import sweep
from engine.export.video import open_film
from engine.export.video_formats import check_video, is_video
from engine.files import check_writable
from engine.images.read import image_size
from engine.job import Job
from engine.messages.commands import CountImages, FitToImages, Retune, Stop
from engine.messages.events import Began, Failed, FittedToImages, ImagesCounted, Warned
from engine.messages.exports import ALL_LAYERS, ExportCancelled, Exported, ExportRequest, Inspect, Inspected, Progressed
from engine.method import Method, method_class
from engine.nearest import instead
from engine.options import EncodeOptions
from engine.project import load_job, project_folder
from engine.settings import Settings
from engine.training.session import Session


def run(arguments: Namespace) -> int:
    """Paints a picture to a file; returns 0.

    Raises:
        UsageError: an argument names something that is not there.
        TesseraError: it failed; one sentence.
    """
    snapshot = _snapshot(arguments.project)
    job = with_styles(with_images_from(snapshot.job, arguments.images), arguments.style)
    job = job.model_copy(update={"sources": with_maps(job.sources, job.method, arguments)})
    return paint(arguments, job, snapshot.folder.parent.parent, snapshot.folder)


def paint(
    arguments: Namespace, job: Job, project: Path, snapshot: Path | None, free: frozenset[str] = frozenset()
) -> int:
    """Paints what the arguments ask for; returns 0.

    Args:
        project: folder that notes what is left unfinished.
        snapshot: whose weights; None for a method that needs no training.
        free: names of the settings that may be fitted to the images, see `Method.fitting_picture`.

    Raises:
        UsageError, TesseraError: as `run`.
    """
    encode_options = _encode_options(arguments)
    bleed_px = _bleed(arguments)
    method = method_class(job.method)
    _refuse_early(arguments, encode_options, method)
    with argument("--device"):
        device = choose(arguments.device)
    with argument("--devices"):
        for key in arguments.devices:
            choose(key)
    wanted = pictures(arguments, method)
    fixed = arguments.threads is not None
    session = Session(job, project, device=device.key, snapshot=snapshot, paused=True, fixed_threads=fixed)
    prepare_thread(device, threads=arguments.threads)

    originals = reads_originals(arguments, method)

    def export(canvas_size: Size, picture: Picture) -> ExportRequest:
        trained = canvas_size if picture.content is None else shaped(canvas_size, image_size(picture.content))
        size = _size(arguments, trained, first_size(trained, job, picture.content))
        if picture is wanted[0] and not (arguments.repeat or arguments.more_pieces):
            say_what_is_cut(size, trained)
        return ExportRequest(
            picture.out,
            size,
            arguments.layer,
            arguments.tile,
            arguments.bits,
            encode_options=encode_options,
            render_mode=render_mode(picture, arguments.repeat, originals, size, trained, arguments.smooth_paint),
            bleed_px=bleed_px,
            frames=arguments.frames,
            resume=arguments.resume,
            canvas_folder=arguments.canvas,
            devices=arguments.devices,
            part=arguments.part,
            assemble=arguments.assemble,
            sweep=arguments.sweep if arguments.sweep and is_video(picture.out) else "",
            cluster=arguments.cluster,
        )

    with interrupted(lambda: session.post(Stop(keep=False))):
        swept = sweep(method.Settings, arguments.sweep) if arguments.sweep else ()  # a film of them is one picture
        free = free.difference(*(picture.values for picture in wanted), *swept)
        return _follow(session, export, wanted, arguments, method.Settings, free)


def _follow(
    session: Session,
    export: Callable[[Size, Picture], ExportRequest],
    wanted: list[Picture],
    arguments: Namespace,
    settings: type[Settings],
    free: frozenset[str],
) -> int:
    """Paints one picture after the other."""
    progress = Progress()
    failure, canvas_size = "", Size(0, 0)
    done: list[Exported] = []
    told = set[str]()
    for event in session.run():
        try:
            match event:
                case Began():
                    canvas_size = event.canvas_size
                    session.post(FitToImages(free))
                case FittedToImages():
                    values = event.values or {}
                    if sentence := fitted(settings, values):
                        say(sentence)
                    request = export(canvas_size, wanted[0])
                    session.post(Retune({**values, **wanted[0].values}))
                    session.post(Inspect(replace(request, sweep=arguments.sweep or "")))
                    session.post(request)
                    if arguments.report is not None:
                        session.post(CountImages())
                case ImagesCounted() if arguments.report is not None:
                    reports.write(arguments.report, [reports.ImageShare(*each) for each in event.shares])
                case Inspected():
                    for finding in event.findings:
                        if finding.severity == "warning":
                            told.add(finding.message)
                            say(finding.message)
                case Progressed():
                    if arguments.json:
                        about = {"done": event.done, "total": event.total, "seconds_left": event.seconds_left}
                        answer(json.dumps(about))
                    else:
                        progress.show(event.done / max(1, event.total), time_left(event.seconds_left))
                case Exported():
                    done.append(event)
                    if arguments.json or len(wanted) > 1:
                        progress.end()
                        answer(json.dumps(printed_json(event)) if arguments.json else printed(event, arguments.part))
                    if len(done) < len(wanted):
                        session.post(Retune(wanted[len(done)].values))
                        session.post(export(canvas_size, wanted[len(done)]))
                case ExportCancelled():
                    failure = f"Stopped; {event.out} was not written. Go on with the same command and --resume."
                case Warned() if event.message not in told:
                    say(event.message)
                case Failed():
                    failure = event.message
        except UnreadError:  # what is painted stays, for --resume
            silence()
            session.post(Stop(keep=False))
        if len(done) == len(wanted) or isinstance(event, ExportCancelled | Failed):
            session.post(Stop(keep=False))
    with suppress(UnreadError):
        progress.end()
    if len(done) < len(wanted):
        raise TesseraError(failure or f"Stopped; {wanted[len(done)].out} was not written.")
    if len(wanted) == 1 and not arguments.json:
        answer(printed(done[0], arguments.part))
    return 0


def _encode_options(arguments: Namespace) -> EncodeOptions:
    with argument("--dpi"):
        encode_options = EncodeOptions(
            dpi=arguments.dpi,
            profile=arguments.profile,
            intent=arguments.intent,
            black_point=not arguments.no_black_point,
            quality=arguments.quality,
            compression=arguments.compression,
            pyramid=arguments.pyramid,
            marks=arguments.marks,
            provenance=not arguments.no_provenance,
            transparent=arguments.transparent,
        )
    with argument("--profile"):
        profiles.load(encode_options.profile)
    return encode_options


def _bleed(arguments: Namespace) -> int:
    with argument("--bleed"):
        return parse_length(arguments.bleed, arguments.dpi)


def _refuse_early(arguments: Namespace, encode_options: EncodeOptions, method: type[Method]) -> None:
    """What can be told before torch has built anything. Raises UsageError."""
    as_film(arguments)
    out: Path = arguments.out
    with argument("--frames"):
        if arguments.frames is not None:
            open_film(arguments.frames)
            if arguments.canvas or arguments.assemble or arguments.part != (1, 1):
                raise UsageError("argument --frames: it does not go with --canvas, --part or --assemble.")
    with argument("--out"):
        if (arguments.frames is not None or arguments.sweep) and is_video(out):
            check_video(out, Size(1, 1), encode_options.transparent)
        else:
            check_limits(out, Size(1, 1), arguments.bits, encode_options)
    if out.is_dir():
        raise UsageError(f"argument --out: {out} is a folder; name a file in it.")
    with argument("--report"):
        if arguments.report is not None:
            reports.check_name(arguments.report)
            check_writable(arguments.report)
    layers = [layer.key for layer in method.layers]
    if arguments.layer not in (*layers, ALL_LAYERS):
        others = instead(arguments.layer, [*layers, ALL_LAYERS])
        raise UsageError(f"argument --layer: there is no layer {arguments.layer!r}; {others}")
    asked = {
        "--from-originals": ("originals", arguments.from_originals),
        "--more-pieces": ("originals", arguments.more_pieces),
        "--repeat": ("repeat", arguments.repeat),
        "--smooth-paint": ("paint_detail", arguments.smooth_paint),
        "--frames": ("frames", arguments.frames is not None),
        "--content": ("frames", bool(arguments.content)),
        "--report": ("pieces", arguments.report is not None),
        "--style": ("styles", bool(arguments.style)),
        "--transparent": ("transparent", arguments.transparent),
    }
    for option, (way, wanted) in asked.items():
        if wanted and way not in method.capabilities:
            raise UsageError(f"argument {option}: {method.title} does not know this option. Leave it out.")
    if arguments.cluster and (arguments.devices or arguments.assemble or arguments.part != (1, 1)):
        raise UsageError("argument --cluster: it does not go with --devices, --part or --assemble.")
    if arguments.assemble and arguments.part != (1, 1):
        raise UsageError("argument --assemble: paint the parts first, and assemble them with a command without --part.")
    if arguments.size is not None:
        with argument("--size"):
            parse_size(arguments.size, arguments.dpi)


def _size(arguments: Namespace, canvas_size: Size, first: Size) -> Size:
    """What is asked for; with one side given, in the proportions of the training; `first` where nothing is."""
    if arguments.size is not None:
        return parse_size(arguments.size, arguments.dpi, canvas_size)
    if arguments.width is not None:
        return Size(max(1, round(arguments.width * canvas_size.height / canvas_size.width)), arguments.width)
    if arguments.height is not None:
        return Size(arguments.height, max(1, round(arguments.height * canvas_size.width / canvas_size.height)))
    if arguments.times is not None:
        return Size(
            max(1, round(canvas_size.height * arguments.times)), max(1, round(canvas_size.width * arguments.times))
        )
    return first


def _snapshot(path: Path) -> snapshots.Snapshot:
    """The snapshot that a path names, or that at which the project stands that it names; else its newest."""
    if not path.exists():
        raise UsageError(f"argument PROJECT_OR_SNAPSHOT: {path} is not there.")
    folder = path if path.is_dir() else path.parent
    if folder.parent.name == snapshots.FOLDER:
        return snapshots.read(folder)
    try:
        owner = project_folder(path)
    except BadProjectError as error:
        raise UsageError(f"argument PROJECT_OR_SNAPSHOT: {error}") from None
    found, lost = snapshots.survey(owner)
    if not found:
        raise BadProjectError(
            " ".join(lost) or f"{owner} has no snapshot to paint from yet. Train it first, and keep one."
        )
    with suppress(BadProjectError):  # the newest whole one stands for a project.json that was lost
        return moments.present(owner, load_job(owner).method, found) or found[-1]
    return found[-1]
