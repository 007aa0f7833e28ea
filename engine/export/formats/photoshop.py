"""Photoshop documents of one flat layer, written row by row from an image that is read from top to bottom.

After the published "Adobe Photoshop File Formats Specification": header, image resources, plain image data.
"""

from __future__ import annotations

import errno
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.export.format import Format
from engine.files import no_room, replacing

if TYPE_CHECKING:
    from engine.export.encoding import Encoding, Progress, StopAsked

_MODES = {3: 3, 4: 4}  # bands: RGB, CMYK
_ROWS = 128
_XMP = 1060
_REPORT_S = 0.2


def _write(encoding: Encoding, stop: StopAsked) -> Progress:
    from engine.images.decode import vips

    started = time.monotonic()
    reported = started
    with replacing(encoding.out) as temporary:
        try:
            for share in _rows(encoding, temporary):
                if stop():
                    raise encoding.cancelled()
                if time.monotonic() - reported > _REPORT_S:
                    reported = time.monotonic()
                    yield share, (reported - started) * (1 - share) / share
        except vips().Error as error:
            raise no_room(encoding.out, OSError(errno.EIO, encoding.reason(error))) from error


def _rows(encoding: Encoding, path: Path) -> Iterator[float]:
    """Channel after channel, as the format has it, so the image is read once for each; the share that is done, 0..1."""
    import numpy as np

    from engine.images.decode import vips

    region = vips().Region.new  # in this thread, row after row; whole crops would be fetched by several at once
    image = encoding.image()
    bands, width, height = image.bands, image.width, image.height
    kind = np.dtype(np.uint8) if image.format == "uchar" else np.dtype(np.uint16)
    with path.open("wb") as file:
        depth = kind.itemsize * 8
        file.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1, bands, height, width, depth, _MODES[bands]))
        file.write(struct.pack(">I", 0))  # no palette
        resources = _resource(1005, _resolution(encoding.encode_options.dpi)) + _resource(1039, encoding.profile.data)
        resources += _resource(_XMP, encoding.xmp) if encoding.xmp else b""
        file.write(struct.pack(">I", len(resources)) + resources)
        file.write(struct.pack(">I", 0))  # no layers
        file.write(struct.pack(">H", 0))  # not packed
        for band in range(bands):
            plane = region(image[band] if band == 0 else encoding.image()[band])
            for top in range(0, height, _ROWS):
                count = min(_ROWS, height - top)
                rows = np.frombuffer(plane.fetch(0, top, width, count), kind).reshape(count, width)
                if bands == 4:  # ink is stored as what it leaves of the light
                    rows = np.iinfo(kind).max - rows
                file.write(rows.astype(kind.newbyteorder(">"), copy=False).tobytes())
                yield (band + (top + len(rows)) / height) / bands


def _read_packet(path: Path) -> bytes | None:
    """The image resource with the XMP packet."""
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
            if found == _XMP:
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


FORMAT = Format(
    "psd",
    "Photoshop",
    (".psd",),
    _write,
    place=50,
    largest_side=30_000,
    bits=(8, 16),
    cmyk=True,
    largest_bytes=2**31 - 1,
    packed_share=1.0,
    read_packet=_read_packet,
)
