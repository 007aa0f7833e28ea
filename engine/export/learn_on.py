"""Learning on at the canvas of a print: a network that knows where its pieces lie then lays more of them there."""

from __future__ import annotations

import math

from engine.box import Size
from engine.errors import BadSettingError
from engine.export.print_sizes import print_scale
from engine.job import Job

_SCALE = "content_scale"
_STEPS = 300
"""For a canvas as large as the trained one; more by as much as there are more places to practise on."""


def job_for(job: Job, trained: Size, size: Size) -> Job | None:
    """The same job on a canvas as large as a print; None where no canvas can be so.

    Args:
        trained: the canvas that was learned on; where the print has another shape, it is cut out of the middle.
    """
    factor = print_scale(size, trained)
    scale = getattr(job.settings, _SCALE, None)
    if scale is None:
        return None
    try:
        if job.canvas_size is not None:
            sides = (round(side * factor) for side in (trained.height, trained.width))
            return Job(**{**dict(job), "canvas_size": Size(*sides)})
        return job.model_copy(update={"settings": job.settings.with_values({_SCALE: scale * factor})})
    except (BadSettingError, ValueError):
        return None


def steps_for(trained: Size, size: Size) -> int:
    """How many steps it takes, about, until the pieces have found their places on the larger canvas."""
    return math.ceil(_STEPS * max(1.0, print_scale(size, trained) ** 2))
