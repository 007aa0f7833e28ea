"""Files of weights that are too large to ship: where they lie, how they are fetched, checked, or taken from disk.

Nothing is fetched unless `fetch` is called. What is in the files is their network's business.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path

import platformdirs

from engine.errors import BadWeightsError, CancelledError, MissingWeightsError
from engine.files import no_room, replacing
from engine.settings import Settings, idle, specs

_BLOCK_BYTES = 1 << 18
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Weights:
    """A published file: its name, where it is, its size and how its SHA-256 begins."""

    title: str
    name: str
    url: str
    size_bytes: int
    sha256_prefix: str

    @property
    def size(self) -> str:
        return f"{self.size_bytes / 1e6:,.0f} MB"


VGG19 = Weights(
    title="VGG-19",
    name="vgg19-dcbb9e9d.pth",
    url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    size_bytes=574_673_361,
    sha256_prefix="dcbb9e9d",
)


_BY_CHOICE = {"vgg19": VGG19}
"""A setting that chooses one of these needs its file."""


def needed(settings: Settings) -> tuple[Weights, ...]:
    """The files that a method needs with these settings."""
    without_effect = idle(settings)
    chosen = (getattr(settings, s.name) for s in specs(type(settings)) if s.name not in without_effect)
    return tuple(dict.fromkeys(_BY_CHOICE[value] for value in chosen if isinstance(value, str) and value in _BY_CHOICE))


def missing_weights(settings: Settings, cache_folder: Path | None = None) -> tuple[Weights, ...]:
    """Those of them that are not on this computer yet."""
    return tuple(weights for weights in needed(settings) if not os.path.isfile(place_of(weights, cache_folder)))


def folder() -> Path:
    """The user's cache folder of Tessera."""
    return Path(platformdirs.user_cache_dir("Tessera"))


def place_of(weights: Weights, cache_folder: Path | None = None) -> Path:
    """Where the file is, or would be."""
    return (cache_folder or folder()) / weights.name


def present(weights: Weights, cache_folder: Path | None = None) -> Path:
    """The file's place. Raises MissingWeightsError: it is not there; name, size and place are said."""
    path = place_of(weights, cache_folder)
    if not os.path.isfile(path):
        raise MissingWeightsError(
            f"{weights.title} is not on this computer yet. Fetch it ({weights.size}) with `tessera fetch`, or download "
            f"{weights.url} yourself and put it at {path}. Without it, choose Built-in filters as the network."
        )
    return path


def fetch(
    weights: Weights, cache_folder: Path | None = None, stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[int, int]]:
    """Downloads the file into the cache, going on where an earlier attempt broke off.

    Yields:
        bytes there so far, and in all.

    Raises:
        CancelledError: `stop` said so; what is there is kept for the next time.
        MissingWeightsError: no connection, or it broke off.
        BadWeightsError: what came is another file; it was removed.
        NoRoomError: the cache can not be written.
    """
    path = place_of(weights, cache_folder)
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = part.stat().st_size if part.exists() else 0
        part.open("ab").close()
    except OSError as error:
        raise no_room(path, error) from error
    yield from _receive(weights, part, begun, stop)
    if not sha256(part).startswith(weights.sha256_prefix):
        part.unlink()
        raise BadWeightsError(
            f"What came from {weights.url} is not {weights.name}: its checksum does not begin with "
            f"{weights.sha256_prefix}. Try again later, or put the file at {path} yourself."
        )
    try:
        part.replace(path)
    except OSError as error:
        raise no_room(path, error) from error


def _receive(weights: Weights, part: Path, begun: int, stop: Callable[[], bool]) -> Iterator[tuple[int, int]]:
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    request = urllib.request.Request(weights.url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            resumed = answer.status == 206
            begun = begun if resumed else 0
            total = begun + int(answer.headers.get("Content-Length") or 0)
            there = begun
            with _opened(part, "ab" if resumed else "wb") as file:
                yield there, total
                while block := answer.read(_BLOCK_BYTES):
                    if stop():
                        raise CancelledError(
                            f"The download of {weights.name} was stopped; it goes on from there next time."
                        )
                    _written(file, block, part)
                    there += len(block)
                    yield there, total
    except urllib.error.HTTPError as error:
        if error.code == 416 and begun:  # all of it is there already
            return
        raise _offline(weights, part, f"the server answered {error.code}") from None
    except (urllib.error.URLError, HTTPException, OSError) as error:
        raise _offline(weights, part, str(getattr(error, "reason", error))) from None
    if total and there < total:
        raise _offline(weights, part, f"it broke off after {there / 1e6:,.0f} of {total / 1e6:,.0f} MB")


def _opened(part: Path, mode: str):
    try:
        return part.open(mode)
    except OSError as error:
        raise no_room(part, error) from error


def _written(file, block: bytes, part: Path) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:
        raise no_room(part, error) from error


def _offline(weights: Weights, part: Path, reason: str) -> MissingWeightsError:
    return MissingWeightsError(
        f"{weights.name} ({weights.size}) could not be fetched: {reason}. Try again, the download goes on from where "
        f"it was; or download {weights.url} elsewhere and put it at {part.with_name(weights.name)}."
    )


def adopt(weights: Weights, chosen: Path, cache_folder: Path | None = None) -> Path:
    """Copies a file that the artist chose into the cache, once it is known to be the right one.

    Raises:
        BadWeightsError: it is another file, or can not be read.
        NoRoomError: the cache can not be written.
    """
    try:
        digest = sha256(chosen)
    except OSError as error:
        raise BadWeightsError(f"{chosen} could not be read ({error.strerror or error}). Choose another file.") from None
    if not digest.startswith(weights.sha256_prefix):
        raise BadWeightsError(
            f"{chosen} is not {weights.name}, or is damaged: its checksum does not begin with "
            f"{weights.sha256_prefix}. Choose the file that {weights.url} gives."
        )
    path = place_of(weights, cache_folder)
    with replacing(path) as temporary:
        shutil.copyfile(chosen, temporary)
    with suppress(OSError):
        path.with_suffix(".part").unlink()
    return path


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal; it is read anew only where it has changed. Raises OSError."""
    facts = path.stat()
    return _digest(path, facts.st_size, facts.st_mtime_ns)


@cache
def _digest(path: Path, size_bytes: int, changed_ns: int) -> str:
    del size_bytes, changed_ns
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
