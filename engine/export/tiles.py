"""A canvas of any size to a file: tiles into a canvas file with a journal on disk, the canvas file then to a format.

The canvas file is canvas_file.py's, the journal journal.py's, the formats are formats.py's. Neither half holds more
than a strip of the picture in memory. What is painted is the caller's business, views for the screen are render.py's.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadCanvas, BadSetting, Cancelled, NoRoom
from engine.export import journal as journals
from engine.export import seams
from engine.export.encoders import LARGEST_SIDE, SUFFIXES, check_limits, encode
from engine.export.journal import Journal, Picture
from engine.export.print_sizes import Layout
from engine.files import no_room
from engine.messages import Progressed
from engine.options import Finish, canvas_bits

__all__ = ["LARGEST_SIDE", "SUFFIXES", "Paint", "Report", "Wish", "bytes_needed", "check", "encode", "export"]

Paint = Callable[[Box], Tensor]
_FIRST_GUESS_BYTES_PER_S = 60e6  # of encoding, for the time left before any is done


@dataclass(frozen=True)
class Wish:
    """What is exported, besides what is painted.

    Args:
        out: the file; its ending decides the format.
        trim: the picture's size after cutting.
        tile_px: side of a tile.
        bits: 8 or 16 for each channel of the file.
        bleed_px: more picture on each side.
        finish: how it is written.
        details: plain JSON of all that decides the pixels: equal ones can be gone on with.
        story: plain JSON of what was asked for, to be asked again after a crash.
        folder: keeps the canvas, also afterwards; None for a folder beside `out` that is removed at the end.
        resume: go on with the canvas that is there.
        part: (k, n): paint the k-th of n parts only, and write no file.
        assemble: paint nothing; write the file when all parts are painted.
        xmp: metadata that says where the picture comes from.
        fill: puts more into a new canvas' folder, such as the weights.
    """

    out: Path
    trim: Size
    tile_px: int
    bits: int = 8
    bleed_px: int = 0
    finish: Finish = field(default_factory=Finish)
    details: Mapping[str, Any] = field(default_factory=dict)
    story: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    resume: bool = False
    part: tuple[int, int] = (1, 1)
    assemble: bool = False
    xmp: bytes | None = None
    fill: Callable[[Path], None] = lambda folder: None

    @property
    def layout(self) -> Layout:
        return Layout(self.trim, self.bleed_px, self.finish)

    @property
    def picture(self) -> Picture:
        return Picture(self.layout.painted, canvas_bits(self.bits, self.finish), self.tile_px, self.details)

    @property
    def canvas_folder(self) -> Path:
        return self.folder or journals.folder_for(self.out)

    @property
    def partial(self) -> bool:
        return self.part != (1, 1)


@dataclass(frozen=True)
class Report:
    """What became of an export.

    Args:
        size: of the file, bleed and margins included; in pixels.
        seam: mean step between pixels across the tiles' borders, by the mean step elsewhere: 1 where no tile is seen.
            None where not all was painted.
        gone_on_with: how many tiles had been painted before.
        tiles: how many there are in all.
    """

    size: Size
    seam: float | None
    gone_on_with: int
    tiles: int


def check(out: Path, canvas: Size, bits: int, finish: Finish | None = None, folder: Path | None = None) -> None:
    """Everything that can be known to fail before a long job begins.

    Args:
        canvas: size of the file, bleed and margins included.
        folder: of the canvas file, where it is not beside `out`.

    Raises:
        BadSetting: the kind of file, its profile, the depth or the size is not possible.
        NoRoom: the folder can not be written to, or the disk has too little space.
    """
    finish = finish or Finish()
    check_limits(out, canvas, bits, finish)
    if out.is_dir():
        raise BadSetting(f"{out} is a folder. Choose a name for the file.")
    place = _existing(out)
    if not place.is_dir():
        raise NoRoom(f"{place} is a file, so no picture can be put below it. Choose another folder.")
    if not os.access(place, os.W_OK | os.X_OK):
        raise NoRoom(f"{place} can not be written to. Choose another folder, or change its permissions.")
    needed, free = bytes_needed(canvas, bits, finish), shutil.disk_usage(place).free
    begun = (folder or journals.folder_for(out)) / journals.NAME
    if begun.exists():  # its blocks are taken already
        free += begun.stat().st_size
    if needed > free:
        raise NoRoom(
            f"{out.name} with {canvas.width:,} x {canvas.height:,} px needs up to {_gigabytes(needed)} of disk while "
            f"it is made, and {place} has {_gigabytes(free)} free. "
            "Free some space, choose another disk, or a smaller size."
        )


def bytes_needed(canvas: Size, bits: int, finish: Finish | None = None) -> int:
    """Disk that an export takes at most while it runs: the canvas file, and a picture that could not be packed."""
    depth = canvas_bits(bits, finish or Finish())
    return int(canvas.area * 3 * (bits + depth) // 8 * 1.01) + 2**16


def export(
    paint: Paint | Sequence[Paint],
    canvas: Size,
    out: Path,
    *,
    tile_px: int,
    bits: int = 8,
    stop: Callable[[], bool] = lambda: False,
    finish: Finish | None = None,
) -> Generator[Progressed, None, Report]:
    """`fulfil` for a picture without any extras."""
    return fulfil(paint, Wish(out, canvas, tile_px, bits, finish=finish or Finish()), stop=stop)


def fulfil(
    paint: Paint | Sequence[Paint], wish: Wish, *, stop: Callable[[], bool] = lambda: False
) -> Generator[Progressed, None, Report]:
    """Paints a canvas to a file, which appears when all is done; the memory in use is that of a tile.

    A canvas that was begun stays beside the file when this ends in any other way than well, and can be gone on with.

    Args:
        paint: float [3, h, w], 0..1, of any box of the plane; called under `torch.no_grad()`. Several share the
            tiles, each in a thread of its own.
        stop: is asked between two tiles, and while the file is encoded.

    Raises:
        Cancelled: `stop` said so.
        BadSetting, NoRoom: see `check`; also for a disk that is full half-way.
        BadCanvas: the canvas to go on with is damaged, or of another picture; or parts of it are missing.
    """
    check(wish.out, wish.layout.file, wish.bits, wish.finish, wish.folder)
    journal = _journal(wish)
    tiles = wish.picture.tiles()
    painting = _Painting(journal, tiles, wish, stop)
    encoding_s = wish.layout.file.area * 3 * (wish.bits // 8) / _FIRST_GUESS_BYTES_PER_S
    parts = len(tiles) + max(1, len(tiles) // 10)  # the last tenth is the encoding
    for done, seconds_left in painting.run(list(paint) if isinstance(paint, Sequence) else [paint]):
        yield Progressed("export", done, parts, None if seconds_left is None else seconds_left + encoding_s)
    before = len(painting.before)
    if wish.partial and not wish.assemble:
        return Report(wish.layout.file, None, before, len(tiles))
    if painting.missing:
        raise BadCanvas(
            f"{len(painting.missing)} of {len(tiles)} tiles are not painted yet. "
            "Let all parts end first, and assemble them then."
        )
    seam = seams.measure(journal.canvas, wish.picture)
    encoding = encode(
        journal.canvas,
        wish.out,
        finish=wish.finish,
        bits=wish.bits,
        layout=wish.layout,
        xmp=wish.xmp,
        stop=stop,
    )
    for share, seconds_left in encoding:
        yield Progressed("export", len(tiles) + int(share * (parts - len(tiles))), parts, seconds_left)
    if wish.folder is None:
        journals.remove(journal.folder)
    return Report(wish.layout.file, seam, before, len(tiles))


class _Painting:
    """The tiles of one process."""

    def __init__(self, journal: Journal, tiles: list[Box], wish: Wish, stop: Callable[[], bool]) -> None:
        self.journal, self.tiles, self.wish, self.stop = journal, tiles, wish, stop
        self.before = journal.done() if wish.resume or wish.partial or wish.assemble or wish.folder else set()
        self.after = set(self.before)
        self.area = sum(tiles[number].area for number in self.before)
        self.started, self.area_before = time.monotonic(), self.area

    @property
    def missing(self) -> set[int]:
        return set(range(len(self.tiles))) - self.after

    def run(self, paints: list[Paint]) -> Iterator[tuple[int, float | None]]:
        """Yields how many are done, and the seconds left."""
        yield len(self.after), None
        if self.wish.assemble:
            return
        left = [(number, tile) for number, tile in self.journal.mine(self.tiles) if number not in self.before]
        for number, tile, picture in _painted(paints, left):
            with _writing(self.wish.out):
                self.journal.put(number, tile, picture)
            self.after.add(number)
            self.area += tile.area
            yield len(self.after), self._seconds_left(left)
            if self.stop() and number != left[-1][0]:
                raise Cancelled(f"The export of {self.wish.out.name} was stopped.")

    def _seconds_left(self, left: list[tuple[int, Box]]) -> float:
        painted = self.area - self.area_before
        whole = sum(tile.area for _, tile in left)
        return (time.monotonic() - self.started) * (whole - painted) / painted


def _painted(paints: list[Paint], left: list[tuple[int, Box]]) -> Iterator[tuple[int, Box, Tensor]]:
    """Tiles one after another; by several painters at once, each taking the next one as soon as it is free."""

    def attempt(paint: Paint, tile: Box) -> Tensor:
        with torch.no_grad():
            return paint(tile)

    if len(paints) == 1:
        for number, tile in left:
            yield number, tile, attempt(paints[0], tile)
        return
    waiting = iter(left)
    with ThreadPoolExecutor(len(paints)) as threads:
        busy: dict[Future[Tensor], tuple[Paint, int, Box]] = {}

        def start(paint: Paint) -> None:
            for number, tile in waiting:
                busy[threads.submit(attempt, paint, tile)] = (paint, number, tile)
                return

        for paint in paints:
            start(paint)
        while busy:
            for done in wait(busy, return_when=FIRST_COMPLETED).done:
                paint, number, tile = busy.pop(done)
                picture = done.result()
                start(paint)
                yield number, tile, picture


def _journal(wish: Wish) -> Journal:
    """The canvas to paint on: a new one, or the one to go on with. Raises BadCanvas, NoRoom."""
    folder, picture = wish.canvas_folder, wish.picture
    begun = (folder / journals.NAME).exists()
    if wish.assemble and not begun:
        raise BadCanvas(f"There is nothing to assemble in {folder}. Paint the parts first.")
    if begun and (wish.resume or wish.partial or wish.assemble or wish.folder):
        return Journal.go_on(folder, picture, wish.part)
    journals.remove(folder)
    return Journal.begin(folder, picture, wish.story, wish.part, wish.fill)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise no_room(out, error) from error


def _existing(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.exists())


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
