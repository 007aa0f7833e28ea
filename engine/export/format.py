"""What an export format is, and which there are. A new format is one file in formats/, found by looking there.

The command line names the formats in its help, so neither this nor a format's file may load torch, numpy or libvips
before something is written or read.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BadSettingError
from engine.files import replacing

if TYPE_CHECKING:
    from engine.export.encoding import Encoding, Progress, StopAsked

LARGEST_SIDE = 300_000
"""Pixels a side of any picture, whatever a format could hold."""

Write = Callable[["Encoding", "StopAsked"], "Progress"]
Save = Callable[["Encoding", Any, Path], None]
"""A vips image, which can be read once, from top to bottom, to a file."""


def no_packet(path: Path) -> bytes | None:
    """`Format.read_packet` of formats that libvips reads."""
    del path
    return None


@dataclass(frozen=True)
class Format:
    """What a kind of file can hold, and how it is written.

    Args:
        key: unique, for the program.
        title: for people; what stands in brackets is left out where room is short.
        suffixes: in lower case with their dot; the first is proposed.
        write: a painted canvas to `Encoding.out`, whole or not at all. Raises CancelledError, NoRoomError.
        place: formats are offered in this order.
        largest_side: in pixels.
        bits: depths for each channel, of 8 and 16.
        cmyk: whether colours for a press fit in.
        transparency: whether places of it can be transparent.
        transparent_copies: how often it holds the pixels then.
        largest_bytes: of the unpacked picture; 0 where there is no limit.
        options: the fields of `EncodeOptions` that only some formats read and this one does: of "quality",
            "compression" and "pyramid".
        packed_share: bytes of the file to those of the plain pixels, for a picture full of detail.
        read_packet: the XMP packet of a file where libvips does not read it: empty where the file has none, None for
            a file of another format. Raises OSError, ValueError.
    """

    key: str
    title: str
    suffixes: tuple[str, ...]
    write: Write
    place: int = 1000
    largest_side: int = LARGEST_SIDE
    bits: tuple[int, ...] = (8,)
    cmyk: bool = False
    transparency: bool = False
    transparent_copies: int = 1
    largest_bytes: int = 0
    options: frozenset[str] = frozenset()
    packed_share: float = 0.75
    read_packet: Callable[[Path], bytes | None] = no_packet

    @property
    def name(self) -> str:
        """The title without what stands in brackets."""
        return self.title.partition(" (")[0]


def saved_by(save: Save) -> Write:
    """`Format.write` for a single file that libvips writes in one call."""

    def write(encoding: Encoding, stop: StopAsked) -> Progress:
        with replacing(encoding.out) as temporary:
            yield from encoding.in_background(lambda image: save(encoding, image, temporary), stop)

    return write


@cache
def formats() -> tuple[Format, ...]:
    """`FORMAT` of each module in engine/export/formats/, in the order of their places."""
    package = importlib.import_module("engine.export.formats")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    found = [importlib.import_module(f"{package.__name__}.{name}").FORMAT for name in names]
    return tuple(sorted(found, key=lambda kind: (kind.place, kind.key)))


def suffixes() -> tuple[str, ...]:
    """The suffixes of all formats, in their order."""
    return tuple(suffix for kind in formats() for suffix in kind.suffixes)


def format_of(out: Path) -> Format:
    """Raises BadSettingError: no format has this ending."""
    for kind in formats():
        if out.suffix.lower() in kind.suffixes:
            return kind
    raise BadSettingError(f"{out.name} can not be exported: the name has to end in {', '.join(suffixes())}.")


def roomiest() -> Format:
    """The format that holds whatever can be painted, to be advised where another can not."""
    return max(formats(), key=lambda kind: (kind.cmyk, max(kind.bits), kind.largest_side, not kind.largest_bytes))


def names(fitting: Callable[[Format], bool], join: str = "and") -> str:
    """Those of some formats in words: "JPEG, WebP and Deep Zoom"."""
    return in_words([kind.name for kind in formats() if fitting(kind)], join)


def in_words(words: list[str], join: str = "and") -> str:
    """ "a, b and c"."""
    return f" {join} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
