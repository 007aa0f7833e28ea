"""A dock below the picture that is a low row while there is nothing in it: the room is the picture's until then."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


class LowDock(QObject):
    """Lowers a dock to its least height while it is empty, and gives it the height back that it had before.

    Args:
        usual_px: the height that it has where it had none before, in units of the window.
    """

    def __init__(self, window: QMainWindow, dock: QDockWidget, usual_px: Callable[[], int]) -> None:
        super().__init__(window)
        self._window, self._dock, self._usual_px = window, dock, usual_px
        self._filled = False
        self._before_px = 0

    def set_filled(self, filled: bool) -> None:
        """Whether there is something in the dock now; a height that was chosen by hand stays while that is so."""
        if filled == self._filled:
            return
        if not filled:
            self._before_px = self._dock.height()
        self._filled = filled
        self.share()

    def share(self) -> None:
        """The usual height of what is in the dock now, where it lies below the picture."""
        if not self._dock.isFloating() and self._window.dockWidgetArea(self._dock) == _BOTTOM:
            height_px = (self._before_px or self._usual_px()) if self._filled else self._dock.minimumSizeHint().height()
            self._window.resizeDocks([self._dock], [height_px], Qt.Orientation.Vertical)

    def forget(self) -> None:
        """Of the usual height, whatever it had before."""
        self._before_px = 0
        self.share()
