"""Photoshop documents, flat or of one transparent layer, written row by row from an image that is read downwards.

After the published "Adobe Photoshop File Formats Specification": header, image resources, layers, plain image data.
"""

from __future__ import annotations

import errno
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.export.format import Format
from engine.files import no_room, replacing

if TYPE_CHECKING:
    import numpy as np

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
    """Channel after channel, as the format has it, so the image is read once for each; the share that is done, 0..1.

    Where places are transparent there is one layer, with its transparency, and what it looks like flat: the last
    channel of that says how opaque it is.
    """
    import numpy as np

    image, transparent = encoding.image(), encoding.opacity is not None
    bands, width, height = image.bands, image.width, image.height
    kind = np.dtype(np.uint8) if image.format == "uchar" else np.dtype(np.uint16)
    times = 2 if transparent else 1
    done = 0
    with path.open("wb") as file:
        depth, mode = kind.itemsize * 8, _MODES[encoding.profile.bands]
        file.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1, bands, height, width, depth, mode))
        file.write(struct.pack(">I", 0))  # no palette
        resources = _resource(1005, _resolution(encoding.encode_options.dpi)) + _resource(1039, encoding.profile.data)
        resources += _resource(_XMP, encoding.xmp) if encoding.xmp else b""
        file.write(struct.pack(">I", len(resources)) + resources)
        if transparent:
            before, after = _around_layer(width, height, bands, depth)
            file.write(before)
            for band in (bands - 1, *range(bands - 1)):
                file.write(struct.pack(">H", 0))  # not packed
                for share in _plane(encoding, band, kind, file):
                    yield (done + share) / bands / times
                done += 1
            file.write(after)
        else:
            file.write(struct.pack(">I", 0))  # no layers
        file.write(struct.pack(">H", 0))  # not packed
        for band in range(bands):
            for share in _plane(encoding, band, kind, file):
                yield (done + share) / bands / times
            done += 1


def _plane(encoding: Encoding, band: int, kind: np.dtype, file: BinaryIO) -> Iterator[float]:
    """One channel of all rows; the share of them that is done."""
    import numpy as np

    from engine.images.decode import vips

    image = encoding.image()[band]
    width, height = image.width, image.height
    plane = vips().Region.new(image)  # in this thread, row after row; whole crops would be fetched by several at once
    for top in range(0, height, _ROWS):
        count = min(_ROWS, height - top)
        rows = np.frombuffer(plane.fetch(0, top, width, count), kind).reshape(count, width)
        if encoding.profile.bands == 4 and band < 4:  # ink is stored as what it leaves of the light
            rows = np.iinfo(kind).max - rows
        file.write(rows.astype(kind.newbyteorder(">"), copy=False).tobytes())
        yield (top + len(rows)) / height


def _around_layer(width: int, height: int, bands: int, depth: int) -> tuple[bytes, bytes]:
    """What comes before and after the pixels of the only layer; of 16 bits layers have a block of their own."""
    plane_bytes = 2 + height * width * depth // 8
    record = struct.pack(">iiiiH", 0, 0, height, width, bands)
    for channel in (-1, *range(bands - 1)):  # -1: transparency
        record += struct.pack(">hI", channel, plane_bytes)
    about = struct.pack(">II", 0, 0) + b"\x07Tessera"  # no mask, no ranges; a name with its length
    record += b"8BIMnorm" + struct.pack(">BBBBI", 255, 0, 0, 0, len(about)) + about
    layers = struct.pack(">h", -1) + record  # below 0: the flat picture's last channel is its transparency
    length = len(layers) + bands * plane_bytes
    filled = bytes(-length % 4)
    length += len(filled)
    if depth == 8:
        return struct.pack(">II", length + 8, length) + layers, filled + struct.pack(">I", 0)  # no mask of all layers
    return struct.pack(">III", length + 20, 0, 0) + b"8BIMLr16" + struct.pack(">I", length) + layers, filled


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
    transparency=True,
    transparent_copies=2,
    largest_bytes=2**31 - 1,
    packed_share=1.0,
    read_packet=_read_packet,
)
