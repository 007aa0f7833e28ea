"""Where the artist wants what, for methods that lay pieces: which of them, how much content, how large, how painted.

Regions act on what a generator decided. In the loss each term is the mean of its map times its value. The slots of the
maps are in map_slots.py, the maps themselves in images/maps.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.declarations import Slot
from engine.errors import BadImageError
from engine.images import maps
from engine.images.maps import RegionMap
from engine.images.sources import ContentField, Source
from engine.job import Job, PieceChoices
from engine.methods.map_slots import CONTENT_MAP, MAP_SLOTS, PAINT_MAP, SIZE_MAP

Plane = Callable[[Box], Tensor]
CONTENT, SIZE, PAINT = "content_weight", "variation_weight", "alpha_weight"
"""The settings that maps of amounts multiply."""
_SETTING = {CONTENT_MAP: CONTENT, SIZE_MAP: SIZE, PAINT_MAP: PAINT}
_PAINTED_FROM = 0.1
"""From black, the power from which on as much is painted as without a hard limit."""


@dataclass(frozen=True)
class Fields:
    """The maps on one canvas.

    Args:
        regions: shares of the regions, [R, h, w] of any box.
        amounts: powers of `maps.STRONGEST` by setting, [1, h, w] of any box.
        soft: whether regions go over into one another.
        guided: how much the content guides at all, 0..1, [1, h, w] of any box: it is transparent elsewhere.
    """

    regions: Plane | None = None
    amounts: Mapping[str, Plane] = field(default_factory=dict)
    soft: bool = False
    guided: Plane | None = None

    def changed(self, change: Callable[[Plane], Plane]) -> Fields:
        """The same, each plane changed alike: closed, for repeats."""
        regions = None if self.regions is None else change(self.regions)
        guided = None if self.guided is None else change(self.guided)
        return Fields(regions, {name: change(plane) for name, plane in self.amounts.items()}, self.soft, guided)


@dataclass(frozen=True)
class Directions:
    """What a job's maps say.

    Args:
        pieces: None where all images may lie anywhere.
        amounts: powers of `maps.STRONGEST` by setting, float32 [1, H, W].
        canvas_size: that is trained for.
        opacity: of the content, uint8 [H, W], where it is transparent in places: these are free.
    """

    pieces: RegionMap | None
    amounts: Mapping[str, Tensor]
    canvas_size: Size
    opacity: Tensor | None = None

    def on(self, canvas_size: Size, device: torch.device, feather_px: float = 0.0) -> Fields:
        """Them as fields of a canvas.

        Args:
            feather_px: width of the borders between regions, in pixels of the canvas that is trained for.
        """
        regions = None
        if self.pieces is not None:
            regions = self.pieces.on(canvas_size, self.canvas_size, device, feather_px).at
        amounts: dict[str, Plane] = {
            name: ContentField(plane, canvas_size, device).at for name, plane in self.amounts.items()
        }
        guided = None
        if self.opacity is not None:
            guided = ContentField(self.opacity[None], canvas_size, device).at
            amounts[CONTENT] = _where_guided(amounts.get(CONTENT), guided)
        return Fields(regions, amounts, feather_px > 0, guided)

    def following(self, frame: Source | None) -> Directions:
        """The same for a frame in the content's place, whose own transparent places are free."""
        return self if frame is None else replace(self, opacity=frame.opacity)

    def draws_as(self, other: Directions) -> bool:
        """Whether pieces are drawn alike: then decisions that were made of them stay."""
        ours, theirs = self.groups, other.groups
        return ours is theirs or (ours is not None and theirs is not None and torch.equal(ours, theirs))

    def same_regions(self, other: Directions) -> bool:
        """Whether the same images may lie in the same places."""
        ours, theirs = self.pieces, other.pieces
        if ours is None or theirs is None:
            return ours is theirs
        return (
            ours.labels.shape == theirs.labels.shape
            and torch.equal(ours.labels, theirs.labels)
            and torch.equal(ours.allowed, theirs.allowed)
        )

    def only(self, *names: str) -> Directions:
        """The same regions, and of the amounts those of some settings alone."""
        amounts = {name: plane for name, plane in self.amounts.items() if name in names}
        return Directions(self.pieces, amounts, self.canvas_size)

    @property
    def groups(self) -> Tensor | None:
        """bool [G, S], images of which there have to be pieces; None where all may lie everywhere."""
        groups = None if self.pieces is None else self.pieces.groups
        return None if groups is None or bool(groups.all()) else groups

    @property
    def region_count(self) -> int:
        return 0 if self.pieces is None else self.pieces.count

    def bias(self, regions: Tensor | None, image: Tensor, soft: bool) -> Tensor | None:
        """What is added to log A, [B, K, h, w]; None where nothing is.

        Args:
            regions: their shares, [B, R, h, w].
            image: of each piece, int64 [B, K].
        """
        return None if regions is None or self.pieces is None else self.pieces.bias(regions, image, soft)


def _where_guided(powers: Plane | None, guided: Plane) -> Plane:
    """Powers of a map of content where its content guides, and the least elsewhere."""

    def at(box: Box) -> Tensor:
        part = guided(box)
        return part - 1 if powers is None else part * powers(box) + part - 1

    return at


