"""Another method's picture in place of one that has not learned yet: there at once, until the own one is better.

Only what is looked at, and printed, is the other's; what learns, and what is kept, is the present method's.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.box import Size
from engine.device import Device, is_out_of_memory
from engine.errors import TesseraError
from engine.job import Job
from engine.method import Method, method_class
from engine.settings import specs

SHOWN_LAYERS = ("result", "collage")
"""What the other one may show; all other layers tell of the method itself."""
MOST_STEPS = 1500
"""From then on the own picture is shown in any case."""
LEAST_STEPS = 700
"""Before, all pieces lie over one another like a fog, whose tones and colours match as well as those of clean cuts."""
LEAST_CONTENT, LEAST_STYLE = 60.0, 40.0
"""Content match and style match from which on the own picture is worth showing then."""
_SHARED = ("guidance", "tone_matching", "color_matching", "style_scale", "content_scale", "tiling", "set_seed")
"""Settings that mean the same in both, whatever else is called alike."""


def stand_in_job(job: Job, canvas_size: Size | None = None) -> Job | None:
    """The job whose picture stands in for that of `job`; None where no method does, or has a picture at once.

    Args:
        canvas_size: of the method's own picture.
    """
    method = method_class(job.method)
    if not method.stand_in:
        return None
    other = method_class(method.stand_in)
    known = {spec.name for spec in specs(other.Settings)}
    values = {name: getattr(job.settings, name) for name in _SHARED if name in known and hasattr(job.settings, name)}
    settings, slots = other.Settings.of(values), {slot.key for slot in other.slots}
    if not other.is_instant(settings):
        return None
    sources = {slot: images for slot, images in job.sources.items() if slot in slots}
    changes = {"method": other.key, "settings": settings, "sources": sources}
    return job.model_copy(update=changes | {"canvas_size": canvas_size or job.canvas_size})


class StandIn:
    """Which method's picture a session shows. It is built when it is looked at.

    Attributes:
        title: of the method that stands in; empty where none does.
        job: its job, once it was looked at.
    """

    def __init__(self, device: Device) -> None:
        self.title = ""
        self.job: Job | None = None
        self._device = device
        self._method: Method | None = None

    def begin(self, job: Job) -> None:
        """A method that has learned nothing is to be shown."""
        self._method = None
        other = stand_in_job(job)
        self.title = "" if other is None else method_class(other.method).title

    def end(self) -> None:
        """From now on the own picture is shown."""
        self._method, self.title = None, ""

    def let_go(self) -> None:
        """Holds no method any more, until one is looked at."""
        self._method = None

    def is_over(self, step: int, measures: Mapping[str, float]) -> bool:
        """Whether the own picture is worth showing: by its matches, see `declarations.MATCHES`, or by its steps.

        Matches alone do not see whether pieces are cut clean, so the first steps do not count; what is not measured
        waits for `MOST_STEPS`.
        """
        good = measures.get("content_match", 0.0) >= LEAST_CONTENT and measures.get("style_match", 0.0) >= LEAST_STYLE
        return bool(self.title) and ((good and step >= LEAST_STEPS) or step >= MOST_STEPS)

    def instead_of(self, method: Method, job: Job, layer: str = SHOWN_LAYERS[0]) -> Method:
        """What is shown for a layer: the method that stands in, or `method` itself."""
        if not self.title or layer not in SHOWN_LAYERS:
            return method
        wanted = stand_in_job(job, method.canvas_size)
        if wanted is None:
            return method
        before, self.job = self.job, wanted
        if self._method is not None and before is not None:
            other_images = wanted.model_copy(update={"settings": before.settings}) != before
            if other_images or before.settings.needs_rebuild(wanted.settings):
                self._method = None
            else:
                self._method.settings = wanted.settings
        if self._method is None:
            try:
                self._method = method_class(wanted.method)(wanted, self._device.torch)
            except Exception as error:
                if not isinstance(error, TesseraError) and not is_out_of_memory(error):
                    raise
                self.end()
                return method
        return self._method
