"""TIFF: any size and depth, RGB and CMYK, packed without loss; a BigTIFF where it has to be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.export.format import Format, saved_by

if TYPE_CHECKING:
    from engine.export.encoding import Encoding

_CLASSIC_BYTES = 3_500_000_000  # the format ends at 4 GiB, and noise can grow when it is packed


def _save(encoding: Encoding, image: Any, path: Path) -> None:
    compression = encoding.encode_options.compression
    image.tiffsave(
        os.fsencode(path),
        compression=compression,
        predictor="none" if compression == "none" else "horizontal",
        tile=True,
        tile_width=256,
        tile_height=256,
        pyramid=encoding.encode_options.pyramid,
        bigtiff=encoding.plain_bytes * 4 // 3 > _CLASSIC_BYTES,
        resunit="inch",
    )


FORMAT = Format(
    "tiff",
    "TIFF",
    (".tif", ".tiff"),
    saved_by(_save),
    place=20,
    bits=(8, 16),
    cmyk=True,
    transparency=True,
    options=frozenset({"compression", "pyramid"}),
)
