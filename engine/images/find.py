"""Finds image files in what an artist dropped or named: files, and folders searched three deep. No pixels here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from engine.files import unusable
from engine.images import decode

SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
    ".bmp",
    ".gif",
    ".avif",
    ".heic",
    ".heif",
    ".psd",
    ".ora",
    ".kra",
)
_DEEPEST_FOLDER = 3


def find_images(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """What an artist dropped, as image files: files stay, folders are searched three folders deep.

    Returns:
        The files in the order given, those of a folder sorted as people count (2 before 10), none twice; and a
        sentence for each path that gave nothing.
    """
    files: dict[Path, None] = {}
    problems: list[str] = []
    for path in paths:
        if closed := _closed(path):
            problems.append(closed)
        elif path.is_dir():
            unreadable: list[str] = []
            found = _search(path, _DEEPEST_FOLDER, unreadable)
            problems += unreadable
            if not found and not unreadable:
                problems.append(f"{path} holds no images that can be read ({', '.join(SUFFIXES)}).")
            files |= dict.fromkeys(found)
        elif path.exists():
            files[path] = None
        else:
            problems.append(decode.missing(path))
    unnamed = {file: problem for file in files if (problem := _unnamed(file))}
    return [file for file in files if file not in unnamed], [*problems, *unnamed.values()]


def _closed(path: Path) -> str:
    """Why nothing can be said of a path: a folder above it is closed, or its name too long; empty where it can."""
    try:
        path.exists()
    except OSError as error:
        return unusable(path, error)
    return ""


def _unnamed(file: Path) -> str:
    """What is wrong with a name that no project, no report and no window can hold; empty where it is text."""
    try:
        str(file.absolute()).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(file).decode(errors="replace")
        return f"The name of {shown} is not text in the coding that this system uses. Rename it, or its folder."
    return ""


def _search(folder: Path, depth: int, unreadable: list[str]) -> list[Path]:
    try:
        entries = sorted((Path(entry) for entry in os.scandir(folder)), key=_natural)
        shown = [entry for entry in entries if not entry.name.startswith(".")]
        found = [entry for entry in shown if entry.suffix.lower() in SUFFIXES and entry.is_file()]
    except OSError as error:
        unreadable.append(f"The folder {folder} could not be opened ({error.strerror}). Check that you may read it.")
        return []
    if depth > 1:
        for entry in shown:
            if entry.is_dir():
                found += _search(entry, depth - 1, unreadable)
    return found


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
