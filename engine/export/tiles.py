"""A canvas of any size to a file: tiles into a canvas file with a journal on disk, the canvas file then to a format.

The canvas file is canvas_file.py's, the journal journal.py's, the formats are encoders.py's. Neither half holds more
than a strip of the picture in memory. What is painted is the caller's business; views for the screen are preview/'s.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadCanvasError, BadSettingError, CancelledError, NoRoomError
from engine.export import fringe, seams
from engine.export import journal as journals
from engine.export.encoders import check_limits, encode
from engine.export.format import format_of
from engine.export.journal import CanvasSpec, Journal
from engine.export.print_sizes import Layout
from engine.export.transparency import Opacity
from engine.files import amount, check_writable, existing_above, no_room
from engine.messages.exports import Progressed
from engine.options import EncodeOptions, canvas_bits

Paint = Callable[[Box], Tensor]
Painted = Callable[[list[tuple[int, Box]]], Iterator[tuple[int, Box, Tensor]]]
_FIRST_GUESS_BYTES_PER_S = 60e6  # of encoding, for the time left before any is done


@dataclass(frozen=True)
class ExportPlan:
    """What is exported, besides what is painted.

    Args:
        out: the file; its ending decides the format.
        trim: the picture's size after cutting.
        tile_px: side of a tile.
        bits: 8 or 16 for each channel of the file.
        bleed_px: more picture on each side.
        encode_options: how it is written.
        details: plain JSON of all that decides the pixels: equal ones can be gone on with.
        request_json: plain JSON of what was asked for, to be asked again after a crash.
        folder: keeps the canvas, also afterwards; None for a folder beside `out` that is removed at the end.
        resume: go on with the canvas that is there.
        part: (k, n): paint the k-th of n parts only, and write no file.
        assemble: paint nothing; write the file when all parts are painted.
        xmp: metadata that says where the picture comes from.
        fill: puts more into a new canvas' folder, such as the weights.
        opacity: which places of the file stay transparent; None for none.
    """

    out: Path
    trim: Size
    tile_px: int
    bits: int = 8
    bleed_px: int = 0
    encode_options: EncodeOptions = field(default_factory=EncodeOptions)
    details: Mapping[str, Any] = field(default_factory=dict)
    request_json: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    resume: bool = False
    part: tuple[int, int] = (1, 1)
    assemble: bool = False
    xmp: bytes | None = None
    fill: Callable[[Path], None] = lambda folder: None
    opacity: Opacity | None = None

    @property
    def layout(self) -> Layout:
        return Layout(self.trim, self.bleed_px, self.encode_options)

    @property
    def picture(self) -> CanvasSpec:
        return CanvasSpec(self.layout.painted, canvas_bits(self.bits, self.encode_options), self.tile_px, self.details)

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
        border: see `fringe.measure_border`; None where not all was painted.
        resumed_tiles: how many tiles had been painted before.
        tiles: how many there are in all.
    """

    size: Size
    seam: float | None
    border: float | None
    resumed_tiles: int
    tiles: int


def check(
    out: Path, canvas_size: Size, bits: int, encode_options: EncodeOptions | None = None, folder: Path | None = None
) -> None:
    """Everything that can be known to fail before a long job begins.

    Args:
        canvas_size: size of the file, bleed and margins included.
        folder: of the canvas file, where it is not beside `out`.

    Raises:
        BadSettingError: the kind of file, its profile, the depth or the size is not possible.
        NoRoomError: the folder can not be written to, or the disk has too little space.
    """
    encode_options = encode_options or EncodeOptions()
    profile = check_limits(out, canvas_size, bits, encode_options)
    if out.is_dir():
        raise BadSettingError(f"{out} is a folder. Choose a name for the file.")
    check_writable(out)
    place = existing_above(out)
    copies = format_of(out).transparent_copies if encode_options.transparent else 1
    needed = bytes_needed(canvas_size, bits, encode_options, profile.bands, copies)
    free = shutil.disk_usage(place).free
    begun = (folder or journals.folder_for(out)) / journals.NAME
    with _writing(out):  # its name may be too long for a folder beside it
        free += begun.stat().st_size if begun.exists() else 0  # its blocks are taken already
    if needed > free:
        raise NoRoomError(
            f"{out.name} with {canvas_size.width:,} × {canvas_size.height:,} px needs up to {amount(needed)} of "
            f"disk while it is made, and {place} has {amount(free)} free. "
            "Free some space, choose another disk, or a smaller size."
        )


