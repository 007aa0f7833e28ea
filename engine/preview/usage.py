"""Which image gave how much of a picture: counted over the canvas as trained, and written as a table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import NamedTuple

import torch

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.files import write_atomically
from engine.method import Layers, Method, RendererAround

_TILE_PX = 256
_SHARES = "shares"
ENDINGS = (".csv", ".json")


class ImageShare(NamedTuple):
    """An image, and its part of the area of the collage, 0..1."""

    path: Path
    share: float


def image_shares(method: Method) -> list[ImageShare]:
    """Those of all style images, the largest first.

    Raises:
        BadSettingError: the method does not lay its picture out of pieces.
    """
    paths, canvas_size = method.piece_images, method.canvas_size
    if not paths:
        raise BadSettingError(
            f"{method.title} does not lay pictures out of pieces, so there is no share of each image."
        )
    method.freeze_statistics()
    artwork = Artwork(_Shares(method), canvas_size, _SHARES)
    total = torch.zeros(len(paths), dtype=torch.float64)
    with torch.no_grad():
        for box in canvas_size.box.tiles(_TILE_PX):
            total += artwork.at(box).double().sum((1, 2)).cpu()
    found = [ImageShare(path, share) for path, share in zip(paths, (total / total.sum()).tolist(), strict=True)]
    return sorted(found, key=lambda each: -each.share)


def check_name(path: Path) -> None:
    """Raises BadSettingError: tables are not written to files that end so."""
    if path.suffix.lower() not in ENDINGS:
        raise BadSettingError(f"{path.name} ends in neither {' nor '.join(ENDINGS)}.")


def write(path: Path, shares: list[ImageShare]) -> None:
    """The table as CSV or JSON, by the name's ending; whole or not at all. Raises NoRoomError."""
    if path.suffix.lower() == ".json":
        rows = [{"image": str(each.path), "percent": round(100 * each.share, 3)} for each in shares]
        text = json.dumps(rows, indent=1, ensure_ascii=False)
    else:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["image", "percent"])
        writer.writerows([str(each.path), f"{100 * each.share:.3f}"] for each in shares)
        text = table.getvalue()
    write_atomically(path, text)


class _Shares(RendererAround):
    """The shares of images as the only layer of a method, so that an artwork pads, crops, and answers little memory."""

    def __init__(self, method: Method) -> None:
        super().__init__(method)
        self._method = method

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        return Layers({_SHARES: lambda: self._method.image_shares(box, canvas_size)})
