"""What a mask editor begins with, read from the images that the slots hold. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtGui import QImage

from app.masks.amount_picture import UNCHANGED
from app.masks.files import MaskFile, matched, read, read_greys
from app.masks.picture import SMALLEST_PX, UNPAINTED
from app.masks.regions import Region, first_regions
from app.widgets.arrays import to_image
from engine.errors import TesseraError
from engine.images.read import read_image
from engine.job import SourceImage

Noun = Literal["mask", "map"]
_BELOW_LIMIT_PX = 2_000_000
_EMPTY_SIZE = (768, 1024)
_MAP_PX = 800_000
"""Of a new map, at most; the artist may want it larger."""


@dataclass(frozen=True, eq=False)
class Beginning:
    """What an editor begins with.

    Args:
        title: of the slot, "Target mask".
        mask: its pixels may all be unpainted.
        below: the picture to paint over, if there is one, and where it is.
        others: the regions of the mask that this one shares its colours with.
        needs: title of that mask, "Style mask", where this one can have no regions but those; else empty.
        pieces: style images, which are given to the regions; empty where they are not.
        style, style_mask: the painting that the regions stand for parts of, with its own mask.
        laid_of_pieces: the picture is laid of pieces, so that what one of them covers can be selected.
        noun: what the window's other parts call it.
    """

    title: str
    mask: MaskFile
    below: QImage | None = None
    below_path: Path | None = None
    others: tuple[Region, ...] = ()
    needs: str = ""
    pieces: tuple[SourceImage, ...] = ()
    style: QImage | None = None
    style_mask: MaskFile | None = None
    laid_of_pieces: bool = False
    noun: Noun = "mask"


@dataclass(frozen=True)
class Place:
    """What an editor is opened for.

    Args:
        title: of the slot.
        kind: of the slot.
        own: the slot's mask, where it has one.
        below: the picture to paint over.
        other: the mask of which this one is to have the regions.
        needs: title of that mask where it can have no others; else empty.
        style: the picture that the other mask is one of.
        first: regions of a new map, the first of them everywhere; empty for a mask that nothing is painted of yet.
        pieces, laid_of_pieces, noun: see `Beginning`.
    """

    title: str
    kind: Literal["mask", "amount"] = "mask"
    own: Path | None = None
    below: Path | None = None
    other: Path | None = None
    needs: str = ""
    style: Path | None = None
    first: tuple[Region, ...] = ()
    pieces: tuple[SourceImage, ...] = ()
    laid_of_pieces: bool = False
    noun: Noun = "mask"


def prepare(place: Place) -> Beginning:
    """Reads everything that an editor shows.

    Raises:
        BadImageError: the mask itself can not be read.
    """
    image = _picture(place.below)
    below = None if image is None else place.below
    others: tuple[Region, ...] = ()
    needs, style, style_mask = place.needs, None, None
    if place.other is not None:
        try:
            style_mask = read(place.other)
            others = style_mask.regions
        except TesseraError:
            needs = ""
        else:
            style = _picture(place.style)
    mask = _mask(place, image, others)
    return Beginning(
        place.title,
        mask,
        image,
        below,
        others,
        needs,
        place.pieces,
        style,
        style_mask,
        place.laid_of_pieces,
        place.noun,
    )


def _mask(place: Place, image: QImage | None, others: tuple[Region, ...]) -> MaskFile:
    if place.own is not None:
        if place.kind == "amount":
            return MaskFile(read_greys(place.own), ())
        mask = read(place.own)
        return matched(mask, others) if others else mask
    height, width = (image.height(), image.width()) if image is not None else _EMPTY_SIZE
    if place.first or place.kind == "amount":  # of the canvas, at any size of it, and read anew at each stroke
        scale = min(1.0, (_MAP_PX / (height * width)) ** 0.5)
        height, width = max(SMALLEST_PX, round(height * scale)), max(SMALLEST_PX, round(width * scale))
    if place.kind == "amount":
        return MaskFile(np.full((height, width), UNCHANGED, np.uint8), ())
    labels = np.full((height, width), place.first[0].label if place.first else UNPAINTED, np.uint8)
    return MaskFile(labels, place.first or others or first_regions())


def _picture(path: Path | None) -> QImage | None:
    if path is None:
        return None
    try:
        pixels = read_image(path, _BELOW_LIMIT_PX).pixels
    except TesseraError:  # its thumbnail says so already
        return None
    return to_image(pixels.permute(1, 2, 0).numpy())
