"""What `benchmarks.device` measures: steps, pictures and prints, at a card's sizes, at a processor's, and tiny."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common import PEER_SIZES, made_picture
from engine.box import Size
from engine.job import Job, SourceImage
from engine.method import method_class
from engine.method_choices import preset_values

_TINY_NETWORK: dict[str, Any] = {
    "generator_width": 4,
    "discriminator_width": 4,
    "depth": 2,
    "discriminator_depth": 2,
    "patch": 32,
    "batch": 1,
}
_CONTENT, _STYLE = Size(1760, 1184), Size(800, 1700)


@dataclass(frozen=True)
class Case:
    """A method at a size.

    Args:
        title: as the table names it.
        method: its key.
        presets, values: settings; the values go over the presets.
        steps: that are timed.
        content: height and width of the content, and of the canvas, in pixels.
        style: the same of both style images.
    """

    title: str
    method: str
    presets: tuple[str, ...] = ()
    values: Mapping[str, Any] | None = None
    steps: int = 20
    content: Size = _CONTENT
    style: Size = _STYLE

    def job(self, folder: Path, canvas_size: Size | None = None) -> Job:
        """A job whose images are made in `folder`."""
        cls = method_class(self.method)
        settings = cls.Settings.of(preset_values(cls, list(self.presets)) | dict(self.values or {}))
        images = {
            "style": [made_picture(folder / f"style-{n}.png", *_sides(self.style), seed=n) for n in range(2)],
            "content": [made_picture(folder / "content.png", *_sides(self.content), seed=9)],
            "style_mask": [_made_mask(folder / "style_mask.png", self.style)],
            "target_mask": [_made_mask(folder / "target_mask.png", self.content)],
        }
        if cls.key in ("doodle", "doodle_net"):  # a mask for each style
            images["style"] = images["style"][:1]
        known = {slot.key for slot in cls.slots}
        sources = {
            slot: tuple(SourceImage(path=str(path.absolute())) for path in paths)
            for slot, paths in images.items()
            if slot in known
        }
        return Job(method=cls.key, settings=settings, sources=sources, seed=7, canvas_size=canvas_size)


@dataclass(frozen=True)
class Sizes:
    """All that is measured.

    Args:
        steps: by name.
        live: a collage as it comes, whose pictures are counted while a slider moves, and while it learns.
        live_pictures, live_steps: how many pictures, and how many steps it learns.
        painted: tiles of a method as they are painted, by name.
        tiles: how many of each are timed.
        canvas: what is painted to a canvas file and from there to a PNG.
        megapixels: of it.
        mixed: batch, templates and side in pixels of a mixture that is timed by itself.
    """

    steps: Mapping[str, Case]
    live: Case
    live_pictures: int
    live_steps: int
    painted: Mapping[str, Case]
    tiles: int
    canvas: Case
    megapixels: float
    mixed: tuple[int, int, int]


CAPTURED = ("famos", "magic")
"""Methods whose steps can be CUDA graphs."""
_PEER = {name: value for name, value in PEER_SIZES.items() if name not in ("adversarial", "precision")}
_PRINT = Case("FAMOS, N 100, ngf 32", "famos", ("Standard",), {"templates": 100, "generator_width": 32})
_ONE_SIZE = {"scales": 1}
_SMALL = Size(384, 512)

CARD = Sizes(
    steps={
        "famos-hinge": Case("FAMOS, N 80, hinge", "famos", (), _PEER | {"adversarial": "hinge"}, 60),
        "famos-wgan": Case("FAMOS, N 80, WGAN-GP", "famos", (), _PEER | {"adversarial": "wgan_gp"}, 60),
        "famos-float32": Case(
            "FAMOS, N 80, WGAN-GP, float32",
            "famos",
            (),
            _PEER | {"adversarial": "wgan_gp", "precision": "float32"},
            30,
        ),
        "famos-draft": Case("FAMOS Draft", "famos", ("Draft",), None, 100),
        "magic-guided": Case("MAGIC Guided, sets of 50", "magic", ("Guided",), None, 20),
        "magic-draft": Case("MAGIC Draft", "magic", ("Draft",), None, 60),
        "texture": Case("texture network", "texture", ("Standard",), None, 30),
        "stylize": Case("fast stylisation", "stylize", ("Standard",), None, 30),
        "doodle_net": Case("fast doodle", "doodle_net", ("Standard",), None, 30),
        "neural_style": Case("neural style, 1184 x 1760 px", "neural_style", (), _ONE_SIZE, 30),
        "doodle": Case("doodle, 1184 x 1760 px", "doodle", (), _ONE_SIZE, 30),
    },
    live=Case("MAGIC as it comes", "magic"),
    live_pictures=20,
    live_steps=600,
    painted={"famos": _PRINT, "magic": Case("MAGIC as it comes", "magic")},
    tiles=30,
    canvas=_PRINT,
    megapixels=150.0,
    mixed=(8, 80, 160),
)
"""The sizes of docs/figures.md."""

_STEPS = {
    "famos-hinge": Case("FAMOS, N 80, hinge", "famos", (), _PEER | {"adversarial": "hinge"}, 2),
    "famos-float32": Case(
        "FAMOS, N 80, WGAN-GP, float32", "famos", (), _PEER | {"adversarial": "wgan_gp", "precision": "float32"}, 1
    ),
    "famos-draft": Case("FAMOS Draft", "famos", ("Draft",), None, 30),
    "magic-draft": Case("MAGIC Draft", "magic", ("Draft",), None, 20),
    "texture": Case("texture network Draft", "texture", ("Draft",), None, 3, _SMALL, _SMALL),
    "stylize": Case("fast stylisation Draft", "stylize", ("Draft",), None, 3, _SMALL, _SMALL),
    "doodle_net": Case("fast doodle Draft", "doodle_net", ("Draft",), None, 3, _SMALL, _SMALL),
    "neural_style": Case("neural style, 512 x 384 px", "neural_style", (), _ONE_SIZE, 2, _SMALL, _SMALL),
    "doodle": Case("doodle, 512 x 384 px", "doodle", (), _ONE_SIZE, 2, _SMALL, _SMALL),
}
PROCESSOR = Sizes(
    steps=_STEPS,
    live=Case("MAGIC as it comes", "magic", content=Size(900, 600)),
    live_pictures=2,
    live_steps=40,
    painted={"famos": _PRINT, "magic": Case("MAGIC as it comes", "magic")},
    tiles=2,
    canvas=_PRINT,
    megapixels=2.0,
    mixed=(2, 24, 96),
)
"""What two cores do in less than two minutes."""

_NARROW = {"patch": 32, "batch": 1, "filters": 4, "levels": 2, "width": 2}
_TINY_SIZE = Size(70, 90)


def _tiny(method: str, values: Mapping[str, Any]) -> Case:
    return Case(f"{method}, tiny", method, (), values, 1, _TINY_SIZE, Size(80, 96))


_FAMOS = _tiny("famos", _TINY_NETWORK | {"templates": 5})
_MAGIC = _tiny("magic", _TINY_NETWORK | {"set_size": 4, "heads": 2})
TINY = Sizes(
    steps={
        "famos": _FAMOS,
        "magic": _MAGIC,
        "texture": _tiny("texture", _NARROW | {"scales": 3}),
        "stylize": _tiny("stylize", _NARROW | {"blocks": 1}),
        "doodle_net": _tiny("doodle_net", _NARROW | {"scales": 3}),
        "neural_style": _tiny("neural_style", {"filters": 4, "levels": 2, "scales": 1}),
        "doodle": _tiny("doodle", {"filters": 4, "levels": 2, "scales": 1}),
    },
    live=_MAGIC,
    live_pictures=2,
    live_steps=4,
    painted={"famos": _FAMOS},
    tiles=1,
    canvas=_FAMOS,
    megapixels=0.02,
    mixed=(1, 3, 16),
)
"""All of it, for tests: no figure of these says anything."""

SIZES: dict[str, Sizes] = {"card": CARD, "processor": PROCESSOR, "tiny": TINY}


def _sides(size: Size) -> tuple[int, int]:
    return size.height, size.width


def _made_mask(path: Path, size: Size, regions: int = 3) -> Path:
    """Slanted bands in plain colours, a quarter of the size."""
    height, width = size.height // 4, size.width // 4
    rows, columns = np.mgrid[:height, :width]
    labels = ((rows + 0.4 * columns) * regions / (height + 0.4 * width)).astype(int) % regions
    colors = np.array([[200, 30, 30], [30, 160, 30], [30, 30, 200]], np.uint8)
    Image.fromarray(colors[labels]).save(path)
    return path
