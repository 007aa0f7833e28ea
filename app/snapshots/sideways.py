"""A row that is scrolled sideways by a plain wheel, and stays at its end once it is there."""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QScrollArea, QWidget


class SidewaysArea(QScrollArea):
    """Scrolls sideways with a plain wheel, leaves the arrow keys to its owner, and stays at its end once there."""

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
        if self._at_end:
            self.horizontalScrollBar().setValue(high)

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (event.angleDelta().x() or event.angleDelta().y()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()
