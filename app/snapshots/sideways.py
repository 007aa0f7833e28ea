"""A row that is scrolled sideways by a plain wheel, and follows its end unless the pointer is over it."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QCursor, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QScrollArea, QWidget


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

    def shift(self, by_px: int) -> None:
        """Keeps in its place what has moved by so much."""
        bar = self.horizontalScrollBar()
        at_end = self._at_end
        bar.setValue(bar.value() + by_px)
        self._at_end = at_end

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (event.angleDelta().x() or event.angleDelta().y()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()
