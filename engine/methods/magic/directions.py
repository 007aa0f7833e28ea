"""Where the artist wants what, for MAGIC: pieces by region, and maps of how much content and how large the pieces.

Regions act on what the generator decided. How much is told to the network, which knows a few values at a time: between
them its decisions are blended, place by place. In the loss each term is the mean of its map times its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadImageError
from engine.images import maps
from engine.images.maps import RegionMap
from engine.images.sources import ContentField, Source
from engine.job import Job, PieceChoices
from engine.methods.magic.conditions import RANGES
from engine.methods.magic.settings import MagicSettings
from engine.methods.magic.slots import CONTENT_MAP, PIECES_MAP, SIZE_MAP

Plane = Callable[[Box], Tensor]
_SETTING = {CONTENT_MAP: "content_weight", SIZE_MAP: "variation_weight"}
"""What a map of amounts multiplies."""
SLOTS = (PIECES_MAP, *_SETTING)
_LEAST_STEP = 0.02
"""Powers of `maps.STRONGEST` that are worth asking the network for."""


@dataclass(frozen=True)
class Fields:
    """The maps on one canvas.

    Args:
        regions: shares of the regions, [R, h, w] of any box.
        amounts: powers of `maps.STRONGEST` by setting, [1, h, w] of any box.
    """

    regions: Plane | None = None
    amounts: Mapping[str, Plane] = field(default_factory=dict)

    def changed(self, change: Callable[[Plane], Plane]) -> Fields:
        """The same, each plane changed alike: closed, for repeats."""
        regions = None if self.regions is None else change(self.regions)
        return Fields(regions, {name: change(plane) for name, plane in self.amounts.items()})


@dataclass(frozen=True)
class Directions:
    """What a job's maps say.

    Args:
        pieces: None where all images may lie anywhere.
        amounts: powers of `maps.STRONGEST` by setting, float32 [1, H, W].
    """

    pieces: RegionMap | None
    amounts: Mapping[str, Tensor]

    def on(self, canvas_size: Size, device: torch.device) -> Fields:
        """Them as fields of a canvas."""
        regions = None if self.pieces is None else self.pieces.field(canvas_size, device).at
        amounts = {name: ContentField(plane, canvas_size, device).at for name, plane in self.amounts.items()}
        return Fields(regions, amounts)

    def draws_as(self, other: Directions) -> bool:
        """Whether sets are drawn alike: then decisions that were made of them stay."""
        ours, theirs = self.groups, other.groups
        return ours is theirs or (ours is not None and theirs is not None and torch.equal(ours, theirs))

    @property
    def groups(self) -> Tensor | None:
        """bool [G, S], images of which a set needs elements; None where all may lie everywhere."""
        groups = None if self.pieces is None else self.pieces.groups
        return None if groups is None or bool(groups.all()) else groups


def directions(job: Job, styles: Sequence[Source], canvas_size: Size, said: list[str]) -> Directions:
    """Reads a job's maps; one that can not be read is named in `said` and left out.

    Raises:
        BadSettingError: no image may lie anywhere.
    """
    pieces, amounts = None, {}
    for slot in SLOTS:
        for image in job.sources.get(slot, ()):
            path, size = Path(image.path), None
            try:
                if slot == PIECES_MAP:
                    pieces = maps.read_regions(path, [style.image for style in styles], said)
                    size = Size(*pieces.labels.shape)
                else:
                    amount = amounts[_SETTING[slot]] = maps.read_amount(path)
                    size = Size(*amount.shape[1:])
            except BadImageError as error:
                said.append(maps.missing(error))
            if size is not None and (shape := maps.told_shape(path, size, canvas_size)):
                said.append(shape)
    return Directions(pieces, amounts)


def parts(amounts: Mapping[str, Tensor], settings: MagicSettings) -> Iterator[tuple[str, float, Tensor]]:
    """The other values that the network is told, and how much of its decisions there is of them at each place.

    Args:
        amounts: powers of `maps.STRONGEST`, [1, h, w] each, by setting.

    Returns:
        setting, value, share [1, h, w] in 0..1; none that is 0 everywhere.
    """
    for name, powers in amounts.items():
        present = getattr(settings, name)
        if present <= 0:  # so many times nothing is nothing
            continue
        for end, sign in zip(RANGES[name], (-1, 1), strict=True):
            furthest = min(1.0, sign * log(end / present) / log(maps.STRONGEST))
            share = (sign * powers / max(furthest, _LEAST_STEP)).clamp(0, 1)
            if furthest >= _LEAST_STEP and bool((share > 0).any()):
                yield name, present * maps.STRONGEST ** (sign * furthest), share


def multiplied(settings: MagicSettings, powers: Mapping[str, Tensor]) -> MagicSettings:
    """The settings that the maps ask for in a patch, on the average: what the network is told there.

    Args:
        powers: of `maps.STRONGEST`, of any shape, by setting.
    """
    values = {name: getattr(settings, name) * maps.STRONGEST ** float(power.mean()) for name, power in powers.items()}
    bounded = {name: min(max(value, RANGES[name][0]), RANGES[name][1]) for name, value in values.items() if value > 0}
    return settings.with_values(bounded)


def undirected(job: Job) -> Job:
    """A job without all that its maps and settings say: what is the same in two of these needs no other network."""
    sources = {slot: images for slot, images in job.sources.items() if slot not in SLOTS}
    sources["style"] = tuple(image.model_copy(update={"regions": None}) for image in sources.get("style", ()))
    return job.model_copy(update={"sources": sources, "settings": type(job.settings)(), "pieces": PieceChoices()})


def times(powers: Tensor) -> Tensor:
    """How many times as much as the setting says."""
    return maps.STRONGEST**powers
