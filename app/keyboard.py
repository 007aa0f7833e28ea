"""The way of the keys through the window: from control to control, from panel to panel, and never lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app.widgets.stops import give_keys, in_reading_order, is_usable, step


@dataclass(frozen=True)
class Panel:
    """A part of the window.

    Args:
        way_in: what has the keys when one comes here; None for what had them last, or the first stop.
    """

    widget: QWidget
    way_in: Callable[[], QWidget | None] = lambda: None


class Keyboard(QObject):
    """Moves the focus of a window whose panels are given in the order in which they are read."""

    def __init__(self, window: QMainWindow, panels: Sequence[Panel], first: Panel) -> None:
        super().__init__(window)
        self._window, self._panels, self._first = window, list(panels), first
        self._here = first
        """Where the keys are, or were when they left the window."""
        self._last: dict[QWidget, QWidget] = {}
        """What had the keys last, by the widget of its panel."""
        self._away = False
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)

    # ------------------------------------------------------------ Tab

    def step(self, forward: bool) -> bool:
        """To the stop after or before the one that has the keys; False where there is none.

        Qt calls for this too when what has the keys is hidden or disabled: then they stay as near as they can.
        """
        current = QApplication.focusWidget()
        here = self._of(current)
        if current is not None and here is not None and not is_usable(current):
            within = in_reading_order(here.widget, current) if here in self._shown() else []
            # where a whole panel was closed, the one that matters most has the keys
            return step(within, current, forward) or self._enter(self._first)
        panels = self._shown()
        order = [stop for p in panels for stop in in_reading_order(p.widget, current if p is here else None)]
        return step(order, current, forward)

    # ------------------------------------------------------------ panels

    def step_panel(self, forward: bool) -> None:
        """To the next panel in sight, or the one before, where it was left."""
        panels = [panel for panel in self._shown() if self._way_in(panel) is not None]
        if not panels:
            return
        here = self._of(QApplication.focusWidget()) or self._here
        at = panels.index(here) if here in panels else -1
        self._enter(panels[(at + (1 if forward else -1)) % len(panels)])

    def recover(self) -> None:
        """Gives the keys to the panel where they were last, where nothing in the window has them."""
        if QApplication.focusWidget() is None and QApplication.activePopupWidget() is None:
            shown = [panel for panel in self._shown() if self._way_in(panel) is not None]
            if shown:
                self._enter(self._here if self._here in shown else shown[0])

    def _enter(self, panel: Panel) -> bool:
        last = self._last.get(panel.widget)
        again = panel.way_in() is None and last is not None and is_usable(last)
        target = last if again else self._way_in(panel)
        if target is not None:
            give_keys(target, Qt.FocusReason.ShortcutFocusReason)
        return target is not None

    def _way_in(self, panel: Panel) -> QWidget | None:
        wanted = panel.way_in()
        if wanted is not None and wanted.isVisible() and wanted.isEnabled():
            return wanted
        return next(iter(in_reading_order(panel.widget)), None)

    def _shown(self) -> list[Panel]:
        return [panel for panel in self._panels if panel.widget.isVisible() and not panel.widget.isWindow()]

    def _of(self, widget: QWidget | None) -> Panel | None:
        if widget is None:
            return None
        return next((p for p in self._panels if p.widget is widget or p.widget.isAncestorOf(widget)), None)

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is None or now.window() is not self._window:
            self._away = True
            if now is None:
                QTimer.singleShot(0, self, self._return_if_lost)
            return
        panel = self._of(now)
        last = self._last.get(self._here.widget)
        if self._away and panel is not self._here and last is not None and not is_usable(last):
            # what had the keys went while they were away, and Qt has chosen any other
            self._away = False
            QTimer.singleShot(0, self, lambda: self._enter(self._here))
            return
        self._away = False
        if panel is not None:
            self._here = panel
            self._last[panel.widget] = now

    def _return_if_lost(self) -> None:
        if QApplication.activeWindow() is self._window and self._window.isEnabled():
            self.recover()


def open_menu(widget: QWidget | None) -> None:
    """What the menu key does, which many keyboards lack: opens the menu of what has the keys."""
    if widget is not None:
        at = widget.rect().center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, widget.mapToGlobal(at))
        QApplication.sendEvent(widget, event)


def tap_alt(window: QMainWindow) -> None:
    """The keys go to the bar of menus, and come back to where they were, as Qt does where Alt alone is pressed."""
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyRelease):
        QApplication.sendEvent(window, QKeyEvent(kind, Qt.Key.Key_Alt, Qt.KeyboardModifier.NoModifier))
