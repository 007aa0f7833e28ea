"""Small MAGIC jobs on images that are made here."""

from pathlib import Path
from typing import Any

from engine.job import Job
from engine.methods.magic.settings import MagicSettings
from tests.engine.famos_jobs import picture

TINY: dict[str, Any] = {
    "set_size": 5,
    "generator_width": 4,
    "discriminator_width": 4,
    "heads": 2,
    "depth": 2,
    "discriminator_depth": 2,
    "patch": 32,
    "batch": 2,
    "points": 2,
    "precision": "float32",
}


def job(folder: Path, settings: dict[str, Any] | None = None, **changes: Any) -> Job:
    """Two styles and a content of odd sizes, in `folder`."""
    style = (picture(folder / "a.png", 70, 91, 1), picture(folder / "b.png", 83, 66, 2))
    content = (picture(folder / "c.png", 77, 101, 3),)
    values: dict[str, Any] = {
        "method": "magic",
        "settings": MagicSettings.of(TINY | (settings or {})),
        "sources": {"style": style, "content": content},
    }
    return Job(**(values | changes))
