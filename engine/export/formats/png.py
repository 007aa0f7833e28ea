"""PNG: without loss, read by everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.export.format import Format, saved_by

if TYPE_CHECKING:
    from engine.export.encoding import Encoding


def _save(encoding: Encoding, image: Any, path: Path) -> None:
    from engine.images.decode import vips

    if encoding.xmp:
        image.set_type(vips().GValue.gstr_type, "png-comment-0-Software", "Tessera")
    image.pngsave(os.fsencode(path), compression=6, filter="all")


FORMAT = Format("png", "PNG", (".png",), saved_by(_save), place=10, bits=(8, 16), transparency=True)
