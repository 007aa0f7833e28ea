"""A canvas of any size to a file: tiles into a canvas file on disk, and the canvas file to PNG or TIFF.

The two halves can be used apart (`CanvasFile`, `encode`); `export` joins them. Neither holds more than a strip of the
picture in memory. What is painted is the caller's business, and views for the screen are in render.py.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.colour import to_bytes, to_words
from engine.decode import vips
from engine.errors import BadSetting, Cancelled, NoRoom
from engine.files import no_room, replacing
from engine.messages import Progressed

SUFFIXES = (".png", ".tif", ".tiff")
LARGEST_SIDE = 300_000
_CLASSIC_TIFF_BYTES = 3_500_000_000  # the format ends at 4 GiB, and noise can grow when it is packed
_FIRST_GUESS_BYTES_PER_S = 60e6  # of encoding, for the time left before any is done
_REPORT_S = 0.2


def check(out: Path, canvas: Size, bits: int) -> None:
    """Everything that can be known to fail before a long job begins.

    Raises:
        BadSetting: the kind of file, the depth or the size is not possible.
        NoRoom: the folder can not be written to, or the disk has too little space.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise BadSetting(f"{out.name} can not be exported: the name has to end in .png, .tif or .tiff.")
    if bits not in (8, 16):
        raise BadSetting(f"bits can not be {bits}; it is 8 or 16 for each colour.")
    if not (1 <= canvas.width <= LARGEST_SIDE and 1 <= canvas.height <= LARGEST_SIDE):
        raise BadSetting(
            f"A picture of {canvas.width:,} x {canvas.height:,} px can not be exported; "
            f"each side is from 1 to {LARGEST_SIDE:,} px."
        )
    if out.is_dir():
        raise BadSetting(f"{out} is a folder. Choose a name for the file.")
    folder = next(folder for folder in out.absolute().parents if folder.exists())
    if not folder.is_dir():
        raise NoRoom(f"{folder} is a file, so no picture can be put below it. Choose another folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NoRoom(f"{folder} can not be written to. Choose another folder, or change its permissions.")
    needed, free = bytes_needed(canvas, bits), shutil.disk_usage(folder).free
    if needed > free:
        raise NoRoom(
            f"{out.name} with {canvas.width:,} x {canvas.height:,} px needs up to {_gigabytes(needed)} of disk while "
            f"it is made, and {folder} has {_gigabytes(free)} free. "
            "Free some space, choose another disk, or a smaller size."
        )


def bytes_needed(canvas: Size, bits: int) -> int:
    """Disk that an export takes at most while it runs: the canvas file, and a picture that could not be packed."""
    return int(canvas.area * 3 * (bits // 8) * 2.02) + 2**16


def export(
    paint: Callable[[Box], Tensor],
    canvas: Size,
    out: Path,
    *,
    tile_px: int,
    bits: int = 8,
    stop: Callable[[], bool] = lambda: False,
    dpi: float = 300.0,
) -> Iterator[Progressed]:
    """Paints a canvas to `out`, which appears when all is done; the memory in use is that of a tile.

    Args:
        paint: float [3, h, w], 0..1, of any box of the canvas; is called under `torch.no_grad()`.
        tile_px: side of a tile, in pixels.
        bits: 8 or 16 for each channel.
        stop: is asked between two tiles, and while the file is encoded.
        dpi: pixels per inch that the file says it is to be printed with.

    Raises:
        Cancelled: `stop` said so.
        BadSetting, NoRoom: see `check`; also for a disk that is full half-way. Nothing half-written is left.
    """
    check(out, canvas, bits)
    tiles = canvas.box.tiles(tile_px)
    parts = len(tiles) + max(1, len(tiles) // 10)  # the last tenth is the encoding
    encoding_s = canvas.area * 3 * (bits // 8) / _FIRST_GUESS_BYTES_PER_S
    started = time.monotonic()
    yield Progressed("export", 0, parts)
    with _beside(out) as path:
        with _writing(out):
            file = CanvasFile.create(path, canvas, bits)
        painted = 0
        for number, tile in enumerate(tiles, start=1):
            if stop():
                raise Cancelled(f"The export of {out.name} was stopped.")
            with torch.no_grad():
                picture = paint(tile)
            with _writing(out):
                file.put(tile, picture)
            painted += tile.area
            seconds_left = (time.monotonic() - started) * (canvas.area - painted) / painted + encoding_s
            yield Progressed("export", number, parts, seconds_left)
        for done, seconds_left in encode(file, out, stop=stop, dpi=dpi):
            yield Progressed("export", len(tiles) + int(done * (parts - len(tiles))), parts, seconds_left)


class CanvasFile:
    """A picture on disk that is painted box by box: an uncompressed BigTIFF, uint8 or uint16 [H, W, 3].

    Each `put` maps the file anew, so its pages do not stay in the program's memory.
    """

    def __init__(self, path: Path, size: Size, bits: int, offset: int) -> None:
        self.path, self.size, self.bits = path, size, bits
        self._offset = offset

    @classmethod
    def create(cls, path: Path, size: Size, bits: int) -> CanvasFile:
        """An empty canvas, whose disk space is taken at once. Raises OSError where there is not enough."""
        dtype = np.uint8 if bits == 8 else np.uint16
        shape = (size.height, size.width, 3)
        mapped = tifffile.memmap(path, shape=shape, dtype=dtype, photometric="rgb", bigtiff=True)
        offset = int(mapped.offset)
        del mapped
        _allocate(path, offset)
        return cls(path, size, bits, offset)

    def put(self, box: Box, picture: Tensor) -> None:
        """Writes float [3, h, w], 0..1, where `box` lies on the canvas."""
        pixels = to_bytes(picture) if self.bits == 8 else to_words(picture)
        if pixels.shape != (box.height, box.width, 3):
            raise ValueError(f"{box} was painted as {tuple(picture.shape)}")
        shape = (self.size.height, self.size.width, 3)
        mapped = np.memmap(self.path, pixels.dtype, "r+", offset=self._offset, shape=shape)
        mapped[box.within(self.size.box)] = pixels


def encode(
    canvas: CanvasFile, out: Path, *, stop: Callable[[], bool] = lambda: False, dpi: float = 300.0
) -> Iterator[tuple[float, float | None]]:
    """A painted canvas to PNG or TIFF (deflate, in tiles), with an sRGB profile and a print size.

    Yields:
        The share that is done, 0..1, and the seconds left (None before that can be told), a few times a second.

    Raises:
        Cancelled: `stop` said so.
        NoRoom: the file can not be written.
    """
    share = 0.0

    def listen(_image: Any, progress: Any) -> None:
        nonlocal share
        share = progress.percent / 100

    with replacing(out) as temporary, ThreadPoolExecutor(1) as thread:
        source = vips().Source.new_from_file(os.fsencode(canvas.path))
        image = vips().Image.new_from_source(source, "", access="sequential")
        image = image.copy(xres=dpi / 25.4, yres=dpi / 25.4, interpretation="srgb" if canvas.bits == 8 else "rgb16")
        image.set_progress(True)
        image.signal_connect("eval", listen)
        started = time.monotonic()
        writing = thread.submit(_write, image, temporary, canvas.size.area * 3 * (canvas.bits // 8))
        stopped = False
        try:
            while not writing.done():
                wait([writing], _REPORT_S)
                stopped = stopped or stop()
                if stopped:
                    image.set_kill(True)
                elif not writing.done():
                    yield share, (time.monotonic() - started) * (1 - share) / share if share > 0.02 else None
        finally:
            image.set_kill(True)  # does nothing when all is written
            del image, source  # Windows removes no file that is still open
        if stopped:
            raise Cancelled(f"The export of {out.name} was stopped.")
        try:
            writing.result()
        except vips().Error as error:
            raise no_room(out, OSError(errno.EIO, _reason(error))) from error
    yield 1.0, 0.0


def _write(image: Any, path: Path, size_bytes: int) -> None:
    name = os.fsencode(path)
    if path.suffix.lower() == ".png":
        image.pngsave(name, compression=6, filter="all", profile="srgb")
    else:
        image.tiffsave(
            name,
            compression="deflate",
            predictor="horizontal",
            tile=True,
            tile_width=256,
            tile_height=256,
            bigtiff=size_bytes > _CLASSIC_TIFF_BYTES,
            resunit="inch",
            profile="srgb",
        )


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    full = [line for line in lines if "No space left" in line or "too large" in line]
    return (full or lines or ["unknown reason"])[-1]


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise no_room(out, error) from error


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A name for the canvas file in the same folder as `out`; removed at the end. Raises NoRoom."""
    with _writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{out.stem}-", suffix=".canvas.tif", dir=out.parent)
        os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _allocate(path: Path, offset: int) -> None:
    """Takes the disk blocks of an empty canvas now, from its first pixel at `offset` on.

    A full disk is an OSError here; met later, in a mapped file, it would end the program.
    """
    with path.open("r+b") as file:
        length = os.fstat(file.fileno()).st_size
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, length)
            return
        file.seek(offset)
        for start in range(offset, length, 2**24):
            file.write(bytes(min(2**24, length - start)))


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
