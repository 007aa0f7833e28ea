"""Where the artist wants which style, and how much of it, for methods that paint in the strokes of style images.

The slots of the maps are in map_slots.py, the maps themselves in images/maps.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.box import Size
from engine.images import maps
from engine.images.maps import RegionMap
from engine.images.sources import ContentField, Source
from engine.job import Job
from engine.methods.directed import Plane, read_maps, without_maps
from engine.methods.map_slots import STRENGTH_MAP, STYLE_MAP_SLOTS

_WHOLE_FROM = 0.5
"""From black, the power from which on nothing of the content shines through: a tenth to a third of the setting."""


@dataclass(frozen=True)
class StyleDirections:
    """What a job's maps say.

    Args:
        regions: those that are painted differently, with the style images of each; None where all are painted alike.
        strength: powers of `maps.STRONGEST`, float32 [1, H, W]; None where it is the same everywhere.
    """

    regions: RegionMap | None = None
    strength: Tensor | None = None

    @property
    def allowed(self) -> Tensor | None:
        """Which of the S style images each region is painted like, bool [R, S]; None where all are painted alike."""
        return None if self.regions is None else self.regions.allowed

    @property
    def strengthens(self) -> bool:
        """Whether the style is stronger anywhere than the settings say."""
        return self.strength is not None and float(self.strength.max()) > 0

    def same_styles(self, other: StyleDirections) -> bool:
        """Whether there are regions of the same styles, wherever they lie."""
        ours, theirs = self.allowed, other.allowed
        return ours is theirs or (ours is not None and theirs is not None and torch.equal(ours, theirs))

    def powers(self, canvas_size: Size, device: torch.device) -> Plane | None:
        """The map of strength as a field, [1, h, w] of any box."""
        return None if self.strength is None else ContentField(self.strength, canvas_size, device).at


def style_directions(job: Job, styles: Sequence[Source], canvas_size: Size, said: list[str]) -> StyleDirections:
    """A job's maps, see `read_maps`."""
    regions, amounts = read_maps(job, STYLE_MAP_SLOTS, styles, canvas_size, said)
    return StyleDirections(None if regions is None else merged(regions), amounts.get(STRENGTH_MAP))


def merged(regions: RegionMap) -> RegionMap | None:
    """Regions of the same styles as one; None where all of them have all styles."""
    allowed, index = regions.allowed.unique(dim=0, return_inverse=True)  # [R, S]
    if bool(allowed.all()):
        return None
    first = torch.stack([(index == region).nonzero()[0, 0] for region in range(len(allowed))])
    return RegionMap(index.to(torch.uint8)[regions.labels.long()], regions.palette[first], allowed)


def unmapped(job: Job) -> Job:
    """A job without what its maps and settings say."""
    return without_maps(job, STYLE_MAP_SLOTS)


def styled_share(powers: Tensor) -> Tensor:
    """How much of the picture is the stylised one, by a map of strength: 0 where it is black, 1 from dark grey on."""
    return ((1 + powers) / _WHOLE_FROM).clamp(0, 1)


def style_times(powers: Tensor) -> Tensor:
    """How many times as much as the settings say the style weighs; not at all where the map is black."""
    return maps.STRONGEST**powers * styled_share(powers)
