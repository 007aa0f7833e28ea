"""The way of the keys through the window: from control to control, from panel to panel, and never lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow, QToolButton, QWidget
from shiboken6 import isValid

from app.widgets.stops import give_keys, in_reading_order


@dataclass(frozen=True)
class Panel:
    """A part of the window.

    Args:
        way_in: what has the keys first when one comes here; None for the first stop.
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
        order = [
            (panel, stop)
            for panel in self._shown()
            for stop in in_reading_order(panel.widget, current if panel is self._of(current) else None)
        ]
        at = next((place for place, (_panel, stop) in enumerate(order) if stop is current), None)
        others = [(panel, stop) for panel, stop in order if stop is not current]
        if not others:
            return False
        gone = current is not None and self._of(current) is not None and not _usable(current)
        if at is None:
            # a panel that was closed leaves the keys to the one that matters most
            into = self._way_in(self._first) if gone else None
            target = into or others[0 if forward else -1][1]
        elif gone:
            target = _nearest(others, at, order[at][0])
        else:
            target = order[(at + (1 if forward else -1)) % len(order)][1]
        give_keys(target, Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

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

    def _enter(self, panel: Panel) -> None:
        last = self._last.get(panel.widget)
        target = last if last is not None and _usable(last) else self._way_in(panel)
        if target is not None:
            give_keys(target, Qt.FocusReason.ShortcutFocusReason)

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
        if self._away and panel is not self._here and last is not None and not _usable(last):
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


def _nearest(others: list[tuple[Panel, QWidget]], at: int, panel: Panel) -> QWidget:
    """What now stands in a place, or before it, as long as it is in the same panel."""
    after = [stop for of, stop in others[at:] if of is panel]
    before = [stop for of, stop in others[:at] if of is panel]
    return after[0] if after else before[-1] if before else others[min(at, len(others) - 1)][1]


def _usable(widget: QWidget) -> bool:
    return isValid(widget) and widget.isVisible() and widget.isEnabled()


def press(button: QWidget | None) -> bool:
    """What Return does to a button that has the keys, as Space does: presses it. False where it is none."""
    if not isinstance(button, QAbstractButton) or not button.isEnabled():
        return False
    if isinstance(button, QToolButton) and button.popupMode() == QToolButton.ToolButtonPopupMode.InstantPopup:
        button.showMenu()
    else:
        button.click()
    return True


def tap_alt(window: QMainWindow) -> None:
    """The keys go to the bar of menus, and come back to where they were, as Qt does where Alt alone is pressed."""
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyRelease):
        QApplication.sendEvent(window, QKeyEvent(kind, Qt.Key.Key_Alt, Qt.KeyboardModifier.NoModifier))
