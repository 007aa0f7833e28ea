"""Writing files so that no crash, power cut or full disk leaves half of one under its final name."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from engine.errors import NoRoomError

_MOST_LETTERS = 40
_REMEDIES = {
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EACCES: "Choose another folder, or allow that it is written to.",
    errno.EPERM: "Choose another folder, or allow that it is written to.",
    errno.EROFS: "Choose a folder that can be written to.",
    errno.ENOTDIR: "Choose another folder: a file lies where it should be.",
}
"""What to do about a file that can not be written, where it is not for want of room."""


@contextmanager
def replacing(path: Path, flushed: bool = True) -> Iterator[Path]:
    """A temporary name beside `path` to write to; renamed to `path` when the block ends well, else removed.

    Args:
        flushed: it is on the disk itself when it gets its name, which takes milliseconds, or more on a busy disk.

    Raises:
        NoRoomError: the folder can not be written to, or the disk is full.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=beside(path.stem), suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        os.chmod(temporary, 0o666 & ~_umask())
        yield temporary
        if flushed:
            _flush(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise no_room(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """The same for a folder of several files: appears whole under `path`, or not at all. Raises NoRoomError."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=beside(path.name), dir=path.parent))
        os.chmod(temporary, 0o777 & ~_umask())
        yield temporary
        for parent, _folders, files in os.walk(temporary):
            for name in files:
                _flush(Path(parent) / name)
        os.rename(temporary, path)
    except OSError as error:
        raise no_room(path, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _flush(file: Path) -> None:
    """Has the system write a file to the disk itself, so that a power cut leaves no empty one under its final name."""
    handle = os.open(file, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can
            raise
    finally:
        os.close(handle)


def numbered(name: str, suffix: str = "") -> Iterator[str]:
    """The name, and then the same with 2, 3 and so on behind it: "a.png", "a 2.png".

    Each is made when it is asked for: the first is nearly always free, and ten thousand small texts beside it leave
    holes in Python's memory, which then stay.
    """
    yield f"{name}{suffix}"
    for number in count(2):
        yield f"{name} {number}{suffix}"


def check_writable(path: Path) -> None:
    """Says before long work that a file or folder could not be written under this name, as far as that is known.

    Raises:
        NoRoomError: the folder can not be written to, or a file lies where it should be.
    """
    place = existing_above(path)
    if not place.is_dir():
        raise NoRoomError(f"{place} is a file, so nothing can be put below it. Choose another folder.")
    if not os.access(place, os.W_OK | os.X_OK):
        raise NoRoomError(f"{place} can not be written to. Choose another folder, or change its permissions.")


def existing_above(path: Path) -> Path:
    """The lowest folder above a path that is there already."""
    return next(folder for folder in path.absolute().parents if folder.exists())


def remove_leftovers(folder: Path, older_than_s: float = 3600.0) -> None:
    """Removes what `replacing` and `replacing_folder` had begun in a folder when the program was cut off."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            with suppress(OSError):
                begun = re.fullmatch(r"\..+-[a-z0-9_]{8,32}(\.[a-z]+)?", entry.name) and not entry.is_symlink()
                if begun and time.time() - entry.stat().st_mtime > older_than_s:
                    shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)


def write_atomically(path: Path, text: str) -> None:
    """Writes a small text, as the window does while somebody waits: it is not flushed. Raises NoRoomError."""
    with replacing(path, flushed=False) as temporary:
        temporary.write_text(text, encoding="utf-8")


def no_room(path: Path, error: OSError) -> NoRoomError:
    """What to tell the artist about a file that could not be written."""
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0, "Free some space or choose another folder, and try again.")
    return NoRoomError(f"{path} could not be written ({reason}). {remedy}")


def unusable(path: Path | str, error: OSError) -> str:
    """What to tell the artist of a path that can not even be looked at, as one in a folder that is closed to them."""
    reason = error.strerror or str(error)
    return f"{path} could not be used ({reason}). Check its name, and that you may use the folders above it."


def amount(size_bytes: float) -> str:
    """ "640 kB", "5.2 MB", "1.4 GB": powers of 1000, as disks are sold."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= factor * 0.9995:
            number = size_bytes / factor
            return f"{number:.1f} {unit}" if number < 100 else f"{number:.0f} {unit}"
    return f"{max(1, round(size_bytes / 1e3)) if size_bytes else 0} kB"


def beside(name: str) -> str:
    """How the name of a temporary file beside one begins; not with all its letters, since systems limit names."""
    return f".{name[:_MOST_LETTERS]}-"


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
