"""Files that libvips does not know: bitmaps, telephones' photos, and the merged picture of layered documents.

Photoshop keeps one beside its layers ("maximise compatibility"), Krita and OpenRaster as `mergedimage.png` in their
archive (OpenRaster specification, "File Layout"). Layers themselves are not read.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import BadImageError

MERGED = "mergedimage.png"
_LARGEST_MERGED_BYTES = 1 << 30
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis")


class Composite(NamedTuple):
    """Pixels, uint8 [H, W, 3 or 4], upright, and the profile that they are in; None for sRGB."""

    pixels: np.ndarray
    profile: bytes | None


def kind_of(path: Path, head: bytes) -> str:
    """ "HEIC", "Photoshop", "OpenRaster" or "BMP" by the file's first 16 bytes; empty for none of them."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "HEIC"
    if head.startswith(b"8BPS"):
        return "Photoshop"
    if head.startswith(b"BM"):
        return "BMP"
    if head.startswith(b"PK\3\4") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return "OpenRaster" if MERGED in archive.namelist() else ""
    return ""


def merged_png(path: Path) -> bytes:
    """The merged picture of a Krita or OpenRaster file, as a PNG.

    Raises:
        BadImageError: it is damaged, or too large to be what it says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MERGED).file_size > _LARGEST_MERGED_BYTES:
                raise BadImageError(f"{path} holds a picture that is too large. Export it as a TIFF, and use that.")
            return archive.read(MERGED)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise BadImageError(f"{path} is damaged and could not be read. Copy or export it again.") from error


def read(path: Path, kind: str, limit_px: int) -> Composite:
    """The picture of a bitmap, a HEIC photo or a Photoshop document.

    Args:
        limit_px: largest number of pixels, since it is decoded whole.

    Raises:
        BadImageError: it has more.
        OSError, SyntaxError, ValueError: it is damaged, in the words of who read it.
    """
    with _opened(path, kind) as picture:
        return _converted(picture, path, kind, limit_px)


def _converted(picture: Any, path: Path, kind: str, limit_px: int) -> Composite:
    if picture.width * picture.height > limit_px:
        raise BadImageError(
            f"{path} is too large to be opened at once ({picture.width:,} × {picture.height:,} px). "
            "Save it as a TIFF or PNG, and use that."
        )
    profile = picture.info.get("icc_profile") if picture.mode in ("RGB", "RGBA") else None
    mode = "RGBA" if kind != "BMP" and picture.mode in ("RGBA", "LA", "PA") else "RGB"
    return Composite(np.array(picture.convert(mode)), profile or None)


def _opened(path: Path, kind: str) -> Any:
    """By the one reader that fits: Pillow's own guess would try them all."""
    if kind == "HEIC":
        import pillow_heif

        return pillow_heif.open_heif(path).to_pillow()
    if kind == "Photoshop":
        from PIL.PsdImagePlugin import PsdImageFile as Reader
    else:
        from PIL.BmpImagePlugin import BmpImageFile as Reader
    return Reader(path)
