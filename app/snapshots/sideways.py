"""A row that is scrolled sideways by a plain wheel, and follows its end unless the pointer is over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QEvent
from PySide6.QtGui import QCursor, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QScrollArea, QWidget

TileT = TypeVar("TileT", bound=QWidget)


class SidewaysArea(QScrollArea):
    """Scrolls sideways with a plain wheel, leaves the arrow keys to its owner, and stays at its end once there.

    While the pointer is over it nothing moves by itself: what one is about to click stays where it is.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._at_end = False
        bar = self.horizontalScrollBar()
        bar.valueChanged.connect(self._note_place)
        bar.rangeChanged.connect(self._on_range)

    def follow_end(self) -> None:
        """Goes to the end now, and with it while pictures arrive and tiles become wider."""
        self._at_end = True
        self._on_range(0, self.horizontalScrollBar().maximum())

    def _note_place(self, value: int) -> None:
        self._at_end = value == self.horizontalScrollBar().maximum()

    def _on_range(self, low: int, high: int) -> None:
        if self._at_end and not self.pointed_at:
            self.horizontalScrollBar().setValue(high)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._on_range(0, self.horizontalScrollBar().maximum())

    @property
    def pointed_at(self) -> bool:
        """Whether the pointer is over it now."""
        return self.isVisible() and self.rect().contains(self.mapFromGlobal(QCursor.pos()))

    def _shift(self, by_px: int) -> None:
        """Keeps in its place what has moved by so much."""
        bar = self.horizontalScrollBar()
        at_end = self._at_end
        bar.setValue(bar.value() + by_px)
        self._at_end = at_end

    def held(self, tiles: Sequence[TileT]) -> list[tuple[TileT, int]]:
        """The tiles that lie in it and where each begins, as they are seen now, the one under the pointer first.

        There are none where the pointer is elsewhere. Widths say nothing: those of pictures that just came are not laid
        out yet.
        """
        body = self.widget()
        if body is None or not self.pointed_at:
            return []
        at = body.mapFromGlobal(QCursor.pos()).x()
        inside = [tile for tile in tiles if tile.parent() is body]
        inside.sort(key=lambda tile: (tile.x() > at, abs(tile.x() - at)))
        return [(tile, tile.x()) for tile in inside]

    def keep_in_place(self, held: Sequence[tuple[TileT, int]], tiles: Sequence[TileT]) -> None:
        """What is under the pointer stays there, whatever went or came beside it.

        Args:
            held: from before. tiles: those that there are now.
        """
        body = self.widget()
        layout = None if body is None else body.layout()
        if not held or body is None or layout is None:
            return
        layout.activate()
        # its new width now, and not with the next event: else tiles are laid out in the old one, too near to each other
        body.resize(max(layout.totalMinimumSize().width(), self.viewport().width()), body.height())
        stayed = next(((tile, before) for tile, before in held if tile in tiles), None)
        if stayed is not None:
            self._shift(stayed[0].x() - stayed[1])

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (event.angleDelta().x() or event.angleDelta().y()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()
