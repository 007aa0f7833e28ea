"""Which regions the maps in the slots really have, read in the background, so that tiles show no others."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal

from engine.job import SourceImage

if TYPE_CHECKING:
    from torch import Tensor


class PaintedRegions(QObject):
    """Reads the colours of each map once, off the window's thread.

    Signals:
        known(path): the map was read, or can not be.
    """

    known = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palettes: dict[str, Tensor | None] = {}
        """uint8 [R, 3] for each map; None where it can not be read."""
        self._waiting: set[str] = set()
        self._inbox = _Inbox()
        self._inbox.read.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def want(self, path: str) -> None:
        """Starts reading a map that was not read yet."""
        if path in self._palettes or path in self._waiting:
            return
        self._waiting.add(path)
        inbox = self._inbox
        # what reads holds nothing of the window, which may be gone when it runs
        QThreadPool.globalInstance().start(lambda: _read_into(inbox, path))

    def knows(self, path: str) -> bool:
        """Whether the map was read, or can not be."""
        return path in self._palettes

    def forget(self, path: str) -> None:
        """The file has changed: the next `want` reads it again."""
        self._palettes.pop(path, None)

    def lies_in(self, image: SourceImage, path: str) -> tuple[str, ...] | None:
        """The painted regions of a map in which an image may lie, "#rrggbb"; nothing where it may lie in none of them.

        None where the map keeps it from nowhere, can not be read, or is not read yet.
        """
        palette = self._palettes.get(path)
        if image.regions is None or palette is None:
            return None
        from engine.images.maps import as_hex, named  # brings torch along

        meant = [place for color in image.regions if (place := named(color, palette)) is not None]
        return tuple(as_hex(palette[place].tolist()) for place in dict.fromkeys(meant))

    def _take(self, path: str, palette: Tensor | None) -> None:
        self._waiting.discard(path)
        self._palettes[path] = palette
        self.known.emit(path)


class _Inbox(QObject):
    read = Signal(str, object)


def _read_into(inbox: _Inbox, path: str) -> None:
    palette: Tensor | None = None
    with suppress(Exception):  # its thumbnail says what is wrong with it
        from engine.images.maps import read_palette

        palette = read_palette(Path(path))
    with suppress(RuntimeError):  # the program has ended meanwhile
        inbox.read.emit(path, palette)
