"""Pictures for the screen: a canvas piece by piece, and the strip of training patches. Files are export/tiles.py's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.images.quantise import to_uint8

_GAP_PX = 4
_GAP_GREY = 48
_MOST_SAMPLES = 4


def view(
    paint: Callable[[Box], Tensor], canvas_size: Size, box: Box, size: Size, tile_px: int
) -> Iterator[tuple[np.ndarray, Box]]:
    """The part of `box` that lies on the canvas, in pieces, from its middle outwards, as `size` pixels on screen.

    A piece covers whole canvas pixels and whole screen pixels: the boxes tile the visible part, the images tile a
    picture of `screen_size` pixels, and where both meet is `screen_box`. Scaled by area; never enlarged.

    Args:
        paint: float [3, h, w], 0..1, of any box of the canvas.
        size: on screen, of the whole `box`; the axis that is scaled less decides.
        tile_px: about the side of a piece on the canvas, in canvas pixels.

    Yields:
        uint8 [h, w, 3], and the box that it shows.
    """
    visible = box.clip(canvas_size.box)
    if not visible.area:
        return
    factor = reduction(box, size)
    rows = _cuts(visible.top, visible.bottom, tile_px, factor)
    columns = _cuts(visible.left, visible.right, tile_px, factor)
    pieces = [
        (Box(top, left, bottom - top, right - left), Size(height, width))
        for top, bottom, height in rows
        for left, right, width in columns
    ]
    y, x = visible.top + visible.height / 2, visible.left + visible.width / 2
    pieces.sort(key=lambda piece: _distance(piece[0], y, x))
    for piece, on_screen in pieces:
        yield to_uint8(shrink(paint(piece), on_screen)), piece


def whole(paint: Callable[[Box], Tensor], canvas_size: Size, side: int, tile_px: int) -> np.ndarray:
    """The whole canvas within a square of `side` screen pixels: uint8 [h, w, 3]."""
    longest = max(canvas_size.height, canvas_size.width)
    scale = min(1.0, side / longest)
    size = Size(max(1, round(canvas_size.height * scale)), max(1, round(canvas_size.width * scale)))
    factor = reduction(canvas_size.box, size)
    picture = np.zeros((_shown(canvas_size.height, factor), _shown(canvas_size.width, factor), 3), np.uint8)
    for image, piece in view(paint, canvas_size, canvas_size.box, size, tile_px):
        rows, columns = screen_box(piece, canvas_size.box, size).within(Box(0, 0, *picture.shape[:2]))
        picture[rows, columns] = image
    return picture


def reduction(box: Box, size: Size) -> float:
    """Canvas pixels to one screen pixel, at least 1, when `box` is shown as `size`."""
    return max(1.0, min(box.height / max(1, size.height), box.width / max(1, size.width)))


def screen_box(piece: Box, visible: Box, size: Size) -> Box:
    """Where a piece of a view of `visible` (which lies on the canvas) is on screen, relative to its corner."""
    factor = reduction(visible, size)
    top = _to_screen(piece.top - visible.top, visible.height, factor)
    left = _to_screen(piece.left - visible.left, visible.width, factor)
    bottom = _to_screen(piece.bottom - visible.top, visible.height, factor)
    right = _to_screen(piece.right - visible.left, visible.width, factor)
    return Box(top, left, bottom - top, right - left)


def shrink(image: Tensor, size: Size) -> Tensor:
    """Averages [3, h, w] over the area of each pixel of a smaller picture, [3, size.height, size.width]."""
    _, height, width = image.shape
    if (height, width) == (size.height, size.width):
        return image
    rows = _shares(height, size.height, image.device)
    columns = _shares(width, size.width, image.device)
    return rows @ image.float() @ columns.T


def strip(patches: Mapping[str, Tensor]) -> np.ndarray:
    """Training patches in one picture, a row for each sample (up to 4) and a column for each layer: uint8 [h, w, 3].

    Args:
        patches: float [B, 3, h, w], 0..1; sizes may differ between the layers. Empty gives an empty picture.
    """
    if not patches:
        return np.zeros((0, 0, 3), np.uint8)
    samples = min(_MOST_SAMPLES, min(len(layer) for layer in patches.values()))
    height = max(layer.shape[2] for layer in patches.values()) + _GAP_PX
    width = sum(layer.shape[3] + _GAP_PX for layer in patches.values())
    picture = np.full((samples * height - _GAP_PX, width - _GAP_PX, 3), _GAP_GREY, np.uint8)
    left = 0
    for layer in patches.values():
        for sample in range(samples):
            top = sample * height
            picture[top : top + layer.shape[2], left : left + layer.shape[3]] = to_uint8(layer[sample])
        left += layer.shape[3] + _GAP_PX
    return picture


def _cuts(start: int, stop: int, side: int, factor: float) -> list[tuple[int, int, int]]:
    """Runs [a, b) of one axis near multiples of `side` of the plane, each with its length on screen, at least 1."""
    length = stop - start
    shown = _shown(length, factor)
    inner = range((start // side + 1) * side, stop, side)
    edges = sorted({0, shown, *(_to_screen(edge - start, length, factor) for edge in inner)})
    return [(start + round(a * length / shown), start + round(b * length / shown), b - a) for a, b in pairwise(edges)]


def _shown(length: int, factor: float) -> int:
    return max(1, round(length / factor))


def _to_screen(offset: int, length: int, factor: float) -> int:
    return round(offset * _shown(length, factor) / length)


def _distance(piece: Box, y: float, x: float) -> float:
    return (piece.top + piece.height / 2 - y) ** 2 + (piece.left + piece.width / 2 - x) ** 2


def _shares(length: int, shown: int, device: torch.device) -> Tensor:
    """How much of each of `length` pixels falls into each of `shown`: [shown, length], rows sum to 1."""
    edges = torch.arange(shown + 1, dtype=torch.float64) * (length / shown)
    pixels = torch.arange(length, dtype=torch.float64)
    overlap = torch.minimum(edges[1:, None], pixels + 1) - torch.maximum(edges[:-1, None], pixels)
    return (overlap.clamp(min=0) * (shown / length)).float().to(device)
