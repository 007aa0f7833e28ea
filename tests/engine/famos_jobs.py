"""Small FAMOS jobs on images that are made here."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.job import Job, SourceImage

TINY: dict[str, Any] = {
    "templates": 5,
    "generator_width": 4,
    "discriminator_width": 4,
    "depth": 2,
    "discriminator_depth": 2,
    "patch": 32,
    "batch": 2,
    "global_noise": 2,
    "local_noise": 2,
    "precision": "float32",
}


def picture(path: Path, height: int, width: int, seed: int) -> SourceImage:
    """Coarse and fine random blocks, so that crops differ everywhere."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 160, (-(-height // 8), -(-width // 8), 3)).repeat(8, 0).repeat(8, 1)
    fine = random.integers(0, 96, (height, width, 3))
    Image.fromarray((coarse[:height, :width] + fine).astype(np.uint8)).save(path)
    return SourceImage(path=str(path))


def job(folder: Path, settings: dict[str, Any] | None = None, **changes: Any) -> Job:
    """Two styles and a content of odd sizes, in `folder`."""
    style = (picture(folder / "a.png", 70, 91, 1), picture(folder / "b.png", 83, 66, 2))
    content = (picture(folder / "c.png", 77, 101, 3),)
    values: dict[str, Any] = {
        "method": "famos",
        "settings": TINY | (settings or {}),
        "sources": {"style": style, "content": content},
    }
    return Job(**(values | changes))
