"""Which image gave how much of a picture: counted over the canvas as trained, and written as a table."""

from __future__ import annotations

import csv
import io
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.files import write_atomically
from engine.method import Layers, Method, RendererAround
from engine.pieces import PieceInfo

_TILE_PX = 256
_SHARES = "shares"
_COUNTED_PX = 40_000
"""Pixels of the picture that is painted to count pieces, about, where it can be painted small."""
_OLD_STEPS = 100
"""A count is made anew after so many."""
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


class PieceCounter:
    """Answers how much of the canvas each single piece has, without taking much time from training."""

    def __init__(self, share: float = 0.01, clock: Callable[[], float] = time.perf_counter) -> None:
        """
        Args:
            share: of the time, that painting for this may take.
        """
        self._share, self._clock, self._due_s = share, clock, -math.inf

    def counted(self, method: Method) -> Sequence[PieceInfo]:
        """The pieces; what is on screen is counted already, and else the canvas is painted when it is due again."""
        at, step = method.pieces_counted_at, getattr(method, "steps_done", 0)
        if method.piece_images and (at is None or step - at > _OLD_STEPS) and self._clock() >= self._due_s:
            began_s = self._clock()
            _paint_small(method)
            now_s = self._clock()
            self._due_s = now_s + (now_s - began_s) / self._share
        return method.pieces()


def _paint_small(method: Method) -> None:
    """Paints the whole canvas, small where the method can, so that it knows what lies where."""
    canvas_size, reduction = method.canvas_size, 1
    while canvas_size.area > _COUNTED_PX * reduction**2:
        reduction *= 2
    renderer = method.coarse(reduction) if reduction > 1 else None
    if renderer is not None:
        canvas_size = Size(-(-canvas_size.height // reduction), -(-canvas_size.width // reduction))
    method.freeze_statistics()
    artwork = Artwork(renderer or method, canvas_size, method.layers[0].key)
    with torch.no_grad():
        for box in canvas_size.box.tiles(_TILE_PX):
            artwork.at(box)


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
