"""What a method's picture looks like now: answers to `RenderView`, previews for snapshots.

When to paint is training/session.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.messages.commands import RenderView
from engine.method import Method
from engine.nn.parts import giving_way
from engine.options import RenderMode
from engine.preview.tiles import strip, view, whole
from engine.renderer import PIECES_LAYER

PATCHES = "patches"
PREVIEW_PX = 640
COARSE_PX = 140_000
"""Pixels of the picture that comes before the pieces, at most: 600 x 890 is halved."""
PREVIEW_CANVAS_PX = 4_000_000
"""Pixels that are painted for a preview at most, so that keeping a snapshot of a wall takes seconds."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Part of an answer: uint8 [h, w, 3], where it lies on a canvas, and whether it is the last.

    pieces: int16 [h, w], see `events.ViewRendered`.
    """

    image: np.ndarray
    box: Box
    canvas_size: Size
    done: bool
    pieces: np.ndarray | None = None


def artwork(method: Method, canvas_size: Size, layer: str, render_mode: RenderMode | None = None) -> Artwork:
    """A layer of a method as a Field. Raises BadSettingError for a layer, or a way, that the method does not know."""
    known = [layer.key for layer in method.layers]
    if layer not in known:
        raise BadSettingError(f"layer can not be {layer!r}; it is one of {', '.join(known)}.")
    method.freeze_statistics()
    return Artwork(method.renderer(render_mode or RenderMode()), canvas_size, layer)


def painter(
    method: Method, canvas_size: Size, layer: str, render_mode: RenderMode | None = None
) -> Callable[[Box], Tensor]:
    """Paints any box of a layer, float32 [3, h, w], without gradients. Raises like `artwork`."""
    field = artwork(method, canvas_size, layer, render_mode)

    def paint(box: Box) -> Tensor:
        with torch.no_grad():
            return field.at(box)

    return paint


def tile_px(device: torch.device, on_screen: bool, coarse_first: bool = False) -> int:
    """Side of a tile: large enough for the device to work well; on screen small enough to be interrupted often.

    Where a coarse picture is there already, tiles are large: halos cost most of small ones.
    """
    if device.type == "cpu" and not coarse_first:
        return 256 if on_screen else 512
    return 1024


def answer(method: Method, look: RenderView) -> Iterator[Piece]:
    """The pieces of a `RenderView`, from its middle outwards; one empty piece where there is nothing to show.

    Raises:
        BadSettingError: an unknown layer.
        OutOfMemoryError: the device can not paint even a small box.
    """
    if look.layer == PATCHES:
        with torch.no_grad():
            image = strip(method.patches())
        box = Box(0, 0, image.shape[0], image.shape[1])
        yield Piece(image, box, box.size, done=True)
        return
    canvas_size = look.canvas_size or method.canvas_size
    field = artwork(method, canvas_size, look.layer, look.render_mode)
    told = look.pieces and "pieces" in method.capabilities and look.render_mode == RenderMode()
    planes: list[Tensor] = []

    def paint(box: Box) -> Tensor:
        with torch.no_grad():
            return _painted(field, box, planes if told else None)

    left = look.box.clip(canvas_size.box).area
    if not left:
        yield Piece(np.zeros((0, 0, 3), np.uint8), Box(0, 0, 0, 0), canvas_size, done=True)
    if look.coarse_first:
        yield from _coarse(method, look, canvas_size)
    side = tile_px(method.device, on_screen=True, coarse_first=look.coarse_first)
    for image, box in view(paint, canvas_size, look.box, look.size, side):
        left -= box.area
        yield Piece(image, box, canvas_size, not left, _at_pixels(planes, image))


def _painted(field: Artwork, box: Box, planes: list[Tensor] | None) -> Tensor:
    """A layer of a box; which piece lies where is left in `planes`, where it is given and the painter knows."""
    if planes is None:
        return field.at(box)
    layers = field.some_at(box, (field.layer, PIECES_LAYER))
    planes[:] = [layers[PIECES_LAYER]]
    return layers[field.layer]


def _at_pixels(planes: list[Tensor], image: np.ndarray) -> np.ndarray | None:
    """The piece in the middle of each pixel of a picture, int16 [h, w]."""
    if not planes:
        return None
    plane = planes.pop()[0]
    (height, width), (rows, columns) = image.shape[:2], plane.shape
    row = ((torch.arange(height) + 0.5) * rows / height).long().to(plane.device)
    column = ((torch.arange(width) + 0.5) * columns / width).long().to(plane.device)
    return plane[row[:, None], column].to(torch.int16).cpu().numpy()


def _coarse(method: Method, look: RenderView, canvas_size: Size) -> Iterator[Piece]:
    """All of a view at once on a smaller canvas, also of another content; nothing where the method can not, or its
    pieces are as quick.
    """
    visible = look.box.clip(canvas_size.box)
    reduction = 1
    while visible.area > COARSE_PX * reduction**2:
        reduction *= 2
    as_trained = replace(look.render_mode, frame="", tones="", own_shape=False) == RenderMode()
    renderer = method.coarse(reduction, look.render_mode) if reduction > 1 and as_trained else None
    if renderer is None:
        return
    small = Size(-(-canvas_size.height // reduction), -(-canvas_size.width // reduction))
    top, left = visible.top // reduction, visible.left // reduction
    box = Box(top, left, -(-visible.bottom // reduction) - top, -(-visible.right // reduction) - left)
    told = look.pieces and "pieces" in method.capabilities
    planes: list[Tensor] = []
    with torch.no_grad(), giving_way(lambda: False):  # else nothing would be seen while a slider is dragged
        picture = _painted(Artwork(renderer, small, look.layer), box, planes if told else None)
    shown = Box(box.top * reduction, box.left * reduction, box.height * reduction, box.width * reduction)
    image = to_uint8(picture)
    yield Piece(image, shown, canvas_size, False, _at_pixels(planes, image))


def preview(method: Method, most_px: int = PREVIEW_CANVAS_PX) -> np.ndarray:
    """The whole canvas, at most 640 px a side: uint8 [h, w, 3]. One of more than `most_px` is painted smaller."""
    scale = min(1.0, (most_px / method.canvas_size.area) ** 0.5)
    canvas_size = Size(max(1, int(method.canvas_size.height * scale)), max(1, int(method.canvas_size.width * scale)))
    paint = painter(method, canvas_size, method.layers[0].key)
    return whole(paint, canvas_size, PREVIEW_PX, tile_px(method.device, on_screen=False))
