"""Image files to upright 8 bit sRGB arrays, by libvips, a strip at a time; what is odd about a file ends here.

The sizes allowed and the tensors are in read.py, the only module that uses this one (and export/tiles.py, for `vips`).
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import BadImageError
from engine.images import composite

COMPOSITES = ("BMP", "HEIC", "Photoshop", "OpenRaster")
_WHOLE_LIMIT_PX = 256_000_000  # of pictures that can not be decoded strip by strip


class Opened(NamedTuple):
    """A file whose header was read: the pyvips image can be read once, from top to bottom."""

    image: Any
    path: Path
    kind: str
    notes: tuple[str, ...]


@cache
def vips() -> Any:
    """libvips, set up: no cache of whole pictures, and few threads, since torch wants the cores."""
    os.environ.setdefault("VIPS_CONCURRENCY", str(max(1, min(4, (os.cpu_count() or 1) // 2))))
    import pyvips

    pyvips.cache_set_max(0)
    pyvips.cache_set_max_mem(0)
    return pyvips


def open_image(path: Path) -> Opened:
    """Reads the header. Raises BadImageError, one sentence for each way in which a file can be wrong."""
    kind = _kind(path)
    try:
        image = _composite(path, kind) if kind in COMPOSITES else _loaded(path)
    except vips().Error as error:
        raise _damaged(path, error) from None
    area = image.width * image.height
    if area > _WHOLE_LIMIT_PX and (kind in ("GIF", "AVIF") or _in_passes(image)):
        raise BadImageError(
            f"{path} is too large to be opened at once ({image.width:,} × {image.height:,} px). "
            "Save it as a TIFF, or as a JPEG or PNG that is not progressive or interlaced, and use that."
        )
    pages = int(_field(image, "n-pages", 1))
    notes = ()
    if pages > 1 and kind != "AVIF":
        part = "pages" if kind == "TIFF" else "frames"
        notes = (f"{path.name} has {pages} {part}; the first one is used.",)
    return Opened(image, path, kind, notes)


def _kind(path: Path) -> str:
    """The format, told from the file's first bytes, since names lie."""
    try:
        if path.is_fifo():  # to open one waits for somebody to write to it
            raise BadImageError(f"{path} is a pipe, not a file. Write the picture to a file, and use that.")
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        raise BadImageError(missing(path)) from None
    except OSError as error:
        if path.is_dir():
            raise BadImageError(
                f"{path} is a folder, not a picture. Drop the folder to take the pictures in it."
            ) from None
        raise BadImageError(f"{path} could not be opened ({error.strerror}). Check that you may read it.") from None
    if not head:
        raise BadImageError(f"{path} is empty (0 bytes). Copy or export it again.")
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if kind := composite.kind_of(path, head):
        return kind
    kinds = {
        "JPEG": head.startswith(b"\xff\xd8\xff"),
        "PNG": head.startswith(b"\x89PNG\r\n\x1a\n"),
        "TIFF": head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
        "WebP": head.startswith(b"RIFF") and head[8:12] == b"WEBP",
        "GIF": head[:6] in (b"GIF87a", b"GIF89a"),
        "AVIF": brand in (b"avif", b"avis", b"mif1"),
    }
    for kind, fits in kinds.items():
        if fits:
            return kind
    raise BadImageError(
        f"{path} is not a picture that can be read. Use JPEG, PNG, TIFF, WebP, HEIC, PSD, ORA, KRA, BMP, GIF or AVIF."
    )


def _loaded(path: Path, **options: Any) -> Any:
    # a source, and not a name: libvips takes brackets at the end of a name for options
    source = vips().Source.new_from_file(os.fsencode(path))
    return vips().Image.new_from_source(source, "", access="sequential", fail_on="error", **options)


def _composite(path: Path, kind: str) -> Any:
    """What this libvips does not know itself, decoded whole."""
    if kind == "OpenRaster":
        return vips().Image.new_from_buffer(composite.merged_png(path), "", fail_on="error")
    try:
        pixels, profile = composite.read(path, kind, _WHOLE_LIMIT_PX)
    except (OSError, SyntaxError, ValueError, RuntimeError) as error:  # what Pillow and libheif raise for damaged files
        raise _damaged(path, error) from None
    image = vips().Image.new_from_array(pixels, interpretation="srgb")
    if profile is not None:
        image = image.copy()
        image.set_type(vips().GValue.blob_type, "icc-profile-data", profile)
    return image


# ---------------------------------------------------------------- converting


