"""Masks as files: any image is read as regions by the engine; ours are PNGs that also keep the names of the regions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QByteArray, QIODevice, QSaveFile
from PySide6.QtGui import QImage, QImageReader, QImageWriter, qRgb

from app.masks.picture import LARGEST_PX
from app.masks.regions import Region, distance
from engine.errors import NoRoomError
from engine.images.read import read_image
from engine.images.regions import MOST_REGIONS, describe, regions_of

FOLDER = "masks"
"""Inside a project's folder."""
_NAMES_KEY = "TesseraRegions"  # without a space, which Qt would not store
_LIMIT_PX = 4_000_000
_QUICK = 85
"""Of a PNG for Qt: packed quickly rather than tightly."""
Color = tuple[int, int, int]
_SAME = 60.0
"""Colours of two masks nearer than this (of 441 from black to white) are meant to be one."""


@dataclass(frozen=True, eq=False)
class MaskFile:
    """What was found in an image.

    Args:
        labels: uint8 [h, w], of 1..len(regions).
        crowded: whether it has more colours than could be regions.
    """

    labels: np.ndarray
    regions: tuple[Region, ...]
    crowded: bool = False


def read(path: Path, count: int = 0) -> MaskFile:
    """The regions of an image, by k-means on its colours.

    Args:
        count: how many there are; 0 finds out.

    Raises:
        BadImageError: it can not be read.
    """
    pixels = read_image(path, min(_LIMIT_PX, LARGEST_PX**2)).pixels
    found = regions_of(pixels, pixels, count)
    names = _names_in(path)
    regions = []
    for index, shade in enumerate(found.palette):
        red, green, blue = (int(x) for x in shade)
        name = names.get((red, green, blue)) or describe(shade).partition(" (")[0].capitalize()
        regions.append(Region(index + 1, name, (red, green, blue)))
    unused = [(name, rgb) for rgb, name in names.items() if all(rgb != r.color for r in regions)]
    for name, rgb in unused[: MOST_REGIONS - len(regions)]:
        regions.append(Region(len(regions) + 1, name, rgb))
    regions = _in_the_order_of(list(names), regions)
    return MaskFile(found.style.numpy() + np.uint8(1), _with_different_names(regions), found.crowded)


def read_greys(path: Path) -> np.ndarray:
    """An image as the greys of a map of how much, uint8 [h, w], as the engine reads it. Raises BadImageError."""
    pixels = read_image(path, min(_LIMIT_PX, LARGEST_PX**2)).pixels
    return pixels.float().mean(0).round().numpy().astype(np.uint8)


def write(path: Path, labels: np.ndarray, regions: Sequence[Region]) -> None:
    """A PNG in the colours of the regions, or in greys; whole or not at all.

    Args:
        labels: uint8 [h, w], each of them a region's; the greys themselves where there are no regions.

    Raises:
        NoRoomError: the folder can not be written to, or the disk is full.
    """
    pixels = np.ascontiguousarray(labels)  # [h, w]
    height, width = labels.shape
    # a byte a pixel, which is written several times as fast as three: it is, at each stroke
    kind = QImage.Format.Format_Indexed8 if regions else QImage.Format.Format_Grayscale8
    image = QImage(pixels.data, width, height, width, kind)
    if regions:
        shades = [qRgb(0, 0, 0)] * (max(region.label for region in regions) + 1)
        for region in regions:
            shades[region.label] = qRgb(*region.color)
        image.setColorTable(shades)
    names = [{"name": region.name, "colour": list(region.color)} for region in regions]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_room(path, error.strerror or str(error)) from None
    file = QSaveFile(str(path))
    if file.open(QIODevice.OpenModeFlag.WriteOnly):
        writer = QImageWriter(file, QByteArray(b"png"))
        writer.setQuality(_QUICK)
        if names:
            writer.setText(_NAMES_KEY, json.dumps(names))
        if writer.write(image) and file.commit():
            return
    raise _no_room(path, file.errorString())


def matched(own: MaskFile, others: Sequence[Region]) -> MaskFile:
    """The same in another mask's colours, names and order, where regions resemble each other; its others come along."""
    pairs = sorted(
        (distance(mine.color, other.color), mine.label, index)
        for mine in own.regions
        for index, other in enumerate(others)
    )
    partner: dict[int, Region] = {}
    taken: set[int] = set()
    for apart, label, index in pairs:
        if apart < _SAME and label not in partner and index not in taken:
            partner[label] = others[index]
            taken.add(index)
    regions = [
        replace(mine, name=partner[mine.label].name, color=partner[mine.label].color) if mine.label in partner else mine
        for mine in own.regions
    ]
    for index, other in enumerate(others):
        if index not in taken and len(regions) < MOST_REGIONS:
            regions.append(replace(other, label=max((r.label for r in regions), default=0) + 1))
    regions = _in_the_order_of([other.color for other in others], regions)
    return MaskFile(own.labels, _with_different_names(regions), own.crowded)


def _names_in(path: Path) -> dict[Color, str]:
    """The names that `write` kept, by colour; none where another program wrote the file."""
    try:
        stored = json.loads(QImageReader(str(path)).text(_NAMES_KEY) or "[]")
        return {(int(c[0]), int(c[1]), int(c[2])): str(n)[:60] for n, c in ((s["name"], s["colour"]) for s in stored)}
    except (ValueError, TypeError, KeyError, IndexError):
        return {}


def _in_the_order_of(colors: Sequence[Color], regions: Sequence[Region]) -> list[Region]:
    """Regions of these colours first, in their order: an artist finds them where they were. Labels stay."""
    place = {read: index for index, read in enumerate(colors)}
    return sorted(regions, key=lambda region: place.get(region.color, len(place)))


def _with_different_names(regions: Sequence[Region]) -> tuple[Region, ...]:
    seen: dict[str, int] = {}
    result = []
    for region in regions:
        seen[region.name] = seen.get(region.name, 0) + 1
        number = seen[region.name]
        result.append(region if number == 1 else replace(region, name=f"{region.name} {number}"))
    return tuple(result)


def _no_room(path: Path, reason: str) -> NoRoomError:
    return NoRoomError(
        f"{path} could not be written ({reason}). Free some space or choose another folder, and try again."
    )
