"""What can be checked of how a window looks: nothing outside of it, nothing cut off, no words but those that fit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from app.canvas.drop_zones import DropZones
from app.canvas.view import CanvasView
from app.images.source_tile import SourceTile
from app.snapshots.tile import SnapshotTile
from app.widgets.controls import ElidedLabel


def seen(root: QWidget) -> Iterator[QWidget]:
    """The widgets in sight, but for the insides of Qt's own."""
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and not widget.objectName().startswith("qt_"):
            yield widget


def place(widget: QWidget, root: QWidget) -> QRect:
    return QRect(widget.mapTo(root, QPoint(0, 0)), widget.size())


def clipped_by(widget: QWidget, root: QWidget) -> QRect:
    """The part of the window that a widget can be seen in: all of it, or the view that it is scrolled in."""
    room = root.rect()
    parent = widget.parentWidget()
    while parent is not None and parent is not root:
        area = parent.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is parent:
            return QRect()
        parent = area
    return room


def outside(root: QWidget) -> list[str]:
    """Widgets that stick out of their window, or, to the sides, of what they are scrolled in."""
    found = []
    for widget in seen(root):
        if widget.isWindow() or not widget.width() or not widget.height():
            continue
        room = clipped_by(widget, root)
        if room.isEmpty():
            area = _scroll_area(widget)
            if area is None:
                continue
            off = area.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            if area.horizontalScrollBar().maximum() and not off:
                continue
            room = QRect(area.viewport().mapTo(root, QPoint(0, 0)), area.viewport().size())
            at = place(widget, root)
            sticks_out = at.left() < room.left() or at.right() > room.right()
        else:
            sticks_out = not room.contains(place(widget, root))
        if sticks_out:
            found.append(f"{_named(widget)} at {place(widget, root).getRect()} sticks out of {room.getRect()}")
    return found


def overlapping(root: QWidget) -> list[str]:
    """Neighbours that cover one another, but for what is laid over a picture on purpose."""
    beside: dict[QWidget, list[QWidget]] = {}
    for widget in seen(root):
        parent = widget.parentWidget()
        if widget.isWindow() or parent is None or not widget.width() or not widget.height():
            continue
        if not any(isinstance(above, CanvasView | SnapshotTile | SourceTile) for above in _above(widget)):
            beside.setdefault(parent, []).append(widget)
    return [
        f"{_named(one)} at {one.geometry().getRect()} covers {_named(other)} at {other.geometry().getRect()}"
        for neighbours in beside.values()
        for one, other in combinations(neighbours, 2)
        if one.geometry().intersects(other.geometry()) and not {type(one), type(other)} & {DropZones}
    ]


def _above(widget: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def cut(root: QWidget) -> list[str]:
    """Words for which their widget is too small. Labels that elide have a whole name, and are not counted."""
    found = []
    for widget in seen(root):
        if isinstance(widget, ElidedLabel):
            continue
        if isinstance(widget, QLabel) and widget.text() and widget.pixmap().isNull():
            size = widget.contentsRect().size()
            if widget.wordWrap():
                short = widget.heightForWidth(widget.width()) > widget.height() + 1
            else:
                short = widget.sizeHint().width() > widget.width() + 1 or widget.fontMetrics().height() > size.height()
        elif isinstance(widget, QPushButton | QToolButton | QCheckBox) and widget.text():
            words = widget.fontMetrics().horizontalAdvance(widget.text().replace("&", ""))
            alone = isinstance(widget, QToolButton) and not _shows_words(widget)
            short = not alone and words > widget.width()
        elif isinstance(widget, QComboBox):
            short = widget.height() < widget.fontMetrics().height()
        else:
            continue
        if short:
            found.append(f"{_named(widget)} is cut: {widget.size().toTuple()} instead of {widget.sizeHint().toTuple()}")
    return found


def _shows_words(button: QToolButton) -> bool:
    style = button.toolButtonStyle()
    return style != style.ToolButtonIconOnly or button.icon().isNull()


def _scroll_area(widget: QWidget) -> QScrollArea | None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            return parent
        parent = parent.parentWidget()
    return None


def _named(widget: QWidget) -> str:
    words = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.accessibleName()
    return f"{type(widget).__name__} “{words or widget.objectName()}” in {type(widget.parentWidget()).__name__}"


def contrast(a: str, b: str) -> float:
    """The ratio of two colours by WCAG 2, 1 to 21."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(name: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    color = QColor(name)
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())
