"""A picture on disk that is painted box by box, in any order: the canvas file of an export, and looking at it.

Which boxes are done is journal.py's; what is painted and what becomes of it are tiles.py's and encoders.py's.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import tifffile
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadCanvasError
from engine.images.quantise import to_uint8, to_uint16

NAME = "canvas.tif"
OPACITY_NAME = "opacity.raw"
"""Beside a canvas file while it is encoded with places that are transparent."""


class CanvasFile:
    """An uncompressed BigTIFF, uint8 or uint16 [H, W, 3], of which no page stays in the program's memory.

    It is written row by row and never mapped, so that several machines can paint on one shared disk.
    """

    def __init__(self, path: Path, size: Size, bits: int, offset: int) -> None:
        self.path, self.size, self.bits = path, size, bits
        self._offset = offset
        self._dtype = np.dtype("<u1" if bits == 8 else "<u2")

    @classmethod
    def create(cls, path: Path, size: Size, bits: int) -> CanvasFile:
        """An empty canvas, whose disk space is taken at once. Raises OSError where there is not enough."""
        dtype = np.uint8 if bits == 8 else np.uint16
        shape = (size.height, size.width, 3)
        mapped = tifffile.memmap(
            path, shape=shape, dtype=dtype, photometric="rgb", bigtiff=True, byteorder="<", metadata=None
        )
        offset = int(mapped.offset)
        del mapped
        _allocate(path, offset)
        return cls(path, size, bits, offset)

    @classmethod
    def open(cls, path: Path, size: Size, bits: int) -> CanvasFile:
        """A canvas that was begun before. Raises BadCanvasError: it is not there, or not of this size and depth."""
        try:
            with tifffile.TiffFile(path) as file:
                page = file.pages[0]
                offset, shape, dtype = int(page.dataoffsets[0]), page.shape, page.dtype  # type: ignore[union-attr]
                contiguous = bool(page.is_contiguous)  # type: ignore[union-attr]
            length = path.stat().st_size
        except (OSError, ValueError, IndexError, TypeError, tifffile.TiffFileError):
            raise BadCanvasError(
                f"{path} is damaged or gone, so this picture has to be painted from the start."
            ) from None
        wanted = (size.height, size.width, 3)
        if shape != wanted or dtype != (np.uint8 if bits == 8 else np.uint16) or not contiguous:
            raise BadCanvasError(f"{path} belongs to another picture, so this one has to be painted from the start.")
        if length < offset + size.area * 3 * (bits // 8):
            raise BadCanvasError(f"{path} breaks off before its end, so this picture has to be painted from the start.")
        return cls(path, size, bits, offset)

    def put(self, box: Box, picture: Tensor) -> int:
        """Writes float [3, h, w], 0..1, where `box` lies on the canvas; returns a checksum of what was written."""
        pixels = to_uint8(picture) if self.bits == 8 else to_uint16(picture)
        if pixels.shape != (box.height, box.width, 3):
            raise ValueError(f"{box} was painted as {tuple(picture.shape)}")
        pixels = pixels.astype(self._dtype, copy=False)
        box.within(self.size.box)
        with self.path.open("r+b", buffering=0) as file:
            for row, line in enumerate(pixels, start=box.top):
                _seek(file, self._place(row, box.left))
                _write(file, line.data.cast("B"))
        return zlib.crc32(pixels.data)

    def read(self, box: Box) -> np.ndarray:
        """uint8 or uint16 [h, w, 3] of what lies there so far."""
        box.within(self.size.box)
        pixels = np.empty((box.height, box.width, 3), self._dtype)
        with self.path.open("rb", buffering=0) as file:
            if box.width == self.size.width:
                _seek(file, self._place(box.top, 0))
                file.readinto(pixels.data.cast("B"))
                return pixels
            for row, line in enumerate(pixels, start=box.top):
                _seek(file, self._place(row, box.left))
                file.readinto(line.data.cast("B"))
        return pixels

    def checksum(self, box: Box) -> int:
        """The checksum of what lies in the box: that which `put` gave, as long as nothing has changed since."""
        return zlib.crc32(self.read(box).data)

    def glance(self, side: int) -> np.ndarray:
        """The picture so far within a square of `side` pixels, black where nothing is painted: uint8 [h, w, 3].

        May be called from any thread while others paint. Takes single pixels, so it is quick at any size.
        """
        step = max(1, -(-max(self.size.height, self.size.width) // side))
        rows = range(step // 2 if step // 2 < self.size.height else 0, self.size.height, step)
        lines = [self.read(Box(row, 0, 1, self.size.width))[0, step // 2 :: step] for row in rows]
        picture = np.stack(lines)
        return picture if self.bits == 8 else (picture >> 8).astype(np.uint8)

    def _place(self, row: int, column: int) -> int:
        return self._offset + (row * self.size.width + column) * 3 * self._dtype.itemsize


def _seek(file, place: int) -> None:
    file.seek(place)


def _write(file, data: memoryview) -> None:
    """All of it: a raw file may take less at a time."""
    while data:
        data = data[file.write(data) :]


def _allocate(path: Path, offset: int) -> None:
    """Takes the disk blocks of an empty canvas now, from its first pixel at `offset` on.

    A full disk is an OSError here, before anything is painted.
    """
    with path.open("r+b") as file:
        length = os.fstat(file.fileno()).st_size
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, length)
            return
        file.seek(offset)
        for start in range(offset, length, 2**24):
            file.write(bytes(min(2**24, length - start)))
