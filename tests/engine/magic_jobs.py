"""Small MAGIC jobs on images that are made here."""

from pathlib import Path
from typing import Any

import torch

from engine.job import Job
from engine.methods.magic.method import Magic
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
ROUNDING = 4e-5
"""A hundredth of a level of 255. Sums of other shapes are added in another order, which a sharp softmax makes larger:
1e-5 on Intel's processors, 1.8e-5 on AMD's. A halo that is one step too small is off by more than a level."""
OPTIONS: dict[str, tuple[Any, ...]] = {
    "guidance": ("guided", "unguided"),
    "adversarial": ("hinge", "wgan_gp", "dcgan", "lsgan"),
    "correspondence": ("pool8", "pool4", "pool16", "blur"),
    "norm": ("layer", "instance", "none"),
    "kernel": ("5", "3", "7"),
    "discriminator_norm": ("none", "layer", "instance"),
    "tiling": ("mirror", "wrap"),
    "placement": ("anywhere", "aligned", "middle"),
    "warp": ("none", "affine", "flow"),
    "set_size_least": (0, 2),
    "show_size": (0, 7),
    "between": (0.0, 0.3),
    "between_by": ("mixed", "pieces"),
    "full_size": (False, True),
    "attention": ("full", "inducing"),
    "attention_from": (2, 1),
    "heads": (2, 1),
    "refine": (True, False),
    "refiner_paints": ("change", "picture"),
    "refiner_norm": ("same", "layer"),
    "checkpointing": (False, True),
    "depth": (2, 3),
    "precision": ("float32", "bfloat16"),
    "discriminator_steps": (1, 2),
    "tone_matching": (True, False),
}
"""What changes the graph of a step or of a picture."""


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


def as_it_comes(folder: Path, settings: dict[str, Any] | None = None) -> Job:
    """At the sizes of the network that comes along."""
    style, content = picture(folder / "a.png", 130, 151, 1), picture(folder / "c.png", 117, 141, 3)
    sources = {"style": (style,), "content": (content,)}
    return Job(method="magic", settings=MagicSettings.of(settings or {}), sources=sources)


def alive(method: Magic, factor: float = 20.0) -> Magic:
    """Logits that decide: fresh weights are so small that every choice is a tie."""
    with torch.no_grad():
        for network in (method.generator, method.average):
            network.st_unet.last.weight.mul_(factor)
    return method
