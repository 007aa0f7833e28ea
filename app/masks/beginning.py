"""What a mask editor begins with, read from the images that the slots hold. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from app.masks.files import MaskFile, matched, read
from app.masks.picture import UNPAINTED
from app.masks.regions import Region, first_regions
from app.widgets.arrays import to_image
from engine.errors import TesseraError
from engine.images.read import read_image
from engine.job import SourceImage

_BELOW_LIMIT_PX = 2_000_000
_EMPTY_SIZE = (768, 1024)


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
    """

    title: str
    mask: MaskFile
    below: QImage | None = None
    below_path: Path | None = None
    others: tuple[Region, ...] = ()
    needs: str = ""
    pieces: tuple[SourceImage, ...] = ()


def prepare(
    title: str,
    own: Path | None,
    below: Path | None,
    other: Path | None,
    needs: str,
    first: tuple[Region, ...] = (),
    pieces: tuple[SourceImage, ...] = (),
) -> Beginning:
    """Reads everything that an editor shows.

    Args:
        title: of the slot.
        own: the slot's mask, where it has one.
        below: the picture to paint over.
        other: the mask of which this one is to have the regions.
        needs: title of that mask where it can have no others; else empty.
        first: regions of a new map, the first of them everywhere; empty for a mask that nothing is painted of yet.
        pieces: see `Beginning`.

    Raises:
        BadImageError: the mask itself can not be read.
    """
    image = None
    if below is not None:
        try:
            pixels = read_image(below, _BELOW_LIMIT_PX).pixels
            image = to_image(pixels.permute(1, 2, 0).numpy())
        except TesseraError:  # its thumbnail says so already
            below = None
    others: tuple[Region, ...] = ()
    if other is not None:
        try:
            others = read(other).regions
        except TesseraError:
            needs = ""
    if own is not None:
        mask = read(own)
        return Beginning(title, matched(mask, others) if others else mask, image, below, others, needs, pieces)
    height, width = (image.height(), image.width()) if image is not None else _EMPTY_SIZE
    labels = np.full((height, width), first[0].label if first else UNPAINTED, np.uint8)
    mask = MaskFile(labels, first or others or first_regions())
    return Beginning(title, mask, image, below, others, needs, pieces)
