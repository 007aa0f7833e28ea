"""`.tessera`: a project in one file, to be given away. A zip whose entries are stored as they are, not compressed.

    project.json, masks/..., snapshots/0001/...   as in the folder, see project.py
    images/...                                    its images, where the artist wants them to travel along; also those
                                                  that lie anywhere else in its folder

Weights and pictures do not get smaller by packing, and what is not compressed can not be a bomb: all that is unpacked
is at most as large as the file. Only names of the kinds above are unpacked, and links are not.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import disk_usage
from typing import IO, Any

from engine.bounded import MOST_JSON_BYTES, parse_json
from engine.copying import CHUNK_BYTES, Progress, project_files
from engine.errors import BadProjectError, CancelledError, NoRoomError
from engine.files import no_room, numbered, replacing, replacing_folder
from engine.foreign import bare_name
from engine.job import Job
from engine.migrations import FORMAT
from engine.opening import open_project
from engine.project import FILE_NAME, SNAPSHOTS, read_stored, stored_job

IMAGES = "images"
_UNFIT = '<>:"/\\|?*'
"""Characters that a name can not have on one system or another."""
_ENTRY = re.compile(
    rf"project\.json|methods\.json|{SNAPSHOTS}/present\.json|(masks|images)/(?!\.)[^/\\:\0]+"
    rf"|{SNAPSHOTS}/[0-9]{{1,8}}/(snapshot\.json|state\.json|state\.safetensors|preview\.png)"
)
_MOST_ENTRIES = 200_000
_MOST_DIRECTORY_BYTES = 64 * 2**20
_END, _END64, _LOCATOR64 = b"PK\5\6", b"PK\6\6", b"PK\6\7"


# ---------------------------------------------------------------- packing


def pack(folder: Path, out: Path, with_images: bool, progress: Progress = lambda _done, _total: True) -> list[str]:
    """Writes a project as one file; returns the paths of images that are not there, and did not come along.

    Args:
        out: is replaced when the file is whole.
        with_images: its images travel along. Otherwise they are looked for where they were, and beside the project.

    Raises:
        BadProjectError: there is no project.
        NoRoomError: it can not be written.
        CancelledError: `progress` said so; `out` is as it was.
    """
    jobs = {FILE_NAME: open_project(folder).job}
    about: dict[str, dict[str, Any]] = {}
    entries: dict[str, Path] = {}
    for name in project_files(folder):
        entry = name.as_posix()
        if entry == FILE_NAME or not _ENTRY.fullmatch(entry):
            continue
        entries[entry] = folder / name
        if name.name == "snapshot.json":
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                about[entry] = parse_json((folder / name).read_text(encoding="utf-8"))
                jobs[entry] = read_stored(about[entry], folder).job
    moved, missing = _travelling(jobs.values(), folder, entries) if with_images else ({}, [])
    texts = {}
    for entry, job in jobs.items():
        stored = stored_job(_with_paths(job, moved, folder), folder)
        _name_what_stays(stored, folder, {*entries, *moved.values()})
        texts[entry] = json.dumps({**about.get(entry, {}), "format": FORMAT, "job": stored}, ensure_ascii=False)
        entries.pop(entry, None)
    entries |= {entry: Path(path) for path, entry in moved.items()}
    total = sum(path.stat().st_size for path in entries.values() if path.exists())
    done = 0
    with replacing(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as packed:
        for entry, text in texts.items():
            packed.writestr(entry, text)
        for entry, path in entries.items():
            try:
                source = path.open("rb")
            except FileNotFoundError:
                continue
            with source, packed.open(zipfile.ZipInfo(entry), "w", force_zip64=True) as target:
                for piece in _pieces(source):
                    target.write(piece)
                    done += len(piece)
                    if not progress(done, total):
                        raise CancelledError("The project was not packed.")
    return missing


def _travelling(jobs: Iterable[Job], folder: Path, entries: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """The entries of images that are not in `entries` already, by path; and the images that are not there."""
    moved: dict[str, str] = {}
    missing: dict[str, None] = {}
    taken = {entry.rpartition("/")[2].casefold() for entry in entries if entry.startswith(f"{IMAGES}/")}
    for job in jobs:
        for image in (image for images in job.sources.values() for image in images):
            path = image.path
            if path in moved or _entry_of(path, folder) in entries:
                continue
            if not Path(path).is_file():
                missing[path] = None
                continue
            name = "".join("_" if letter in _UNFIT or ord(letter) < 32 else letter for letter in bare_name(path))
            stem, suffix = os.path.splitext(name)
            free = next(name for name in numbered(stem, suffix) if name.casefold() not in taken)
            taken.add(free.casefold())
            moved[path] = f"{IMAGES}/{free}"
    return moved, list(missing)


def _entry_of(path: str, folder: Path) -> str | None:
    """What an image in the project's folder would be called as an entry; None for others."""
    place = Path(path)
    return place.relative_to(folder.absolute()).as_posix() if place.is_relative_to(folder.absolute()) else None


