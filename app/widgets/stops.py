"""Where the Tab key stops: controls in the order in which they are read, each in sight once it has the keys.

Qt's own order is that in which widgets were made, which in a window that is rebuilt as one goes says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QToolButton, QWidget
from shiboken6 import isValid

_MARGIN_PX = 50
"""What is shown around a control that was scrolled into sight."""


def is_stop(widget: QWidget) -> bool:
    """Whether the Tab key stops there now."""
    return (
        bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusProxy() is None
    )


def in_reading_order(root: QWidget, besides: QWidget | None = None) -> list[QWidget]:
    """The stops below a widget, row by row and from left to right, each panel's before those of the next.

    Args:
        besides: is listed as well, in its place, though it may be none any more: hidden or disabled just now.
    """
    path = set()
    above = besides
    while above is not None and above is not root:
        path.add(above)
        above = above.parentWidget()
    found: list[QWidget] = []
    _collect(root, besides, path, found)
    return found


def _collect(widget: QWidget, besides: QWidget | None, path: Collection[QWidget], found: list[QWidget]) -> None:
    if widget is besides or is_stop(widget):
        found.append(widget)
    children = [
        child
        for child in widget.children()
        if isinstance(child, QWidget) and not child.isWindow() and (child.isVisible() or child in path)
    ]
    for child in _by_rows(children):
        _collect(child, besides, path, found)


def _by_rows(widgets: list[QWidget]) -> list[QWidget]:
    """Neighbours from the top; what begins above the middle of the first of a row stands in that row."""
    rows: list[list[QWidget]] = []
    for widget in sorted(widgets, key=lambda w: (w.y(), w.x())):
        if rows and widget.y() < rows[-1][0].geometry().center().y():
            rows[-1].append(widget)
        else:
            rows.append([widget])
    return [widget for row in rows for widget in sorted(row, key=lambda w: w.x())]


def give_keys(widget: QWidget, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
    """Gives a widget the keys, and scrolls to it whatever it lies in."""
    widget.setFocus(reason)
    above = widget.parentWidget()
    while above is not None and not above.isWindow():
        if isinstance(above, QScrollArea):
            seen = above.viewport()
            if not seen.rect().contains(widget.rect().translated(widget.mapTo(seen, QPoint(0, 0)))):
                above.ensureWidgetVisible(widget, _MARGIN_PX, _MARGIN_PX)
        above = above.parentWidget()


def is_usable(widget: QWidget) -> bool:
    """Whether it can have the keys: there, in sight and not disabled."""
    return isValid(widget) and widget.isVisible() and widget.isEnabled()


def step(order: Sequence[QWidget], current: QWidget | None, forward: bool) -> bool:
    """Gives the keys to the stop after or before the present one; False where there is none.

    Args:
        order: the stops as they are read, with `current` among them, though it may just be going: then what now stands
            in its place has them.
    """
    others = [stop for stop in order if stop is not current]
    if not others:
        return False
    at = next((place for place, stop in enumerate(order) if stop is current), None)
    if at is None:
        target = others[0 if forward else -1]
    elif current is not None and not is_usable(current):
        target = others[min(at, len(others) - 1)]
    else:
        target = order[(at + (1 if forward else -1)) % len(order)]
    give_keys(target, Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return True


def press(button: QWidget | None) -> bool:
    """What Return does to a button that has the keys, as Space does: presses it. False where it is none."""
    if not isinstance(button, QAbstractButton) or not button.isEnabled():
        return False
    if isinstance(button, QToolButton) and button.popupMode() == QToolButton.ToolButtonPopupMode.InstantPopup:
        button.showMenu()
    else:
        button.click()
    return True