def bytes_needed(
    canvas_size: Size, bits: int, encode_options: EncodeOptions | None = None, bands: int = 3, copies: int = 1
) -> int:
    """Disk that an export takes at most while it runs: the canvas file, and a picture that could not be packed.

    Args:
        bands: of the file's colours.
        copies: how often the file holds the pixels.
    """
    options = encode_options or EncodeOptions()
    canvas_bytes = 3 * canvas_bits(bits, options) // 8
    plane_bytes = bits // 8 if options.transparent else 0  # of opacity, beside the canvas and in the file
    file_bytes = (bands * bits // 8 + plane_bytes) * copies
    return int(canvas_size.area * (canvas_bytes + plane_bytes + file_bytes) * 1.01) + 2**16


def export(
    paint: Paint | Sequence[Paint],
    canvas_size: Size,
    out: Path,
    *,
    tile_px: int,
    bits: int = 8,
    stop: Callable[[], bool] = lambda: False,
    encode_options: EncodeOptions | None = None,
) -> Generator[Progressed, None, Report]:
    """`fulfil` for a picture without any extras."""
    return fulfil(
        paint, ExportPlan(out, canvas_size, tile_px, bits, encode_options=encode_options or EncodeOptions()), stop=stop
    )


def fulfil(
    paint: Paint | Sequence[Paint],
    plan: ExportPlan,
    *,
    stop: Callable[[], bool] = lambda: False,
    shared: Painted | None = None,
) -> Generator[Progressed, None, Report]:
    """Paints a canvas to a file, which appears when all is done; the memory in use is that of a tile.

    A canvas that was begun stays beside the file when this ends in any other way than well, and can be gone on with.

    Args:
        paint: float [3, h, w], 0..1, of any box of the plane; called under `torch.no_grad()`. Several share the
            tiles, each in a thread of its own.
        stop: is asked between two tiles, and while the file is encoded.
        shared: paints the tiles in place of `paint`, in any order: other machines.

    Raises:
        CancelledError: `stop` said so.
        BadSettingError, NoRoomError: see `check`; also for a disk that is full half-way.
        BadCanvasError: the canvas to go on with is damaged, or of another picture; or parts of it are missing.
    """
    check(plan.out, plan.layout.file, plan.bits, plan.encode_options, plan.folder)
    journal = _journal(plan)
    tiles = plan.picture.tiles()
    painting = _Painting(journal, tiles, plan, stop)
    encoding_s = plan.layout.file.area * 3 * (plan.bits // 8) / _FIRST_GUESS_BYTES_PER_S
    parts = len(tiles) + max(1, len(tiles) // 10)  # the last tenth is the encoding
    paints = list(paint) if isinstance(paint, Sequence) else [paint]
    for done, seconds_left in painting.run(shared or partial(_painted, paints)):
        yield Progressed("export", done, parts, None if seconds_left is None else seconds_left + encoding_s)
    before = len(painting.before)
    if plan.partial and not plan.assemble:
        return Report(plan.layout.file, None, None, before, len(tiles))
    if painting.missing:
        raise BadCanvasError(
            f"{len(painting.missing)} of {len(tiles)} tiles are not painted yet. "
            "Let all parts end first, and assemble them then."
        )
    seam = seams.measure(journal.canvas_file, plan.picture)
    border = fringe.measure_border(journal.canvas_file, plan.bleed_px)
    encoding = encode(
        journal.canvas_file,
        plan.out,
        encode_options=plan.encode_options,
        bits=plan.bits,
        layout=plan.layout,
        xmp=plan.xmp,
        opacity=None if plan.opacity is None else plan.opacity.plane(),
        stop=stop,
    )
    for share, seconds_left in encoding:
        yield Progressed("export", len(tiles) + int(share * (parts - len(tiles))), parts, seconds_left)
    if plan.folder is None:
        journals.remove(journal.folder)
    return Report(plan.layout.file, seam, border, before, len(tiles))


class _Painting:
    """The tiles of one process."""

    def __init__(self, journal: Journal, tiles: list[Box], plan: ExportPlan, stop: Callable[[], bool]) -> None:
        self.journal, self.tiles, self.plan, self.stop = journal, tiles, plan, stop
        self.before = journal.done() if plan.resume or plan.partial or plan.assemble or plan.folder else set()
        self.after = set(self.before)
        self.area = sum(tiles[number].area for number in self.before)
        self.started, self.area_before = time.monotonic(), self.area

    @property
    def missing(self) -> set[int]:
        return set(range(len(self.tiles))) - self.after

    def run(self, painted: Painted) -> Iterator[tuple[int, float | None]]:
        """Yields how many are done, and the seconds left."""
        yield len(self.after), None
        if self.plan.assemble:
            return
        left = [(number, tile) for number, tile in self.journal.mine(self.tiles) if number not in self.before]
        for count, (number, tile, picture) in enumerate(painted(left), start=1):
            with _writing(self.plan.out):
                self.journal.put(number, tile, picture)
            self.after.add(number)
            self.area += tile.area
            yield len(self.after), self._seconds_left(left)
            if self.stop() and count < len(left):
                raise CancelledError(f"The export of {self.plan.out.name} was stopped.")

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


def _journal(plan: ExportPlan) -> Journal:
    """The canvas to paint on: a new one, or the one to go on with. Raises BadCanvasError, NoRoomError."""
    folder, picture = plan.canvas_folder, plan.picture
    begun = (folder / journals.NAME).exists()
    if plan.assemble and not begun:
        raise BadCanvasError(f"There is nothing to assemble in {folder}. Paint the parts first.")
    if begun and (plan.resume or plan.partial or plan.assemble or plan.folder):
        return Journal.go_on(folder, picture, plan.part)
    journals.remove(folder)
    return Journal.begin(folder, picture, plan.request_json, plan.part, plan.fill)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise no_room(out, error) from error
