"""Images that are told apart by their colour, without a file, for a bar of two slots."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QColor, QImage

from engine.declarations import Slot
from engine.errors import BadImageError
from engine.job import SourceImage

SLOTS = (Slot("style", "Style", "What it is made of."), Slot("content", "Content", "What it shows."))
MASKS = (
    Slot("style", "Style", "What it is made of.", maximum=1),
    Slot("style_mask", "Style mask", "Its parts.", maximum=1, kind="mask", beneath=("style",)),
    Slot("target_mask", "Target mask", "Where they shall lie.", maximum=1, kind="mask", beneath=("content", "style")),
    Slot("content", "Content", "A photo to follow.", 0, 1),
    Slot("more", "More", "Other photos.", 0),
)
"""One slot for images and those for its masks."""
NAMES = ("a.png", "b.png", "c.png", "d.png")


def quick(path, side):
    """A thumbnail whose colour tells the file, without reading it."""
    if "broken" in path.name:
        raise BadImageError(f"{path.name} is not an image.")
    image = QImage(8, 8, QImage.Format.Format_RGB888)
    image.fill(QColor(40 * (ord(path.name[0]) - ord("a")), 90, 120))
    return image


def images(*file_names, folder="/pictures"):
    return tuple(SourceImage(path=f"{folder}/{name}") for name in file_names)


def names(sources):
    return [Path(source.path).name for source in sources]
