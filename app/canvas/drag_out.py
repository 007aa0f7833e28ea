"""The handle at the canvas by which the view is dragged out of the window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from app.widgets import theme


class DragOut(QToolButton):
    """A handle: dragged, it carries the view out of the window; clicked, it is saved."""

    dragged = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setIcon(theme.icon("export"))
        self.setToolTip(self.tr("Drag this view into another program or folder, or click to save it"))
        self.setAccessibleName(self.tr("Save or drag out this view"))
        self.setAutoRaise(True)
        self._from = QPoint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._from = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = (event.position().toPoint() - self._from).manhattanLength() >= QApplication.startDragDistance()
        if event.buttons() & Qt.MouseButton.LeftButton and far:
            self.setDown(False)
            self.dragged.emit()
        else:
            super().mouseMoveEvent(event)
