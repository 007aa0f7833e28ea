"""Measures style match and content match while it trains, a tile at a time within a small share of the time.

What they are is style/matches.py's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.box import Size
from engine.images.read import read_image
from engine.images.sources import resampled
from engine.job import Job, SourceImage
from engine.method import Method
from engine.preview.tiles import view
from engine.preview.views import painter, tile_px
from engine.style.matches import StyleMatch, content_match, structure_match
from engine.training.meters import Budget

SHARE = 0.05
"""Of the time."""
AT_ONCE_S = 3.0
"""Seconds that are there from the start, for the first measurement."""
EVERY_S = 3.0
"""Between two measurements."""
CANVAS_PX = 400_000
"""Pixels that are painted for one at most; a larger canvas is painted smaller."""
CONTENT_PX = 1_000_000
READ_PX = 16_000_000
MOST_STYLES = 24
"""Style images that are looked at: of more, every second or third."""


class MatchMeter:
    """The matches of one method's present picture. Call `advance` after each step.

    Attributes:
        latest: by key of `declarations.MATCHES`; empty before the first measurement.
    """

    def __init__(self, method: Method, job: Job, known: dict[str, float] | None = None) -> None:
        self.latest: dict[str, float] = dict(known or {})
        self._method, self._job = method, job
        self._budget = Budget(SHARE, AT_ONCE_S)
        self._waited_s = EVERY_S
        self._style: StyleMatch | None = None
        self._content: Tensor | None = None
        self._work: Iterator[None] | None = None
        self._read = False

    def advance(self, trained_s: float) -> bool:
        """Paints a tile, or compares what is painted, where the time for it was earned. True with a new result."""
        self._budget.earn(trained_s)
        self._waited_s += trained_s
        if not self._budget.allows or (self._work is None and self._waited_s < EVERY_S):
            return False
        started = time.perf_counter()
        if self._work is None:
            self._work, self._waited_s = self._measure(), 0.0
        finished = next(self._work, "finished") == "finished"
        if finished:
            self._work = None
        self._budget.spend(time.perf_counter() - started)
        return finished

    def _measure(self) -> Iterator[None]:
        """Stops after each tile. Raises BadImageError, OutOfMemoryError."""
        if not self._read:
            self._look_at_images()
            self._read = True
            yield
        method = self._method
        scale = min(1.0, (CANVAS_PX / method.canvas_size.area) ** 0.5)
        size = Size(*(max(1, int(side * scale)) for side in (method.canvas_size.height, method.canvas_size.width)))
        paint = painter(method, size, method.layers[0].key)
        picture = np.zeros((size.height, size.width, 3), np.uint8)
        for image, box in view(paint, size, size.box, size, tile_px(method.device, on_screen=True)):
            picture[box.top : box.bottom, box.left : box.right] = image
            yield
        pixels = torch.from_numpy(picture).permute(2, 0, 1)
        found: dict[str, float] = {}
        if self._style is not None:
            found["style_match"] = self._style.of(pixels)
        if self._content is not None:
            found["content_match"] = content_match(pixels, self._content)
            found["structure_match"] = structure_match(pixels, self._content)
        self.latest = found

    def _look_at_images(self) -> None:
        styles = self._job.sources.get("style", ())
        every = -(-len(styles) // MOST_STYLES)
        factor = float(getattr(self._job.settings, "style_scale", 1.0))
        pictures = [_at_work(image, factor) for image in styles[::every]] if styles else []
        self._style = StyleMatch(pictures) if pictures else None
        if any(slot.key == "content" for slot in self._method.slots):
            for image in self._job.sources.get("content", ())[:1]:
                self._content = read_image(Path(image.path), CONTENT_PX).pixels


def _at_work(image: SourceImage, factor: float) -> Tensor:
    """A style image at the size at which it is learned, uint8 [3, h, w]."""
    picture = read_image(Path(image.path), READ_PX)
    return resampled(picture.pixels, factor * image.scale * picture.original.height / picture.pixels.shape[1])
