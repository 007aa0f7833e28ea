"""A hand on the keys of a window: what has them, and where the Tab key leads."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from tests.app.studio import Studio

TAB, F6, SHIFT = Qt.Key.Key_Tab, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier


def held() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None, "nothing has the keys"
    assert widget.isVisible(), f"{widget} has the keys and is hidden"
    assert widget.isEnabled(), f"{widget} has the keys and is disabled"
    return widget


def tabbed(studio: Studio, key: Qt.Key = TAB) -> list[QWidget]:
    """All stops, from the one that has the keys until it has them again."""
    found = [held()]
    while len(found) < 300:
        studio.qtbot.keyClick(found[-1], key)
        if held() is found[0]:
            return found
        assert held() not in found, f"{held()} comes twice"
        found.append(held())
    raise AssertionError("the Tab key does not come back")


def active(studio: Studio) -> None:
    studio.window.activateWindow()
    studio.qtbot.waitUntil(lambda: QApplication.activeWindow() is studio.window)


def in_sight(widget: QWidget) -> bool:
    above = widget.parentWidget()
    while above is not None and not above.isWindow():
        if isinstance(above, QScrollArea):
            seen, at = above.viewport(), widget.rect().translated(widget.mapTo(above.viewport(), QPoint(0, 0)))
            if not seen.rect().intersects(at.adjusted(2, 2, -2, -2)):
                return False
        above = above.parentWidget()
    return True
