"""Prints of a method's pictures in all ways of painting, for the tests of FAMOS' and MAGIC's renderers."""

from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.method import Method
from engine.options import RenderMode
from tests.engine.famos_jobs import picture

CANVAS = Size(96, 120)
WAYS = ("repeat", "originals", "beyond", "smaller", "both", "frame", "all")


def ways(folder: Path) -> dict[str, RenderMode]:
    """A way of painting for each of `WAYS`; the image of a frame is written into a folder."""
    frame = picture(folder / "frame.png", 50, 66, 9)
    return {
        "repeat": RenderMode(repeat=True),
        "originals": RenderMode(originals=1.7),
        "beyond": RenderMode(originals=2.5),
        "smaller": RenderMode(originals=0.9),
        "both": RenderMode(repeat=True, originals=2.0),
        "frame": RenderMode(frame=frame.path, tones=frame.path),
        "all": RenderMode(repeat=True, originals=1.5, frame=frame.path),
    }


def artwork(method: Method, render_mode: RenderMode, canvas_size: Size = CANVAS, layer: str = "result") -> Artwork:
    """A layer as a way of painting has it."""
    return Artwork(method.renderer(render_mode), canvas_size, layer)


def at(field: Artwork, box: Box) -> Tensor:
    """What lies in a box, [3, h, w], without gradients."""
    with torch.no_grad():
        return field.at(box)