def upright(opened: Opened, factor: float) -> tuple[np.ndarray, tuple[str, ...]]:
    """The picture on white, scaled by `factor` (at most 1), as uint8 [H, W, 3], and what was changed on the way.

    Where it is transparent in places it has a fourth band that says how opaque it is.

    Raises:
        BadImageError: the file is damaged further on.
    """
    image = opened.image
    width, height = max(1, int(image.width * factor)), max(1, int(image.height * factor))
    try:
        steps = [step for step in (8, 4, 2) if step * factor <= 1]
        if opened.kind == "JPEG" and steps:
            image = _loaded(opened.path, shrink=steps[0])  # most of the scaling is done while decoding
        image, notes = _flat_srgb(opened, image)
        if (image.width, image.height) != (width, height):
            image = image.resize(width / image.width, vscale=height / image.height, kernel="lanczos3")
        pixels = image.copy_memory().autorot().numpy()
    except vips().Error as error:
        raise _damaged(opened.path, error) from None
    bands = 4 if pixels.shape[2] == 4 and pixels[..., 3].min() < 255 else 3
    return np.ascontiguousarray(pixels[..., :bands]), opened.notes + notes


def _flat_srgb(opened: Opened, image: Any) -> tuple[Any, tuple[str, ...]]:
    """8 bit sRGB on white, with the transparency as a fourth band where there is some."""
    notes: tuple[str, ...] = ()
    if image.format not in ("uchar", "ushort") and not image.interpretation.startswith("lab"):
        image, notes = _as_words(opened, image)
    image = _in_srgb(image)
    if image.bands > 3:
        alpha = image[3]
        image = image.extract_band(0, n=4).flatten(background=[255, 255, 255]).bandjoin(alpha)
    return image, notes


def _in_srgb(image: Any) -> Any:
    """8 bit sRGB, one to four bands in, three or four (with transparency) out."""
    if image.interpretation == "cmyk" or image.get_typeof("icc-profile-data") != 0:
        fallback = "cmyk" if image.interpretation == "cmyk" else "srgb"  # also for a profile that is damaged
        return image.icc_transform("srgb", embedded=True, input_profile=fallback, depth=8)
    if image.interpretation.startswith("lab"):
        return image.colourspace("srgb")
    if image.format == "ushort":
        image = (image / 257).rint().cast("uchar")
    return image.copy(interpretation="b-w" if image.bands < 3 else "srgb").colourspace("srgb")


def _as_words(opened: Opened, image: Any) -> tuple[Any, tuple[str, ...]]:
    """Numbers of any kind to 16 bit. White is 1 (or 255 or 65535) where all fit, otherwise the largest number."""
    first_pass = _loaded(opened.path)
    largest = (first_pass.abs() < 1e30).ifthenelse(first_pass, 0).max()  # leaves out infinities and NaN
    real = image.format in ("float", "double")
    scales = (1.0, 255.0) if real else (255.0, 65535.0)
    white = next((scale for scale in scales if largest <= scale), largest)
    notes = ()
    if white not in scales or (real and white != 1):
        notes = (f"{opened.path.name} has unusual tones (up to {largest:g}); {white:g} became white.",)
    image = (image == image).ifthenelse(image, 0) * (65535 / white)
    words = image.rint().cast("ushort")  # clips
    return words.copy(interpretation="grey16" if words.bands < 3 else "rgb16"), notes


def _in_passes(image: Any) -> bool:
    """Progressive or interlaced: nothing is known of the first row until nearly all of the file is read."""
    return bool(_field(image, "interlaced", 0) or _field(image, "jpeg-multiscan", 0))


def turned(image: Any) -> bool:
    """Whether the picture lies on its side in the file, so that its width is the file's height."""
    return int(_field(image, "orientation", 1)) >= 5


def _field(image: Any, name: str, default: Any) -> Any:
    return image.get(name) if image.get_typeof(name) != 0 else default


def missing(path: Path) -> str:
    """The sentence for a file that was moved or deleted."""
    return f"{path} is not there (any more). Put it back, or choose it again where it is now."


def _damaged(path: Path, error: Exception) -> BadImageError:
    if re.search(
        "premature|truncated|unexpected end|read error|bad seek|unable to parse|requires a buffer", str(error), re.I
    ):
        return BadImageError(f"{path} breaks off before its end. Copy or download it again, completely.")
    if re.search("out of range|unsupported|not supported|bad .* format", str(error), re.I):
        return BadImageError(f"{path} is stored in an unusual way that can not be read. Save it as 8 or 16 bit RGB.")
    return BadImageError(f"{path} is damaged and could not be read. Copy or export it again.")
