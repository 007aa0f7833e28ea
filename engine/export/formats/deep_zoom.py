"""Deep Zoom: tiles of all sizes for viewers on the web, and a small XML file that makes them a picture."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.export.format import Format
from engine.files import replacing, replacing_folder

if TYPE_CHECKING:
    from engine.export.encoding import Encoding, Progress, StopAsked

_COMMENT = ("<!-- xmp:", " -->")
_LARGEST_READ = 4_000_000


def _write(encoding: Encoding, stop: StopAsked) -> Progress:
    """A folder NAME_files of tiles, and NAME.dzi, which comes last and makes them a picture."""
    tiles = encoding.out.with_name(f"{encoding.out.stem}_files")
    old = tiles.with_name(f".{tiles.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    with replacing(encoding.out) as temporary:
        with replacing_folder(tiles.with_name(f".{tiles.name}-new")) as folder:

            def save(image: Any) -> None:
                suffix = f".jpg[Q={encoding.encode_options.quality},keep=icc]"
                image.dzsave(os.fsencode(folder / "picture"), tile_size=254, overlap=1, suffix=suffix, keep="icc")

            yield from encoding.in_background(save, stop)
            (folder / "picture_files" / "vips-properties.xml").unlink(missing_ok=True)
            about = (folder / "picture.dzi").read_text(encoding="utf-8").rstrip()
            comment = f"\n{_comment(encoding.xmp)}" if encoding.xmp else ""
            temporary.write_text(f"{about}{comment}\n", encoding="utf-8")
        new = tiles.with_name(f".{tiles.name}-new")
        try:
            if tiles.exists():
                tiles.rename(old)
            (new / "picture_files").rename(tiles)
        finally:
            shutil.rmtree(new, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _comment(xmp: bytes) -> str:
    """XML comments may hold no "--", so the packet is coded."""
    return f"{_COMMENT[0]}{base64.b64encode(xmp).decode()}{_COMMENT[1]}"


def _read_packet(path: Path) -> bytes | None:
    if path.suffix.lower() != ".dzi":
        return None
    _, begins, rest = path.read_bytes()[:_LARGEST_READ].partition(_COMMENT[0].encode())
    packed, ends, _ = rest.partition(_COMMENT[1].encode())
    return base64.b64decode(packed) if begins and ends else b""


FORMAT = Format(
    "dzi",
    "Deep Zoom (tiles for the web)",
    (".dzi",),
    _write,
    place=60,
    options=frozenset({"quality"}),
    packed_share=0.33,
    read_packet=_read_packet,
)
