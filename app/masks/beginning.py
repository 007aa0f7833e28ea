"""What a mask editor begins with, read from the images that the slots hold. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from app.masks.files import MaskFile, matched, read
from app.masks.regions import Region, first_regions
from app.widgets.arrays import to_image
from engine.errors import TesseraError
from engine.images.read import read_image

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
    """

    title: str
    mask: MaskFile
    below: QImage | None = None
    below_path: Path | None = None
    others: tuple[Region, ...] = ()
    needs: str = ""


def prepare(title: str, own: Path | None, below: Path | None, other: Path | None, needs: str) -> Beginning:
    """Reads everything that an editor shows.

    Args:
        title: of the slot.
        own: the slot's mask, where it has one.
        below: the picture to paint over.
        other: the mask of which this one is to have the regions.
        needs: title of that mask where it can have no others; else empty.

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
        return Beginning(title, matched(mask, others) if others else mask, image, below, others, needs)
    height, width = (image.height(), image.width()) if image is not None else _EMPTY_SIZE
    mask = MaskFile(np.zeros((height, width), np.uint8), others or first_regions())
    return Beginning(title, mask, image, below, others, needs)
