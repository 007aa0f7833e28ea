"""The ring around a picture that has the keys: seen on any picture, and drawn only where the keys brought one there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen, QWindow
from PySide6.QtWidgets import QApplication

from app.widgets import theme

_KEEPS = (
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)
"""Reasons for which the keys come back: the ring is as it was."""


_MOUSE = (QEvent.Type.MouseButtonPress, QEvent.Type.Drop, QEvent.Type.TabletPress, QEvent.Type.TouchBegin)


class Hand(QObject):
    """Whether the mouse was used last, or the keys, in the windows that are watched."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.on_mouse = False

    def watch(self, window: QWindow | None) -> None:
        """Of the system's window, where all that is pressed arrives first; may be told of one again."""
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOUSE:
            self.on_mouse = True
        elif event.type() == QEvent.Type.KeyPress:
            self.on_mouse = False
        return False


def hand() -> Hand:
    """The one that all windows of the program share; it goes with the program."""
    program = QApplication.instance()
    assert program is not None, "there are no windows before the program"
    return program.findChild(Hand) or Hand(program)


class Ring:
    """Whether a widget shows that it has the keys: a hand on the mouse knows where it is.

    Qt gives the keys to the next widget where the one that had them is hidden, as if by Tab; after a drop that is no
    reason for a ring.
    """

    def __init__(self) -> None:
        self._shown = True

    def arrive(self, event: QFocusEvent, window: QWindow | None) -> None:
        """To be called as the keys come, with the window that the widget is in."""
        if event.reason() not in _KEEPS:
            self._shown = event.reason() != Qt.FocusReason.MouseFocusReason and not hand().on_mouse
        hand().watch(window)

    def paint(self, painter: QPainter, around: QRectF) -> None:
        """To be called last where the widget has the keys."""
        if not self._shown:
            return
        named = theme.colors()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for inset, color in ((1.0, named.accent), (2.5, named.window)):
            painter.setPen(QPen(QColor(color), 2 if color == named.accent else 1))
            painter.drawRect(around.adjusted(inset, inset, -inset, -inset))
        painter.restore()
