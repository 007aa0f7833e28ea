"""Letters in menus: one goes to the next entry that begins with it, which saves a long way by arrows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QMenu

_HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class MenuLetters(QObject):
    """Listens to a menu, and to the menus below it, for as long as it is there."""

    def __init__(self, menu: QMenu) -> None:
        super().__init__(menu)
        menu.installEventFilter(self)
        menu.aboutToShow.connect(lambda: self._listen_below(menu))

    def _listen_below(self, menu: QMenu) -> None:
        for below in menu.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if not below.findChildren(MenuLetters, options=Qt.FindChildOption.FindDirectChildrenOnly):
                MenuLetters(below)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or not isinstance(watched, QMenu):
            return False
        letter = event.text().strip().lower()
        if not letter or event.modifiers() & _HELD:
            return False
        found = _next(watched, letter)
        if found is not None:
            watched.setActiveAction(found)
        return found is not None


def _next(menu: QMenu, letter: str) -> QAction | None:
    """The next entry below the present one, or from the top again."""
    actions = [action for action in menu.actions() if action.isVisible() and not action.isSeparator()]
    at = actions.index(menu.activeAction()) + 1 if menu.activeAction() in actions else 0
    fitting = (
        action
        for action in actions[at:] + actions[:at]
        if action.isEnabled() and action.text().replace("&", "").lower().startswith(letter)
    )
    return next(fitting, None)
