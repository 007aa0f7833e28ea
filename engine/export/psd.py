"""Photoshop documents of one flat layer, written row by row from an image that can be read from top to bottom.

After the published "Adobe Photoshop File Formats Specification": header, image resources, plain image data.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.images.decode import vips

LARGEST_SIDE = 30_000
LARGEST_BYTES = 2**31 - 1
_MODES = {3: 3, 4: 4}  # bands: RGB, CMYK
_ROWS = 128


def bytes_needed(width: int, height: int, bands: int, bits: int) -> int:
    """Size of the picture's data; that of the header and the profile comes on top."""
    return width * height * bands * (bits // 8)


def write(
    open_image: Callable[[], Any], path: Path, *, dpi: float, profile: bytes, xmp: bytes | None
) -> Iterator[float]:
    """Channel after channel, as the format has it, so the image is read once for each.

    Args:
        open_image: a vips image, RGB or CMYK of 8 or 16 bits, new on each call.
        profile: ICC; xmp: metadata packet.

    Yields:
        the share that is done, 0..1.

    Raises:
        OSError: the file can not be written.
    """
    region = vips().Region.new  # in this thread, row after row; whole crops would be fetched by several at once
    image = open_image()
    bands, width, height = image.bands, image.width, image.height
    kind = np.dtype(np.uint8) if image.format == "uchar" else np.dtype(np.uint16)
    with path.open("wb") as file:
        depth = kind.itemsize * 8
        file.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1, bands, height, width, depth, _MODES[bands]))
        file.write(struct.pack(">I", 0))  # no palette
        resources = _resource(1005, _resolution(dpi)) + _resource(1039, profile)
        resources += _resource(1060, xmp) if xmp else b""
        file.write(struct.pack(">I", len(resources)) + resources)
        file.write(struct.pack(">I", 0))  # no layers
        file.write(struct.pack(">H", 0))  # not packed
        for band in range(bands):
            plane = region(image[band] if band == 0 else open_image()[band])
            for top in range(0, height, _ROWS):
                count = min(_ROWS, height - top)
                rows = np.frombuffer(plane.fetch(0, top, width, count), kind).reshape(count, width)
                if bands == 4:  # ink is stored as what it leaves of the light
                    rows = np.iinfo(kind).max - rows
                file.write(rows.astype(kind.newbyteorder(">"), copy=False).tobytes())
                yield (band + (top + len(rows)) / height) / bands


def read_resource(path: Path, number: int) -> bytes | None:
    """An image resource, such as 1060, the XMP packet; empty where there is none, None where the file is no document.

    Raises:
        OSError: the file can not be read.
    """
    with path.open("rb") as file:
        if file.read(26)[:4] != b"8BPS":
            return None
        (palette,) = struct.unpack(">I", _exactly(file, 4))
        file.seek(palette, 1)
        (length,) = struct.unpack(">I", _exactly(file, 4))
        end = file.tell() + length
        while file.tell() < end:
            signature, found, name = struct.unpack(">4sHB", _exactly(file, 7))
            if signature != b"8BIM":
                break
            file.seek(name + (name + 1) % 2, 1)
            (size,) = struct.unpack(">I", _exactly(file, 4))
            if found == number:
                return file.read(size)
            file.seek(size + size % 2, 1)
    return b""


def _exactly(file, count: int) -> bytes:
    return file.read(count).ljust(count, b"\0")


def _resource(number: int, data: bytes) -> bytes:
    return struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + data + bytes(len(data) % 2)


def _resolution(dpi: float) -> bytes:
    """Pixels per inch both ways, shown in inches and centimetres alike."""
    fixed = round(dpi * 65536)
    return struct.pack(">IHHIHH", fixed, 1, 1, fixed, 1, 1)
