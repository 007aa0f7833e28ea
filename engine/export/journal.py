"""A folder beside an export's file that outlives a crash: the canvas file, what it is of, and which tiles are done.

mosaic.png.unfinished/
  picture.json         what decides its pixels, and the request that it came from
  canvas.tif           see canvas_file.py
  tiles-1-of-1.txt     a line for each finished tile: its number and checksum; one file for each part
  snapshots/0001/      the weights, where they were not kept elsewhere
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.box import Box, Size
from engine.errors import BadCanvasError, BadSettingError
from engine.export.canvas_file import NAME, OPACITY_NAME, CanvasFile
from engine.files import beside, no_room
from engine.method import method_class

SUFFIX = ".unfinished"
FORMAT = 2
_ABOUT = "picture.json"
_PARTS = "tiles-*-of-*.txt"
_DETAILS_1 = {"how": "render_mode", "canvas": "canvas_size"}
_REQUEST_1 = {"how": "render_mode", "finish": "encode_options", "canvas": "canvas_folder"}


@dataclass(frozen=True)
class CanvasSpec:
    """What decides the pixels of a canvas file, so that equal ones can be gone on with.

    Args:
        box: what is painted; where it begins may be negative (bleed).
        bits: 8 or 16 for each channel.
        tile_px: side of a tile.
        details: plain JSON: what is painted, with which weights, how.
    """

    box: Box
    bits: int
    tile_px: int
    details: Mapping[str, Any]

    @property
    def size(self) -> Size:
        return self.box.size

    @property
    def mark(self) -> str:
        """The same for equal pictures, another for any other."""
        return hashlib.sha256(json.dumps(self.stored(), sort_keys=True).encode()).hexdigest()

    def tiles(self) -> list[Box]:
        """The tiles of the plane, in the order of their numbers."""
        return self.box.tiles(self.tile_px)

    def on_canvas(self, tile: Box) -> Box:
        """Where a tile of the plane lies in the canvas file."""
        return Box(tile.top - self.box.top, tile.left - self.box.left, tile.height, tile.width)

    def stored(self) -> dict[str, Any]:
        box = [self.box.top, self.box.left, self.box.height, self.box.width]
        return {"box": box, "bits": self.bits, "tile_px": self.tile_px, "details": dict(self.details)}


@dataclass(frozen=True)
class Unfinished:
    """A canvas that was begun: its folder, the request it came from (plain JSON), and how many tiles are done."""

    folder: Path
    picture: CanvasSpec
    request_json: dict[str, Any]
    done: int
    total: int

    def canvas_file(self) -> CanvasFile:
        """Opens the picture so far, to look at it. Raises BadCanvasError."""
        return CanvasFile.open(self.folder / NAME, self.picture.size, self.picture.bits)


def folder_for(out: Path) -> Path:
    """Where an export to `out` keeps its canvas unless told otherwise."""
    return out.with_name(out.name + SUFFIX)


def find(folder: Path) -> Unfinished | None:
    """What was begun in a folder; None where there is nothing.

    Raises:
        BadCanvasError: it is damaged.
    """
    if not os.path.exists(folder / _ABOUT):  # False for names that no system has
        return None
    try:
        stored = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if stored["format"] > FORMAT:
            raise BadCanvasError(f"{folder} was begun by a newer Tessera; please update this one.")
        if stored["format"] < FORMAT:
            stored = _with_present_names(stored)
        kept = stored["picture"]
        picture = CanvasSpec(Box(*kept["box"]), kept["bits"], kept["tile_px"], kept["details"])
        request_json = dict(stored["request"])
    except (OSError, ValueError, KeyError, TypeError, BadSettingError):
        raise BadCanvasError(f"{folder} is damaged, so its picture has to be painted from the start.") from None
    return Unfinished(folder, picture, request_json, len(_noted(folder)), len(picture.tiles()))


def remove(folder: Path) -> None:
    """Gives up a canvas; anything else in the folder is left as it is. Raises NoRoomError."""
    if not os.path.exists(folder):
        return
    try:
        for path in (folder / _ABOUT, folder / NAME, *folder.glob(_PARTS), folder / OPACITY_NAME):
            path.unlink(missing_ok=True)
        shutil.rmtree(folder / "snapshots", ignore_errors=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise no_room(folder, error) from error


class Journal:
    """A canvas file and the record of its finished tiles.

    Args:
        part: (k, n): this process paints every n-th tile from the k-th on (1-based); other parts are other processes'.
    """

    def __init__(
        self, folder: Path, picture: CanvasSpec, canvas_file: CanvasFile, part: tuple[int, int] = (1, 1)
    ) -> None:
        self.folder, self.picture, self.canvas_file, self.part = folder, picture, canvas_file, part
        self._path = folder / f"tiles-{part[0]}-of-{part[1]}.txt"

    @classmethod
    def begin(
        cls,
        folder: Path,
        picture: CanvasSpec,
        request_json: Mapping[str, Any],
        part: tuple[int, int] = (1, 1),
        fill: Callable[[Path], None] = lambda folder: None,
    ) -> Journal:
        """A new canvas, or the one that another part has begun at the same moment.

        Args:
            fill: puts more into the new folder, such as the weights.

        Raises:
            NoRoomError: the disk is too full, or the folder can not be written to.
            BadCanvasError: there are other things in the folder, or another part has begun another picture.
        """
        temporary: Path | None = None
        try:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            folder.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=beside(folder.name), dir=folder.parent))
            temporary.chmod(0o755)
            CanvasFile.create(temporary / NAME, picture.size, picture.bits)
            fill(temporary)
            stored = {
                "format": FORMAT,
                "mark": picture.mark,
                "picture": picture.stored(),
                "request": dict(request_json),
            }
            (temporary / _ABOUT).write_text(json.dumps(stored, indent=1, ensure_ascii=False), encoding="utf-8")
            temporary.rename(folder)  # refused where the folder is there, so that one of several parts is the first
        except OSError as error:
            if not folder.exists():
                raise no_room(folder, error) from error
            if not (folder / _ABOUT).exists():
                raise BadCanvasError(
                    f"{folder} is there already and holds other things. Choose another folder."
                ) from None
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
        return cls.go_on(folder, picture, part)

    @classmethod
    def go_on(cls, folder: Path, picture: CanvasSpec, part: tuple[int, int] = (1, 1)) -> Journal:
        """A canvas that was begun. Raises BadCanvasError: it is of another picture, or damaged."""
        begun = find(folder)
        if begun is None or begun.picture.mark != picture.mark:
            raise BadCanvasError(
                f"{folder} holds another picture (other weights, settings, size or images). "
                "Export to another name, or start this one afresh."
            )
        journal = cls(folder, picture, CanvasFile.open(folder / NAME, picture.size, picture.bits), part)
        journal._cut_torn_line()
        return journal

    def put(self, number: int, tile: Box, picture: Any) -> None:
        """Writes a tile, and then notes it. Raises OSError."""
        checksum = self.canvas_file.put(self.picture.on_canvas(tile), picture)
        with self._path.open("ab", buffering=0) as file:
            file.write(b"%d %08x\n" % (number, checksum))

    def _cut_torn_line(self) -> None:
        """What was written last before a crash may be half a line, to which the next one must not be joined."""
        if self._path.exists():
            written = self._path.read_bytes()
            if not written.endswith(b"\n"):
                with self._path.open("r+b") as file:
                    file.truncate(written.rfind(b"\n") + 1)

    def mine(self, tiles: Sequence[Box]) -> list[tuple[int, Box]]:
        """The numbered tiles of this part."""
        first, every = self.part
        return list(enumerate(tiles))[first - 1 :: every]

    def done(self) -> set[int]:
        """Numbers of the tiles, of all parts, that lie on the canvas as they were painted.

        A tile whose bytes did not reach the disk before a power cut has another checksum, and is painted again.
        Raises BadCanvasError for a journal that is damaged in its middle.
        """
        tiles = self.picture.tiles()
        noted = _noted(self.folder)
        if any(number >= len(tiles) for number in noted):
            raise _damaged(self.folder)
        return {n for n, checksum in sorted(noted.items()) if self._holds(tiles[n], checksum)}

    def _holds(self, tile: Box, checksum: int) -> bool:
        return self.canvas_file.checksum(self.picture.on_canvas(tile)) == checksum


def _with_present_names(stored: dict[str, Any]) -> dict[str, Any]:
    """What format 1 (Tessera 0.1) wrote of an export, with the names of today. Raises KeyError, BadSettingError."""
    request = {_REQUEST_1.get(name, name): value for name, value in stored["wish"].items()}
    return {**stored, "picture": spec_with_present_names(stored["picture"]), "request": request}


def spec_with_present_names(stored: dict[str, Any]) -> dict[str, Any]:
    """A stored `CanvasSpec` of format 1 with the names of today. Raises KeyError, BadSettingError."""
    details = {_DETAILS_1.get(name, name): value for name, value in stored["details"].items()}
    if "job" in details:
        settings = method_class(details["job"]["method"]).Settings.of(details["job"]["settings"])
        details["job"] = {**details["job"], "settings": settings.model_dump(mode="json", exclude_unset=True)}
    return {**stored, "details": details}


def _noted(folder: Path) -> dict[int, int]:
    """Checksums by number of tile, from all parts. Raises BadCanvasError."""
    noted: dict[int, int] = {}
    for path in sorted(folder.glob(_PARTS)):
        noted |= _lines(path)
    return noted


def _lines(path: Path) -> Iterator[tuple[int, int]]:
    try:
        *lines, _torn = path.read_bytes().split(b"\n")  # the last line may not have been finished
        for line in lines:
            number, _, checksum = line.partition(b" ")
            if len(checksum) != 8:
                raise ValueError
            yield int(number), int(checksum, 16)
    except (OSError, ValueError):
        raise _damaged(path) from None


def _damaged(path: Path) -> BadCanvasError:
    return BadCanvasError(f"{path} is damaged, so this picture has to be painted from the start.")
