"""Reads image files, 8 and 16 bit, with ICC profiles and EXIF orientation, into tensors.

Everything leaves here as sRGB: whole pictures as uint8 tensors, small ones for the screen as arrays. The formats of
files and their oddities are in decode.py; writing is in engine/export/.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.box import Size
from engine.errors import BadImageError
from engine.images import decode

MEGAPIXEL = 1_000_000
SMALLEST_SIDE = 8


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """An image file, ready for the engine.

    Args:
        pixels: uint8 [3, H, W], sRGB, upright.
        path: where it was read from.
        original: its size in the file, upright; larger than `pixels` where it was scaled down.
        notes: sentences about what was changed on the way, for the artist.
        opacity: uint8 [H, W], 0 where it is transparent; None where it is opaque everywhere. `pixels` lie on white.
    """

    pixels: Tensor
    path: Path
    original: Size
    notes: tuple[str, ...] = ()
    opacity: Tensor | None = None


def read_image(path: Path, limit_px: int = 64 * MEGAPIXEL, cut_out: bool = False) -> DecodedImage:
    """A picture in sRGB, upright, on white where it is transparent, scaled down to at most `limit_px` pixels.

    Args:
        cut_out: its transparency is made use of, so nothing is said of the white.

    Raises:
        BadImageError: it can not be read, is damaged, or has a side below 8 px.
    """
    opened = decode.open_image(path)
    original = _size(opened)
    pixels, notes = decode.upright(opened, min(1.0, (limit_px / original.area) ** 0.5))
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        raise BadImageError(
            f"{path} is too small to be used: {original.width} × {original.height} px. "
            f"Choose a picture of at least {SMALLEST_SIDE} px on each side."
        )
    if pixels.shape[:2] != (original.height, original.width):
        notes = (
            *notes,
            f"{path.name} is very large ({original.width:,} × {original.height:,} px) and was scaled down to "
            f"{pixels.shape[1]:,} × {pixels.shape[0]:,} px.",
        )
    bands = torch.from_numpy(pixels).permute(2, 0, 1)
    opacity = bands[3].contiguous() if len(bands) == 4 else None
    if opacity is not None and not cut_out:
        notes = (*notes, f"{path.name} is transparent in places, which became white.")
    return DecodedImage(bands[:3].contiguous(), path, original, notes, opacity)


def image_size(path: Path) -> Size:
    """The size of the picture in the file, upright; reads its header alone, but for HEIC, PSD, ORA and KRA.

    Raises:
        BadImageError: it can not be read. Damage further on is not seen.
    """
    return _size(decode.open_image(path))


def may_be_transparent(path: Path) -> bool:
    """Whether the file has room for transparency; reads no more of it than `image_size`. Raises BadImageError."""
    return bool(decode.open_image(path).image.hasalpha())


def thumbnail(path: Path, side: int) -> np.ndarray:
    """The picture within a square of `side` pixels, never enlarged: uint8 [h, w, 3], sRGB.

    Raises:
        BadImageError: it can not be read, or is damaged.
    """
    opened = decode.open_image(path)
    pixels, _ = decode.upright(opened, min(1.0, side / max(opened.image.height, opened.image.width)))
    return np.ascontiguousarray(pixels[..., :3])


def _size(opened: decode.Opened) -> Size:
    height, width = opened.image.height, opened.image.width
    return Size(width, height) if decode.turned(opened.image) else Size(height, width)
