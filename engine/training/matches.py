"""Measures style match and content match while it trains, a tile at a time within a small share of the time.

What they are is style/matches.py's.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.box import Size
from engine.device import is_out_of_memory
from engine.errors import OutOfMemoryError
from engine.images.read import read_image
from engine.images.sources import resampled
from engine.job import Job, SourceImage
from engine.method import Method
from engine.preview.tiles import view
from engine.preview.views import painter, tile_px
from engine.style.matches import StyleMatch, content_match, structure_match
from engine.training.beside import Beside, Work
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

    Args:
        known: those of the picture as it is already.
        beside: paints while steps go on; all is done between the steps without.

    Attributes:
        latest: by key of `declarations.MATCHES`; empty before the first measurement.
    """

    def __init__(
        self, method: Method, job: Job, known: dict[str, float] | None = None, beside: Beside | None = None
    ) -> None:
        self.latest: dict[str, float] = dict(known or {})
        self._method = method
        self._budget = Budget(SHARE, AT_ONCE_S)
        self._waited_s = EVERY_S
        self._targets = _Targets(job, with_content=any(slot.key == "content" for slot in method.slots))
        self._work: Generator[None, None, dict[str, float]] | None = None
        self._is_still = False
        """Whether what is measured is the picture of one step, which another thread may paint."""
        self._beside = beside
        self._under_way: Work[dict[str, float] | None] | None = None

    def advance(self, trained_s: float) -> bool:
        """Paints a tile, or compares what is painted, where the time for it was earned. True with a new result.

        Args:
            trained_s: seconds of training since the last call.

        Raises:
            BadImageError, OutOfMemoryError: nothing can be measured.
        """
        self._budget.earn(trained_s)
        self._waited_s += trained_s
        if self._under_way is not None:
            return self._under_way.done and self._arrived(self._under_way)
        if not self._budget.allows or (self._work is None and self._waited_s < EVERY_S):
            return False
        beside = self._beside if self._beside is not None and self._beside.works else None
        if beside is not None and not beside.is_free:
            return False
        started = time.perf_counter()
        if self._work is None:
            still = None if beside is None else self._method.still()
            self._work, self._waited_s = _measured(still or self._method, self._targets), 0.0
            self._is_still = still is not None
        work = self._work
        if beside is not None and self._is_still:
            self._under_way = beside.begin(lambda: _advanced(work))
            return False
        return self._take(_advanced(work), time.perf_counter() - started)

    def _arrived(self, work: Work[dict[str, float] | None]) -> bool:
        """What was done in the other thread; begun anew between the steps where there was no memory for both."""
        self._under_way = None
        try:
            return self._take(work.result(), work.seconds)
        except Exception as error:
            if self._beside is None or not (isinstance(error, OutOfMemoryError) or is_out_of_memory(error)):
                raise
        self._beside.rest()
        self._work, self._waited_s = None, EVERY_S
        return False

    def _take(self, found: dict[str, float] | None, seconds: float) -> bool:
        self._budget.spend(seconds)
        if found is not None:
            self._work, self.latest = None, found
        return found is not None


class _Targets:
    """What a picture is compared with, read when it is first asked for."""

    def __init__(self, job: Job, with_content: bool) -> None:
        self._job, self._with_content = job, with_content
        self._style: StyleMatch | None = None
        self._content: Tensor | None = None
        self.are_read = False

    def read(self) -> None:
        """Raises BadImageError."""
        styles = self._job.sources.get("style", ())
        every = -(-len(styles) // MOST_STYLES)
        factor = float(getattr(self._job.settings, "style_scale", 1.0))
        pictures = [_at_work(image, factor) for image in styles[::every]] if styles else []
        self._style = StyleMatch(pictures) if pictures else None
        if self._with_content:
            for image in self._job.sources.get("content", ())[:1]:
                self._content = read_image(Path(image.path), CONTENT_PX).pixels
        self.are_read = True

    def matches(self, picture: Tensor) -> dict[str, float]:
        """Those of a picture, uint8 [3, h, w], by key of `declarations.MATCHES`, from 0 to 100."""
        found: dict[str, float] = {}
        if self._style is not None:
            found["style_match"] = self._style.of(picture)
        if self._content is not None:
            found["content_match"] = content_match(picture, self._content)
            found["structure_match"] = structure_match(picture, self._content)
        return found


def _advanced(work: Generator[None, None, dict[str, float]]) -> dict[str, float] | None:
    """Goes on with a measurement; the matches, where that was all of it."""
    try:
        next(work)
    except StopIteration as finished:
        return finished.value
    return None


def _measured(method: Method, targets: _Targets) -> Generator[None, None, dict[str, float]]:
    """Stops after each tile, and returns the matches of the whole. Raises BadImageError, OutOfMemoryError.

    It knows nothing of the meter, which holds it: in a circle they would keep a method that is let go.
    """
    if not targets.are_read:
        targets.read()
        yield
    scale = min(1.0, (CANVAS_PX / method.canvas_size.area) ** 0.5)
    size = Size(*(max(1, int(side * scale)) for side in (method.canvas_size.height, method.canvas_size.width)))
    paint = painter(method, size, method.layers[0].key)
    picture = np.zeros((size.height, size.width, 3), np.uint8)
    for image, box in view(paint, size, size.box, size, tile_px(method.device, on_screen=True)):
        picture[box.top : box.bottom, box.left : box.right] = image
        yield
    return targets.matches(torch.from_numpy(picture).permute(2, 0, 1))


def _at_work(image: SourceImage, factor: float) -> Tensor:
    """A style image at the size at which it is learned, uint8 [3, h, w]."""
    picture = read_image(Path(image.path), READ_PX)
    return resampled(picture.pixels, factor * image.scale * picture.original.height / picture.pixels.shape[1])
