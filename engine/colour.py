"""The only place where image files, 8 and 16 bit, ICC profiles, EXIF orientation and tensors meet.

Everything leaves here as sRGB: whole pictures as uint8 tensors, small ones for the screen as arrays. The formats of
files and their oddities are in decode.py, writing is in export.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine import decode
from engine.box import Size
from engine.errors import BadImage

MEGAPIXEL = 1_000_000
SMALLEST_SIDE = 8
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".avif")
_DEEPEST_FOLDER = 3


@dataclass(frozen=True, eq=False)
class Picture:
    """An image file, ready for the engine.

    Args:
        pixels: uint8 [3, H, W], sRGB, upright.
        path: where it was read from.
        original: its size in the file, upright; larger than `pixels` where it was scaled down.
        notes: sentences about what was changed on the way, for the artist.
    """

    pixels: Tensor
    path: Path
    original: Size
    notes: tuple[str, ...] = ()


def read(path: Path, limit_px: int = 64 * MEGAPIXEL) -> Picture:
    """A picture in sRGB, upright, on white where it is transparent, scaled down to at most `limit_px` pixels.

    Raises:
        BadImage: it can not be read, is damaged, or has a side below 8 px.
    """
    opened = decode.open_image(path)
    original = _size(opened)
    pixels, notes = decode.upright(opened, min(1.0, (limit_px / original.area) ** 0.5))
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        raise BadImage(
            f"{path} is too small to be used: {original.width} x {original.height} px. "
            f"Choose a picture of at least {SMALLEST_SIDE} px on each side."
        )
    if pixels.shape[:2] != (original.height, original.width):
        notes = (
            *notes,
            f"{path.name} is very large ({original.width:,} x {original.height:,} px) and was scaled down to "
            f"{pixels.shape[1]:,} x {pixels.shape[0]:,} px.",
        )
    return Picture(torch.from_numpy(pixels).permute(2, 0, 1).contiguous(), path, original, notes)


def size(path: Path) -> Size:
    """Of the picture in the file, upright; reads no more than the file's header.

    Raises:
        BadImage: it can not be read. Damage further on is not seen.
    """
    return _size(decode.open_image(path))


def thumbnail(path: Path, side: int) -> np.ndarray:
    """The picture within a square of `side` pixels, never enlarged: uint8 [h, w, 3], sRGB.

    Raises:
        BadImage: it can not be read, or is damaged.
    """
    opened = decode.open_image(path)
    return decode.upright(opened, min(1.0, side / max(opened.image.height, opened.image.width)))[0]


def _size(opened: decode.Opened) -> Size:
    height, width = opened.image.height, opened.image.width
    return Size(width, height) if decode.turned(opened.image) else Size(height, width)


def to_bytes(picture: Tensor) -> np.ndarray:
    """Float [3, h, w], 0..1, to uint8 [h, w, 3], rounded; values outside are clipped, NaN becomes black."""
    return _to_whole_numbers(picture, 255).to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()


def to_words(picture: Tensor) -> np.ndarray:
    """Float [3, h, w], 0..1, to uint16 [h, w, 3], rounded; values outside are clipped, NaN becomes black."""
    whole = _to_whole_numbers(picture, 65535).to(torch.int32)  # few operators know torch.uint16
    return whole.permute(1, 2, 0).contiguous().cpu().numpy().astype(np.uint16)


def _to_whole_numbers(picture: Tensor, white: int) -> Tensor:
    return picture.detach().float().nan_to_num(0.0).clamp(0, 1).mul(white).round_()


def expand(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """What an artist dropped, as image files: files stay, folders are searched three folders deep.

    Returns:
        The files in the order given, those of a folder sorted as people count (2 before 10), none twice; and a
        sentence for each path that gave nothing.
    """
    files: dict[Path, None] = {}
    problems: list[str] = []
    for path in paths:
        if path.is_dir():
            unreadable: list[str] = []
            found = _search(path, _DEEPEST_FOLDER, unreadable)
            problems += unreadable
            if not found and not unreadable:
                problems.append(f"{path} holds no images that can be read ({', '.join(SUFFIXES)}).")
            files |= dict.fromkeys(found)
        elif path.exists():
            files[path] = None
        else:
            problems.append(decode.missing(path))
    return list(files), problems


def _search(folder: Path, depth: int, unreadable: list[str]) -> list[Path]:
    try:
        entries = sorted((Path(entry) for entry in os.scandir(folder)), key=_natural)
    except OSError as error:
        unreadable.append(f"The folder {folder} could not be opened ({error.strerror}). Check that you may read it.")
        return []
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    found = [entry for entry in shown if entry.suffix.lower() in SUFFIXES and entry.is_file()]
    if depth > 1:
        for entry in shown:
            if entry.is_dir():
                found += _search(entry, depth - 1, unreadable)
    return found


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
