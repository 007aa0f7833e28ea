"""The pattern where a picture is not painted yet. What a file will leave transparent is ground.py's."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPalette, QPixmap

SIDE_PX = 12


class Checker:
    """Squares in two colours of a palette, drawn once."""

    def __init__(self) -> None:
        self._pattern = QPixmap()

    def forget(self) -> None:
        """The palette is another one."""
        self._pattern = QPixmap()

    def pattern(self, palette: QPalette) -> QPixmap:
        """Two squares by two, to be tiled."""
        if self._pattern.isNull():
            self._pattern = QPixmap(2 * SIDE_PX, 2 * SIDE_PX)
            base = palette.color(QPalette.ColorRole.Base)
            other = palette.color(QPalette.ColorRole.AlternateBase)
            self._pattern.fill(base)
            painter = QPainter(self._pattern)
            painter.fillRect(0, 0, SIDE_PX, SIDE_PX, other)
            painter.fillRect(SIDE_PX, SIDE_PX, SIDE_PX, SIDE_PX, other)
            painter.end()
        return self._pattern
