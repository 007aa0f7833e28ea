"""Jobs as the window handles them: begun, fitted to the first images, completed, and held against each other."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.errors import TesseraError
from engine.job import Job, SourceImage
from engine.method import method_class
from engine.settings import Settings, specs


def fresh_job(key: str, small: bool) -> Job:
    """An empty job of a method.

    Args:
        small: by the method's first preset for speed, as a slow device needs it.
    """
    method = method_class(key)
    speeds = [preset for preset in method.presets if preset.group == "speed"]
    settings = method.Settings.of(speeds[0].values if small and speeds else {})
    return complete_job(Job(method=key, settings=settings))


def fitted_job(job: Job, slot: str, untouched: Job) -> Job:
    """The job with settings that suit the first images of a slot, where the artist chose none yet.

    Args:
        untouched: has the settings of who has chosen none.
    """
    from engine.images.read import image_size  # loads torch, which the window is shown before

    method = method_class(job.method)
    sizes = []
    for image in job.sources[slot]:
        with suppress(TesseraError):  # the thumbnail says what is wrong with the file
            sizes.append(image_size(Path(image.path)))
    values = method.fitting({slot: sizes}) if sizes else {}
    values = {n: v for n, v in values.items() if getattr(job.settings, n) == getattr(untouched.settings, n)}
    return job.model_copy(update={"settings": job.settings.with_values(values)}) if values else job


def complete_job(job: Job) -> Job:
    """The job with every setting named, so that its file means the same whatever later defaults are."""
    return job.model_copy(update={"settings": job.settings.with_values(dict(job.settings))})


def live_values(settings: Settings) -> dict[str, Any]:
    """The values that a session takes over between two steps."""
    return {s.name: getattr(settings, s.name) for s in specs(type(settings)) if s.knob.live}


def needs_load(a: Job, b: Job) -> bool:
    """Whether two jobs differ in more than live settings."""
    if (a.method, a.canvas_size, a.seed, a.pieces) != (b.method, b.canvas_size, b.seed, b.pieces):
        return True
    if _used(a) != _used(b):
        return True
    return a.settings.needs_rebuild(b.settings)


def _used(job: Job) -> dict[str, tuple[SourceImage, ...]]:
    """The images of the slots that the job's method has."""
    return {slot.key: job.sources.get(slot.key, ()) for slot in method_class(job.method).slots}
