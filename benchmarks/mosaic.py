"""`python -m benchmarks.mosaic`: trains a preset for some time, paints the picture, and measures it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.measures import content_match
from engine.errors import TesseraError
from engine.job import Job
from engine.messages.commands import Pause, Stop
from engine.messages.events import Ended, Failed, Paused, Stepped
from engine.messages.exports import Exported, ExportRequest
from engine.methods.famos.settings import FamosSettings
from engine.settings import differing
from engine.training.session import Session


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures, and the picture in `--out`. Raises TesseraError."""
    device = common.prepared(arguments)
    arguments.preset = arguments.preset or ["Draft"]
    with common.workshop() as folder:
        job = common.job(arguments, folder)
        session = Session(job, folder / "project", device=device.key, previews=False)
        last, exported = train(session, arguments.seconds, arguments.out)
        match = content_match(arguments.out, Path(job.sources["content"][0].path))
    return {
        "presets": arguments.preset,
        **common.machine(device),
        "seconds": last.elapsed_s,
        "steps": last.step,
        "steps_per_s": last.step / last.elapsed_s,
        "content_match": match,
        "templates": job.settings.model_dump()["templates"],
        "templates_in_use": last.terms.get("templates_in_use"),
        "terms": dict(last.terms),
        "width": exported.size.width,
        "height": exported.size.height,
        "paint_s": exported.seconds,
        "picture": str(arguments.out),
        "settings": changed_settings(job),
    }


def train(session: Session, seconds: float, out: Path) -> tuple[Stepped, Exported]:
    """Trains for so many seconds of training, and paints the canvas to `out`.

    Raises:
        TesseraError: what the session failed with.
    """
    last: Stepped | None = None
    exported: Exported | None = None
    failure = ""
    for event in session.run():
        match event:
            case Stepped():
                last = event
                if event.elapsed_s >= seconds:
                    session.post(Pause())
            case Paused():
                session.post(ExportRequest(out))
            case Exported():
                exported = event
                session.post(Stop(keep=False))
            case Failed():
                failure = event.message
                session.post(Stop(keep=False))
            case Ended():
                break
    if failure or last is None or exported is None:
        raise TesseraError(failure or "The training ended before its time.")
    return last, exported


def changed_settings(job: Job) -> dict[str, Any]:
    """The settings that differ from the method's defaults."""
    return {spec.name: getattr(job.settings, spec.name) for spec in differing(job.settings, FamosSettings())}


def show(result: Mapping[str, Any]) -> str:
    used = result["templates_in_use"]
    return common.table(
        f"FAMOS mosaic: {', '.join(result['presets'])}; {result['device']}, {result['threads']} threads",
        [
            ("training", f"{result['seconds']:.0f} s, {result['steps']:,} steps"),
            ("speed", f"{result['steps_per_s']:.2f} steps/s"),
            ("content match", f"{result['content_match']:.2f}"),
            ("templates in use", "none" if used is None else f"{used:.1f} of {result['templates']}"),
            ("painting", f"{result['paint_s']:.1f} s, {result['width']} x {result['height']} px"),
            ("picture", result["picture"]),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.mosaic", description=__doc__)
    common.add_common(parser)
    common.add_threads(parser)
    parser.add_argument("--seconds", type=float, default=180.0, metavar="S", help="of training; 180 unless given")
    parser.add_argument("--out", type=Path, default=Path("mosaic.png"), metavar="FILE", help="the picture")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