def read_maps(
    job: Job, slots: Sequence[Slot], styles: Sequence[Source], canvas_size: Size, said: list[str]
) -> tuple[RegionMap | None, dict[str, Tensor]]:
    """A job's maps of some slots; one that can not be read is named in `said` and left out.

    Returns:
        the regions with what of the styles may lie in each, None without such a map; and of maps of amounts, by slot,
        powers of `maps.STRONGEST`, float32 [1, H, W].

    Raises:
        BadSettingError: no image may lie anywhere.
    """
    regions, amounts = None, dict[str, Tensor]()
    for slot in slots:
        for image in job.sources.get(slot.key, ()):
            path, size = Path(image.path), None
            try:
                if slot.kind == "mask":
                    regions = maps.read_regions(path, [style.image for style in styles], said)
                    size = Size(*regions.labels.shape)
                else:
                    amount = amounts[slot.key] = maps.read_amount(path)
                    size = Size(*amount.shape[1:])
                    if bool((amount == amount[0, 0, 0]).all()):
                        said.append(maps.told_flat(path, float(amount[0, 0, 0]), slot.title))
            except BadImageError as error:
                said.append(maps.missing(error))
            if size is not None and (shape := maps.told_shape(path, size, canvas_size)):
                said.append(shape)
    return regions, amounts


def directions(
    job: Job, styles: Sequence[Source], canvas_size: Size, said: list[str], contents: Sequence[Source] = ()
) -> Directions:
    """A job's maps, see `read_maps`."""
    pieces, found = read_maps(job, MAP_SLOTS, styles, canvas_size, said)
    amounts = {_SETTING[key]: amount for key, amount in found.items()}
    return Directions(pieces, amounts, canvas_size, contents[0].opacity if contents else None)


def without_maps(job: Job, slots: Sequence[Slot]) -> Job:
    """A job without all that its maps of some slots and its settings say."""
    keys = [slot.key for slot in slots]
    sources = {slot: images for slot, images in job.sources.items() if slot not in keys}
    sources["style"] = tuple(image.model_copy(update={"regions": None}) for image in sources.get("style", ()))
    return job.model_copy(update={"sources": sources, "settings": type(job.settings)()})


def undirected(job: Job) -> Job:
    """A job without all that its maps, pieces and settings say: what is the same in two of these needs no other
    network."""
    return without_maps(job, MAP_SLOTS).model_copy(update={"pieces": PieceChoices()})


def with_regions_of(job: Job, styles: Sequence[Source]) -> list[Source]:
    """The style images that were read, each with the regions that a job gives it."""
    regions = {image.path: image.regions for image in job.sources.get("style", ())}
    return [
        Source(style.image.model_copy(update={"regions": regions[style.image.path]}), style.pixels, style.opacity)
        for style in styles
    ]


def touched(before: Directions, after: Directions, feather_px: float) -> Box | None:
    """The part of the canvas where two jobs' maps differ; None where that may be all of it."""
    found = Box(0, 0, 0, 0)
    ours, theirs = before.pieces, after.pieces
    if ours is not theirs:
        if ours is None or theirs is None or ours.labels.shape != theirs.labels.shape:
            return None
        sets = torch.cat([ours.allowed, theirs.allowed]).unique(dim=0, return_inverse=True)[1].to(torch.uint8)
        other = sets[: ours.count][ours.labels.long()] != sets[ours.count :][theirs.labels.long()]
        found = _joined(found, _on_canvas(other, after.canvas_size, feather_px))
    for name in {*before.amounts, *after.amounts}:
        known = [directions.amounts[name] for directions in (before, after) if name in directions.amounts]
        first, last = known[0], known[-1] if len(known) == 2 else torch.zeros_like(known[0])
        if first.shape != last.shape:
            return None
        found = _joined(found, _on_canvas((first != last)[0], after.canvas_size, 0.0))
    return found


def _on_canvas(other: Tensor, canvas_size: Size, further_px: float) -> Box:
    """The box of a canvas in which a map, bool [H, W], has something; with the pixels beside that it is felt in."""
    rows, columns = (other.any(axis).nonzero().flatten() for axis in (1, 0))
    if not len(rows):
        return Box(0, 0, 0, 0)
    height, width = other.shape
    step = min(height / canvas_size.height, width / canvas_size.width)  # it covers the canvas, as `ContentField` says
    over = (height - canvas_size.height * step) / 2, (width - canvas_size.width * step) / 2
    further = further_px + 2 / step + 2
    edges = []
    for runs, beyond in zip((rows, columns), over, strict=True):
        edges.append(math.floor((int(runs[0]) - beyond) / step - further))
        edges.append(math.ceil((int(runs[-1]) + 1 - beyond) / step + further))
    return Box(edges[0], edges[2], edges[1] - edges[0], edges[3] - edges[2]).clip(canvas_size.box)


def _joined(a: Box, b: Box) -> Box:
    if not a.area or not b.area:
        return a if a.area else b
    top, left = min(a.top, b.top), min(a.left, b.left)
    return Box(top, left, max(a.bottom, b.bottom) - top, max(a.right, b.right) - left)


def times(powers: Tensor) -> Tensor:
    """How many times as much as the setting says."""
    return maps.STRONGEST**powers


def painted_share(powers: Tensor) -> Tensor:
    """How much is painted of what would be, by a map of painting: 0 where it is black, 1 from dark grey on."""
    return ((1 + powers) / _PAINTED_FROM).clamp(0, 1)
