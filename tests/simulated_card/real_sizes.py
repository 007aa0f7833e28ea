"""A step of each method at an artist's sizes: settings as they are, those of MAGIC as in its paper; images as large as
those of docs/figures.md.

For a card that does not compute: shapes alone are kept, and soon counted. Networks have few channels, since it takes
seconds to draw the weights of wide ones; they are told the same, whatever their width.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.job import Job
from engine.method import method_class
from engine.methods.magic.presets import PRESETS as MAGIC
from tests.engine.famos_jobs import picture
from tests.engine.generator_jobs import bands

_PAPER = next(dict(preset.values) for preset in MAGIC if preset.name == "Guided")
_THIN = {"generator_width": 8, "discriminator_width": 8, "precision": "bfloat16"}
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "FAMOS": ("famos", _THIN),
    "MAGIC guided": ("magic", _PAPER | _THIN),
    "MAGIC with inducing points": ("magic", _PAPER | _THIN | {"attention": "inducing"}),
    "texture network": ("texture", {}),
    "fast stylisation": ("stylize", {}),
    "fast doodle": ("doodle_net", {}),
    "neural style": ("neural_style", {"scales": 1}),
    "doodle": ("doodle", {"scales": 1}),
}
"""By the artist's words: the method, and what differs from its own settings."""


def job(name: str, folder: Path) -> Job:
    """The step of `STEPS` with this name, its images in `folder`."""
    method, differing = STEPS[name]
    images = {
        "style": picture(folder / "style.bmp", 800, 1700, 1),
        "content": picture(folder / "content.bmp", 1782, 1200, 2),
        "style_mask": bands(folder / "style_mask.bmp", 400, 850),
        "target_mask": bands(folder / "target_mask.bmp", 1782, 1200),
    }
    settings = method_class(method).Settings.of(differing)
    sources = {s.key: (images[s.key],) for s in method_class(method).slots if s.key in images}
    return Job(method=method, settings=settings, sources=sources)
