"""Docks at the sides of the picture give way where a window has become too narrow for all three."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow


class SideDocks(QObject):
    """Narrows docks to `narrow_px` when the window's size leaves the middle less than it needs.

    So it is after a layout of a large screen was restored on a small one. Widths that are chosen by hand stay until
    the window has another size.

    Args:
        narrow_px: of each dock, in units of the window.
        least_px: width of the middle, below which what is in it would be cut.
    """

    def __init__(
        self, window: QMainWindow, docks: tuple[QDockWidget, ...], narrow_px: tuple[int, ...], least_px: int
    ) -> None:
        super().__init__(window)
        self._window, self._docks, self._narrow_px, self._least_px = window, docks, narrow_px, least_px
        window.installEventFilter(self)
        self._soon = QTimer(self, singleShot=True, interval=0)  # not in the middle of laying out
        self._soon.timeout.connect(self.share)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._soon.start()
        return False

    def share(self) -> None:
        """Gives the middle what it needs, as far as the docks have more than they need."""
        middle = self._window.centralWidget()
        if middle is None or middle.width() >= self._least_px:
            return
        wide = [
            (dock, narrow)
            for dock, narrow in zip(self._docks, self._narrow_px, strict=True)
            if dock.isVisible() and not dock.isFloating() and dock.width() > narrow
        ]
        if wide:
            docks, widths = zip(*wide, strict=True)
            self._window.resizeDocks(list(docks), list(widths), Qt.Orientation.Horizontal)
