"""Writing files so that a crash or a full disk never leaves half of one under its final name."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from engine.errors import NoRoomError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to; renamed to `path` when the block ends well, else removed.

    Raises:
        NoRoomError: the folder can not be written to, or the disk is full.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        os.chmod(temporary, 0o666 & ~_umask())
        yield temporary
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
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        os.chmod(temporary, 0o777 & ~_umask())
        yield temporary
        os.rename(temporary, path)
    except OSError as error:
        raise no_room(path, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def numbered(name: str, suffix: str = "") -> Iterator[str]:
    """The name, and then the same with 2, 3 and so on behind it: "a.png", "a 2.png".

    Each is made when it is asked for: the first is nearly always free, and ten thousand small texts beside it leave
    holes in Python's memory, which then stay.
    """
    yield f"{name}{suffix}"
    for number in count(2):
        yield f"{name} {number}{suffix}"


def remove_leftovers(folder: Path, older_than_s: float = 3600.0) -> None:
    """Removes what `replacing` and `replacing_folder` had begun in a folder when the program was cut off."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            with suppress(OSError):
                begun = re.fullmatch(r"\..+-[a-z0-9_]{8,32}(\.[a-z]+)?", entry.name) and not entry.is_symlink()
                if begun and time.time() - entry.stat().st_mtime > older_than_s:
                    shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)


def write_atomically(path: Path, text: str) -> None:
    """Raises NoRoomError."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def no_room(path: Path, error: OSError) -> NoRoomError:
    """What to tell the artist about a file that could not be written."""
    reason = error.strerror or str(error)
    return NoRoomError(
        f"{path} could not be written ({reason}). Free some space or choose another folder, and try again."
    )


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
