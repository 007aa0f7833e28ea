"""Two docks beside one another below the picture, and where they find room for both."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

_BOTTOM, _LEFT = Qt.DockWidgetArea.BottomDockWidgetArea, Qt.DockWidgetArea.LeftDockWidgetArea


class BottomRow(QObject):
    """Gives the corner below the left docks to the two as well, while they would be too narrow below the picture alone.

    Args:
        pair: the docks, from left to right.
        least_px: width that both need together.
        second_px: of the second one there; the first has the rest.
    """

    def __init__(
        self, window: QMainWindow, pair: tuple[QDockWidget, QDockWidget], least_px: int, second_px: int
    ) -> None:
        super().__init__(window)
        self._window, self._pair, self._least_px, self._second_px = window, pair, least_px, second_px
        middle = window.centralWidget()
        assert middle is not None
        self._middle = middle
        middle.installEventFilter(self)
        self._soon = QTimer(self, singleShot=True, interval=0)  # not in the middle of laying out
        self._soon.timeout.connect(self.share)
        for dock in pair:
            dock.visibilityChanged.connect(lambda _visible: self._soon.start())
            dock.dockLocationChanged.connect(lambda _area: self._soon.start())
            dock.topLevelChanged.connect(lambda _floating: self._soon.start())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._soon.start()
        return False

    def share(self) -> None:
        """Takes the corner or gives it back, whichever the present widths ask for."""
        window = self._window
        beside = all(
            not dock.isHidden() and not dock.isFloating() and window.dockWidgetArea(dock) == _BOTTOM
            for dock in self._pair
        )
        area = _BOTTOM if beside and self._middle.width() < self._least_px else _LEFT
        if area == window.corner(Qt.Corner.BottomLeftCorner):
            return
        window.setCorner(Qt.Corner.BottomLeftCorner, area)
        layout = window.layout()
        assert layout is not None
        layout.activate()
        if area == _BOTTOM:
            wide = max(1, self._middle.geometry().right() - self._second_px)
            window.resizeDocks(list(self._pair), [wide, self._second_px], Qt.Orientation.Horizontal)
