"""An export format that is not in the package: one file, put where formats are looked for, for one test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.export import format as registry
from engine.export import formats as package

TITLE, SUFFIX = "Portable pixmap", ".ppm"
TEXT = f'''
from engine.export.format import Format, saved_by


def save(encoding, image, path):
    path.write_bytes(b"P6 %d %d 255\\n" % (image.width, image.height) + image.write_to_memory())


FORMAT = Format(
    "ppm", "{TITLE}", ("{SUFFIX}",), saved_by(save), largest_side=2000, options=frozenset({{"quality"}})
)
'''


@contextmanager
def registered(folder: Path) -> Iterator[None]:
    """Writes the file to a new folder, and lets formats be found there, too."""
    folder.mkdir()
    (folder / "pixmap.py").write_text(TEXT, encoding="utf-8")
    package.__path__.append(str(folder))
    registry.formats.cache_clear()
    try:
        yield
    finally:
        package.__path__.remove(str(folder))
        sys.modules.pop(f"{package.__name__}.pixmap", None)
        registry.formats.cache_clear()
