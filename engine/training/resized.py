"""Says that an image has another size than when a moment was kept, so that its picture is another one now."""

from __future__ import annotations

from pathlib import Path

from engine.box import Size
from engine.job import Job
from engine.settings import differing
from engine.snapshots import Snapshot

_ALIKE = 0.01
"""By so much of a side two canvases may differ that were only rounded otherwise."""


def resized_since(kept: Snapshot, job: Job, canvas_size: Size) -> tuple[str, ...]:
    """A sentence where a moment's content was another image, under the same name, when it was kept.

    Args:
        job: what is gone on with from the moment; where that asks for another canvas itself, nothing is said.
        canvas_size: of the job, with the images as they are now.
    """
    contents, was = job.sources.get("content", ()), kept.canvas_size
    if was is None or not contents or _alike(was, canvas_size) or job.method != kept.job.method:
        return ()
    same = contents == kept.job.sources.get("content") and job.canvas_size == kept.job.canvas_size
    if not same or any(not spec.knob.live for spec in differing(kept.job.settings, job.settings)):
        return ()
    name = Path(contents[0].path).name
    return (
        f"{name} has another size than when this moment was kept. Its picture was {was.width:,} × {was.height:,} px "
        f"and is {canvas_size.width:,} × {canvas_size.height:,} px now, also in print; put the former image back for "
        "the same one.",
    )


def _alike(a: Size, b: Size) -> bool:
    return abs(a.height - b.height) <= _ALIKE * a.height and abs(a.width - b.width) <= _ALIKE * a.width
