"""How large the pieces may be for these very images: as large as leaves the content readable, as the picture shows.

Nothing is learned for it. The picture as it comes is measured by its structure match, then some others nearby; what
the network decided is kept meanwhile, so that another *Keep pieces whole* costs a fraction of a picture. How many
points were decided by eye, see docs/instant.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import torch

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.images.sources import Source
from engine.methods.magic.renderer import Painted, layers_of
from engine.methods.magic.settings import MagicSettings
from engine.renderer import Layers, RendererAround
from engine.settings import specs
from engine.style.matches import structure_match

KNOBS = frozenset(("content_weight", "smoothing_px"))
READABLE = 80.0
"""Structure match, 0..100, below which the picture is drawn closer to the content."""
ROOMY = 90.0
"""Structure match that larger pieces have to leave: thin lines go long before the figure tells."""
_LARGER: tuple[dict[str, float], ...] = ({"smoothing_px": 2.0}, {"smoothing_px": 2.5})
"""The last is as far as faces are kept."""
_CLOSER: tuple[dict[str, float], ...] = (
    {"smoothing_px": 1.0},
    {"smoothing_px": 1.0, "content_weight": 100.0},
    {"smoothing_px": 0.8, "content_weight": 250.0},
)
_LARGEST_CANVAS_PX = 2_000_000
"""Larger canvases are left as they come: to measure them would take longer than one waits for a picture."""


def fitted(method: Painted, canvas_size: Size, content: Source, free: Collection[str]) -> dict[str, Any]:
    """Values of the free ones of `KNOBS` with which the pieces are as large as leaves the content readable.

    All are as they come where that is best, or nothing better is found.

    Args:
        method: its settings are others meanwhile, and as before afterwards.
        content: as the artist gave it.
        free: settings that the artist has not chosen. Where *Content* is not among them, pieces are never made smaller;
            where *Keep pieces whole* is not, there is nothing to choose.

    Raises:
        InterruptedPainting: see `giving_way`.
        OutOfMemoryError: the device can not paint even a small box.
    """
    if "smoothing_px" not in free or canvas_size.area > _LARGEST_CANVAS_PX:
        return {}
    plain = {spec.name: spec.default for spec in specs(MagicSettings) if spec.name in KNOBS & set(free)}
    before = method.settings

    def structure(values: dict[str, Any]) -> float:
        method.settings = before.with_values(values)
        try:
            with torch.no_grad():
                picture = Artwork(_Uncounted(method), canvas_size).at(canvas_size.box)
        finally:
            method.settings = before
        pixels = torch.from_numpy(to_uint8(picture)).permute(2, 0, 1)
        return structure_match(pixels, content.pixels)

    best, most = plain, structure(plain)
    if most >= ROOMY:
        for other in _LARGER:
            if structure(plain | other) < ROOMY:
                break
            best = plain | other
    elif most < READABLE and plain.keys() == KNOBS:
        for other in _CLOSER:
            if (reached := structure(plain | other)) > most:
                best, most = plain | other, reached
            if reached >= READABLE:
                break
    return best


class _Uncounted(RendererAround):
    """The picture of a method, which no list of its pieces is told of."""

    def __init__(self, method: Painted) -> None:
        super().__init__(method)
        self._method = method

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        scene = replace(self._method.scene(canvas_size), counted=False)
        return layers_of(self._method.painting(box, scene), self._method.repaint_reach, box)
