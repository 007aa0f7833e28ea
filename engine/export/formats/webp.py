"""WebP: smaller files than JPEG, of smaller pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.export.format import Format, saved_by

if TYPE_CHECKING:
    from engine.export.encoding import Encoding


def _save(encoding: Encoding, image: Any, path: Path) -> None:
    image.webpsave(os.fsencode(path), Q=encoding.encode_options.quality)


FORMAT = Format(
    "webp",
    "WebP",
    (".webp",),
    saved_by(_save),
    place=40,
    largest_side=16_383,
    transparency=True,
    options=frozenset({"quality"}),
    packed_share=0.2,
)
