"""Small jobs of the methods that optimise pixels, and a tiny VGG-19 with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.job import Job, SourceImage
from engine.methods.optimised.doodle import DoodleSettings
from engine.methods.optimised.neural_style import NeuralStyleSettings
from engine.style.perceptual import Perceptual
from engine.style.vgg import Vgg19
from tests.engine.famos_jobs import picture

TINY: dict[str, Any] = {"filters": 6, "levels": 2, "scales": 2, "steps_per_scale": 2}


def style_job(folder: Path, settings: dict[str, Any] | None = None, **changes: Any) -> Job:
    """Two styles and a content of odd sizes."""
    style = (picture(folder / "a.png", 70, 91, 1), picture(folder / "b.png", 83, 66, 2))
    content = (picture(folder / "c.png", 77, 101, 3),)
    values: dict[str, Any] = {
        "method": "neural_style",
        "settings": NeuralStyleSettings.of(TINY | (settings or {})),
        "sources": {"style": style, "content": content},
    }
    return Job(**(values | changes))


def plain_mask(path: Path, height: int, width: int, colors: list[tuple[int, int, int]], slope: float) -> SourceImage:
    """Stripes of colours, leaning by `slope` px a row."""
    rows, columns = np.mgrid[:height, :width]
    index = ((columns + slope * rows) / (width + slope * height) * len(colors)).astype(int)
    Image.fromarray(np.array(colors, np.uint8)[index]).save(path)
    return SourceImage(path=str(path))


RED, GREEN, BLUE = (250, 10, 0), (0, 240, 20), (20, 0, 250)


def doodle_job(folder: Path, settings: dict[str, Any] | None = None, content: bool = False, **changes: Any) -> Job:
    """A style that is dark on the left and light on the right, its mask of another size, and a target of a third."""
    random = np.random.default_rng(5)
    pixels = random.integers(0, 90, (72, 90, 3))
    pixels[:, 45:] += 150
    Image.fromarray(pixels.astype(np.uint8)).save(folder / "style.png")
    sources = {
        "style": (SourceImage(path=str(folder / "style.png")),),
        "style_mask": (plain_mask(folder / "style_mask.png", 36, 46, [RED, GREEN], 0.0),),
        "target_mask": (plain_mask(folder / "target_mask.png", 80, 70, [GREEN, RED], 0.4),),
    }
    if content:
        sources["content"] = (picture(folder / "content.png", 90, 80, 3),)
    values: dict[str, Any] = {
        "method": "doodle",
        "settings": DoodleSettings.of(TINY | (settings or {})),
        "sources": sources,
    }
    return Job(**(values | changes))


def tiny_vgg(pooling: str = "average", padding: str = "replicate") -> Vgg19:
    """VGG-19 with a few channels and random weights, always the same."""
    network = Vgg19(pooling, padding, widths=(3, 4, 4, 5, 5))  # type: ignore[arg-type]
    random = torch.Generator().manual_seed(3)
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=random) * (0.3 if parameter.dim() > 1 else 0.1))
    return network


def open_tiny(kind: str, **options: Any) -> Perceptual:
    """In place of `open_network`: `vgg19` is the tiny one."""
    from engine.style.networks import open_network

    if kind == "vgg19":
        return tiny_vgg(options["pooling"], options["padding"])
    return open_network(kind, **options)  # type: ignore[arg-type]
