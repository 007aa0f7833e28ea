"""Which image, and which piece, gave how much of a picture: counted over the canvas as trained."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.method import Method
from engine.pieces import PieceInfo
from engine.renderer import Layers, RendererAround
from engine.reports import ImageShare

_TILE_PX = 256
_SHARES = "shares"
_COUNTED_PX = 40_000
"""Pixels of the picture that is painted to count pieces, about, where it can be painted small."""
_OLD_STEPS = 100
"""A count is made anew after so many."""


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
    total = torch.zeros(2, len(paths), dtype=torch.float64)
    with torch.no_grad():
        for box in canvas_size.box.tiles(_TILE_PX):
            *shares, copied = artwork.at(box).cpu().double()  # MPS has no doubles
            both = torch.stack(shares)  # [S, h, w]
            total += torch.stack([both.sum((1, 2)), (both * copied).sum((1, 2))])
    parts = (total / total.sum(1, keepdim=True).clamp(min=1e-9)).T.tolist()
    found = [ImageShare(path, share, copied) for path, (share, copied) in zip(paths, parts, strict=True)]
    return sorted(found, key=lambda each: -each.share)


def pieces_of(method: Method, paint: bool = True) -> Sequence[PieceInfo]:
    """The pieces with their parts of the canvas.

    Args:
        paint: the canvas may be painted small where they are not known yet.
    """
    if "pieces" not in method.capabilities or not method.piece_images:
        return ()
    return PieceCounter(1.0).counted(method) if paint else method.pieces()


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
        at, step = method.pieces_counted_at, method.steps_done
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


class _Shares(RendererAround):
    """The shares of images as the only layer of a method, so that an artwork pads, crops, and answers little memory."""

    def __init__(self, method: Method) -> None:
        super().__init__(method)
        self._method = method

    def paint(self, box: Box, canvas_size: Size) -> Layers:
        def shares() -> torch.Tensor:
            found = self._method.image_shares(box, canvas_size)
            painted = self._method.paint(box, canvas_size)
            copied = 1 - painted["mask"][:1] if "mask" in painted else torch.ones_like(found[:1])
            return torch.cat([found, copied.to(found)])  # [S + 1, h, w]

        return Layers({_SHARES: shares})
