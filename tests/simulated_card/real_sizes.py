"""A job of each method whose step does as much as an artist's: as many pieces, layers, pictures and pixels' places.

Only channels and patches are fewer, of which the number of launches does not depend.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.job import Job
from engine.method import method_class
from tests.engine.famos_jobs import picture
from tests.engine.generator_jobs import bands

_NETWORKS = {"patch": 64, "width": 4, "filters": 6, "discriminator_width": 4}
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "FAMOS": ("famos", {"generator_width": 4, "discriminator_width": 4, "patch": 64, "precision": "bfloat16"}),
    "MAGIC guided": (
        "magic",
        {"generator_width": 4, "discriminator_width": 4, "patch": 64, "precision": "bfloat16"},
    ),
    "MAGIC with inducing points": (
        "magic",
        {
            "generator_width": 4,
            "discriminator_width": 4,
            "patch": 64,
            "precision": "bfloat16",
            "attention": "inducing",
        },
    ),
    "texture network": ("texture", _NETWORKS),
    "fast stylisation": ("stylize", _NETWORKS),
    "fast doodle": ("doodle_net", _NETWORKS),
    "neural style": ("neural_style", {"filters": 6, "scales": 1, "tile": 64}),
    "doodle": ("doodle", {"filters": 6, "scales": 1, "tile": 64}),
}
"""By the artist's words: the method, and what is smaller than its own settings."""


def job(name: str, folder: Path) -> Job:
    """The step of `STEPS` with this name, its images in `folder`."""
    method, smaller = STEPS[name]
    images = {
        "style": picture(folder / "style.png", 280, 300, 1),
        "content": picture(folder / "content.png", 160, 200, 2),
        "style_mask": bands(folder / "style_mask.png", 140, 150),
        "target_mask": bands(folder / "target_mask.png", 160, 200),
    }
    settings = method_class(method).Settings.of(smaller)
    return Job(method=method, settings=settings, sources={s.key: (images[s.key],) for s in method_class(method).slots})
