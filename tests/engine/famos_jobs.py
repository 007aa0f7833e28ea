"""Small FAMOS jobs on images that are made here."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.job import Job, SourceImage
from engine.methods.famos.settings import FamosSettings

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
OPTIONS: dict[str, tuple[Any, ...]] = {
    "mode": ("blend", "paint", "copy"),
    "blend": ("convex", "separate", "additive"),
    "adversarial": ("hinge", "wgan_gp", "dcgan", "lsgan"),
    "correspondence": ("pool8", "pool4", "pool16", "blur", "learned", "features"),
    "learned_after": ("pool8", "nothing", "blur", "pool16", "grey"),
    "balance_over": ("patches", "canvas"),
    "norm": ("layer", "batch", "none"),
    "kernel": ("5", "3", "7"),
    "discriminator_norm": ("none", "layer", "instance"),
    "tiling": ("mirror", "wrap"),
    "crops": ("same", "apart"),
    "noise_at": ("bottleneck", "input"),
    "global_noise": (2, 0),
    "local_noise": (2, 0),
    "periodic_noise": (0, 3),
    "mix_scales": (False, True),
    "residual_blocks": (0, 1),
    "refine": (False, True),
    "bottleneck": (0, 6),
    "skips": (True, False),
    "depth": (2, 3),
    "precision": ("float32", "bfloat16"),
    "discriminator_steps": (1, 2),
    "tone_matching": (True, False),
    "smoothing_px": (1.5, 0.0, 4.0),
}
"""What changes the graph of a step or of a picture."""


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
        "settings": FamosSettings.of(TINY | (settings or {})),
        "sources": {"style": style, "content": content},
    }
    return Job(method="famos", **(values | changes))