def _name_what_stays(stored: dict[str, Any], folder: Path, entries: Collection[str]) -> None:
    """Images in the folder that do not travel are named by where they are now, as those outside it are."""
    for images in stored["sources"].values():
        for image in images:
            if not Path(image["path"]).is_absolute() and image["path"] not in entries:
                image["path"] = str(folder.absolute() / image["path"])


def _with_paths(job: Job, moved: dict[str, str], folder: Path) -> Job:
    """The job with its images where they will be unpacked."""
    sources = {
        slot: tuple(
            image.model_copy(update={"path": str(folder.absolute() / moved[image.path])})
            if image.path in moved
            else image
            for image in images
        )
        for slot, images in job.sources.items()
    }
    return job.model_copy(update={"sources": sources})


# ---------------------------------------------------------------- unpacking


def unpack(path: Path, folder: Path, progress: Progress = lambda _done, _total: True) -> None:
    """Makes a project's folder of a packed one: all of it, or nothing.

    Args:
        folder: is not there yet.

    Raises:
        BadProjectError: it is damaged, was packed by another program, or announces more than it holds.
        NoRoomError: it can not be written.
        CancelledError: `progress` said so.
    """
    with _opened(path) as packed:
        entries = _checked(packed, path)
        total = sum(entry.file_size for entry in entries)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if disk_usage(folder.parent).free < total:
            raise NoRoomError(f"{folder} needs {total / 2**20:,.0f} MB, which the disk does not have. Free some space.")
        done = 0
        with replacing_folder(folder) as temporary:
            for entry in entries:
                target = temporary / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as writing:
                    for piece in _entry_pieces(packed, entry, path):
                        _write(writing, piece, target)
                        done += len(piece)
                        if not progress(done, total):
                            raise CancelledError("The project was not unpacked.")


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        if _directory_bytes(path) > _MOST_DIRECTORY_BYTES:
            raise _damaged(path, "its list of entries is too long")
        packed = zipfile.ZipFile(path)
    except OSError as error:
        raise BadProjectError(f"{path} could not be opened ({error.strerror or error}).") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise _damaged(path, str(error)) from None
    with packed:
        yield packed


def _checked(packed: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """The entries to be unpacked; what Tessera does not pack is passed over."""
    infos = packed.infolist()
    if len(infos) > _MOST_ENTRIES:
        raise _damaged(path, "it has too many entries")
    entries = {info.filename.casefold(): info for info in infos if _ENTRY.fullmatch(info.filename)}
    if FILE_NAME not in entries and not any(name.endswith("/snapshot.json") for name in entries):
        raise BadProjectError(f"{path} holds no project of Tessera. Choose another file.")
    for info in entries.values():
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.file_size != info.compress_size:
            raise _damaged(path, "another program has packed it again; unpack it by hand, and open the folder")
        if info.filename.endswith(".json") and info.file_size > MOST_JSON_BYTES:
            raise _damaged(path, f"{info.filename} is too large")
    if sum(info.file_size for info in entries.values()) > path.stat().st_size:
        raise _damaged(path, "it announces more than it holds")
    return list(entries.values())


def _entry_pieces(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Iterator[bytes]:
    try:
        with packed.open(entry) as source:
            yield from _pieces(source)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise _damaged(path, f"{entry.filename}: {error}") from None


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(CHUNK_BYTES):
        yield piece


def _write(writing: IO[bytes], piece: bytes, target: Path) -> None:
    try:
        writing.write(piece)
    except OSError as error:
        raise no_room(target, error) from error


def _directory_bytes(path: Path) -> int:
    """How long the list of entries says that it is: zipfile reads all of it at once."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        tail_bytes = min(size, 2**16 + 22 + 20 + 56)
        file.seek(size - tail_bytes)
        tail = file.read(tail_bytes)
        end = tail.rfind(_END)
        if end < 0 or end + 16 > len(tail):
            raise zipfile.BadZipFile("it has no end")
        length = int.from_bytes(tail[end + 12 : end + 16], "little")
        locator = tail[max(0, end - 20) : end]
        if locator.startswith(_LOCATOR64):
            place = int.from_bytes(locator[8:16], "little")
            if place + 56 > size:
                raise zipfile.BadZipFile("its end points beyond it")
            file.seek(place)
            end64 = file.read(56)
            if end64.startswith(_END64):
                length = max(length if length != 2**32 - 1 else 0, int.from_bytes(end64[40:48], "little"))
        return length


def _damaged(path: Path, reason: str) -> BadProjectError:
    return BadProjectError(f"{path} can not be unpacked: {reason}. Ask for it again, or for the folder.")
