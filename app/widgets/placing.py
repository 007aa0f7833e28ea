"""Where windows that belong to another one open: over it, and whole on its screen."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QWidget

FRAME_PX, TITLE_PX = 4, 36
"""What a system's frame and title take around a window that is not shown yet."""


def room_for(window: QWidget) -> QSize:
    """The largest size that a window can have on its screen, with its frame."""
    return window.screen().availableGeometry().size() - QSize(2 * FRAME_PX, TITLE_PX + FRAME_PX)


def place(window: QWidget, wanted: QSize) -> None:
    """Gives a window a size, as far as the screen has room, in the middle over the one that it belongs to."""
    size = wanted.boundedTo(room_for(window))
    window.resize(size)
    screen = window.screen().availableGeometry()
    parent = window.parentWidget()
    over = parent.window().frameGeometry() if parent is not None and parent.window().isVisible() else screen
    frame = QRect(0, 0, size.width() + 2 * FRAME_PX, size.height() + TITLE_PX + FRAME_PX)
    frame.moveCenter(over.center())
    frame.moveRight(min(frame.right(), screen.right()))
    frame.moveBottom(min(frame.bottom(), screen.bottom()))
    frame.moveLeft(max(frame.left(), screen.left()))
    frame.moveTop(max(frame.top(), screen.top()))
    window.move(frame.topLeft())


def is_out_of_sight(window: QWidget) -> bool:
    """Whether a window's title lies above its screen, where no hand reaches it."""
    screen = window.screen().availableGeometry()
    return window.frameGeometry().top() < screen.top()
