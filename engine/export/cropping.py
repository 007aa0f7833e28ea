"""A print of another shape than the canvas: which part of the picture it shows."""

from __future__ import annotations

from torch import Tensor

from engine.box import Box, Size
from engine.export.print_sizes import print_scale
from engine.fields.artwork import Artwork
from engine.method import Method
from engine.options import RenderMode
from engine.preview.views import artwork

NOTICED_CUT = 0.03
"""From this share on it is told what of a picture is cut away."""


def cropped(
    method: Method, size: Size, layer: str, render_mode: RenderMode, crop: tuple[float, float] | None
) -> Artwork:
    """What a print shows: the part of the whole picture that `crop` says, see `corner_of`; None, or what repeats, is
    painted for the size itself."""
    if crop is None or render_mode.repeat:
        return artwork(method, size, layer, render_mode)
    whole = whole_of(size, method.canvas_size)
    return CroppedArtwork(artwork(method, whole, layer, render_mode), corner_of(size, whole, crop))


def whole_of(size: Size, trained: Size) -> Size:
    """The whole picture of which a print of `size` is a part: as wide or as high as the print, in the trained shape."""
    scale = print_scale(size, trained)
    return Size(max(size.height, round(scale * trained.height)), max(size.width, round(scale * trained.width)))


def cut_share(size: Size, trained: Size) -> float:
    """How much of the whole picture a print of `size` does not show, 0..1."""
    return 1 - size.area / whole_of(size, trained).area


def corner_of(size: Size, whole: Size, crop: tuple[float, float]) -> tuple[int, int]:
    """Top and left of the part in the whole.

    Args:
        crop: how much of what is cut away lies above it, and how much to its left, 0..1.
    """
    return round((whole.height - size.height) * crop[0]), round((whole.width - size.width) * crop[1])


class CroppedArtwork(Artwork):
    """A part of an artwork, which is asked for from the part's own corner.

    Args:
        whole: of which it is a part.
        corner: its top and left there.
    """

    def __init__(self, whole: Artwork, corner: tuple[int, int]) -> None:
        super().__init__(whole.method, whole.canvas_size, whole.layer)
        self._corner = corner

    def at(self, box: Box) -> Tensor:
        """See `Artwork.at`: float32 [3, h, w]."""
        top, left = self._corner
        return super().at(Box(box.top + top, box.left + left, box.height, box.width))
