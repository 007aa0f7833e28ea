"""JPEG: small files for screens, shops and presses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.export.format import Format, saved_by

if TYPE_CHECKING:
    from engine.export.encoding import Encoding


def _save(encoding: Encoding, image: Any, path: Path) -> None:
    # never optimize_coding, which holds the whole picture
    image.jpegsave(os.fsencode(path), Q=encoding.encode_options.quality)


FORMAT = Format(
    "jpeg",
    "JPEG",
    (".jpg", ".jpeg"),
    saved_by(_save),
    place=30,
    largest_side=65_500,
    cmyk=True,
    options=frozenset({"quality"}),
    packed_share=0.25,
)
