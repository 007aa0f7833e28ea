"""What appears over the canvas while images are dragged: one zone for each place where they can be dropped."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QFont, QFontMetrics, QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget

from app.images.arrivals import is_wanted, local_paths
from app.project_paths import project_in
from engine.declarations import Slot

GAP_PX = 16
IMAGES_SHARE, MAP_PX = 0.6, 150
"""Of the height, for images where there are maps as well; the least width of the zone of a map."""


class DropZones(QWidget):
    """Covers `host`, and takes the drags that reach it; one widget away from them it is hidden."""

    dropped = Signal(str, list)
    """Key of a slot, and paths."""
    data_dropped = Signal(str, object)
    """Key of a slot, and the QMimeData of a picture that is no file yet."""
    project_dropped = Signal(object)
    """Path of a project, or of an exported file that holds one."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._slots: tuple[Slot, ...] = ()
        self._over = -1
        self._paths: list[Path] = []
        self._project: Path | None = None
        self._host = host
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        host.setAcceptDrops(True)
        host.installEventFilter(self)

    def set_slots(self, slots: tuple[Slot, ...]) -> None:
        self._slots = slots

    def zone(self, index: int) -> QRect:
        """Where the zone of a slot lies: images above, and maps, which few need, in rows below them."""
        room = self.rect().adjusted(GAP_PX, GAP_PX, -GAP_PX, -GAP_PX)
        images = [slot for slot in self._slots if not slot.map] or list(self._slots)
        maps = [slot for slot in self._slots if slot not in images]
        above = room.height() if not maps else round(IMAGES_SHARE * room.height())
        slot = self._slots[index]
        if slot in images:
            return _cell(QRect(room.topLeft(), QSize(room.width(), above)), images.index(slot), len(images), 1)
        rows = -(-len(maps) // max(1, min(len(maps), room.width() // MAP_PX)))
        below = room.adjusted(0, above + GAP_PX, 0, 0)
        return _cell(below, maps.index(slot), -(-len(maps) // rows), rows)

    def eventFilter(self, host: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.DragEnter | QEvent.Type.DragMove | QEvent.Type.Drop if isinstance(event, QDropEvent):
                return self._on_drag(event)
            case QEvent.Type.DragLeave:
                self.hide()
                return True
            case QEvent.Type.Resize:
                self.setGeometry(self._host.rect())
        return False

    def _on_drag(self, event: QDropEvent) -> bool:
        paths = local_paths(event.mimeData())
        if not is_wanted(event.mimeData()):
            event.ignore()
            return True
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.type() == QEvent.Type.DragEnter or paths != self._paths:
            self._paths, self._project = paths, project_in(paths)
        project = self._project
        if event.type() != QEvent.Type.Drop:
            self.setGeometry(self._host.rect())
            self._over = -1 if project else self._nearest(event.position().toPoint())
            self.setVisible(project is None)
            self.raise_()
            self.update()
            return True
        self.hide()
        if project is not None:
            self.project_dropped.emit(project)
        elif self._slots:
            slot = self._slots[self._nearest(event.position().toPoint())].key
            if paths:
                self.dropped.emit(slot, paths)
            else:
                self.data_dropped.emit(slot, event.mimeData())
        return True

    def _nearest(self, point: QPoint) -> int:
        """The zone at a point, or the one that it is least far from; -1 where there are none."""
        distances = [_distance(self.zone(index), point) for index in range(len(self._slots))]
        return distances.index(min(distances)) if distances else -1

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        window = self.palette().color(QPalette.ColorRole.Window)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        painter.fillRect(self.rect(), window)  # all of it: words, cards and pictures below would fight with the zones
        worded = {is_map: self._have_room_for_words(is_map) for is_map in (False, True)}
        for index, slot in enumerate(self._slots):
            zone, over = self.zone(index), index == self._over
            painter.setPen(QPen(accent if over else _see_through(ink, 110), 2, Qt.PenStyle.DashLine))
            painter.setBrush(_see_through(accent, 60 if over else 14))
            painter.drawRoundedRect(zone, 12, 12)
            painter.setPen(ink)
            _write(painter, self.font(), _inside(zone), slot, worded[bool(slot.map)])

    def _have_room_for_words(self, is_map: bool) -> bool:
        """Whether each of the images' zones, or of the maps', can say what it is for; else none of them does."""
        alike = [(self.zone(index), slot) for index, slot in enumerate(self._slots) if bool(slot.map) == is_map]
        return all(_fits(_with_words(self.font(), _inside(zone), slot), _inside(zone)) for zone, slot in alike)


def _inside(zone: QRect) -> QRect:
    """Where the words of a zone may stand."""
    return zone.adjusted(10, 8, -10, -8)


def _cell(room: QRect, index: int, columns: int, rows: int) -> QRect:
    """One of the equal parts of a rectangle, with gaps between them."""
    width = (room.width() - GAP_PX * (columns - 1)) // columns
    height = (room.height() - GAP_PX * (rows - 1)) // rows
    down, across = divmod(index, columns)
    return QRect(room.left() + across * (width + GAP_PX), room.top() + down * (height + GAP_PX), width, height)


def _distance(zone: QRect, point: QPoint) -> int:
    """Along both axes together; 0 inside."""
    right = max(zone.left() - point.x(), 0, point.x() - zone.right())
    down = max(zone.top() - point.y(), 0, point.y() - zone.bottom())
    return right + down


class _Words(NamedTuple):
    """What is written into a zone, and the room that it takes."""

    font: QFont
    words: str
    title: QRect
    text: QRect

    @property
    def size(self) -> QSize:
        gap = GAP_PX // 2 if self.words else 0
        return QSize(max(self.title.width(), self.text.width()), self.title.height() + self.text.height() + gap)


_FLAGS = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


def _measured(font: QFont, room: QRect, slot: Slot, size: float, words: str) -> _Words:
    """The title, so many times as large as usual, and words below it."""
    bold = QFont(font)
    bold.setPointSizeF(font.pointSizeF() * size)
    bold.setWeight(QFont.Weight.DemiBold)
    text = QFontMetrics(font).boundingRect(room, _FLAGS, words) if words else QRect()
    return _Words(bold, words, QFontMetrics(bold).boundingRect(room, _FLAGS, slot.title), text)


def _sizes(slot: Slot) -> tuple[float, ...]:
    """Of a title, the largest first."""
    return (1.25, 1.0) if slot.map else (1.7, 1.25, 1.0)


def _with_words(font: QFont, room: QRect, slot: Slot) -> _Words:
    return _measured(font, room, slot, _sizes(slot)[0], slot.help)


def _fits(words: _Words, room: QRect) -> bool:
    return words.size.boundedTo(room.size()) == words.size


def _write(painter: QPainter, font: QFont, room: QRect, slot: Slot, worded: bool) -> None:
    """The title as large as there is room for; with `worded`, what the slot is for below it."""
    choices = [_measured(font, room, slot, size, "") for size in _sizes(slot)]
    chosen = next((each for each in choices if _fits(each, room)), choices[-1])
    if worded:
        chosen = _with_words(font, room, slot)
    high = chosen.size.height()
    top = room.top() + max(0, (room.height() - high) // 2)
    painter.setFont(chosen.font)
    painter.drawText(QRect(room.left(), top, room.width(), chosen.title.height()), _FLAGS, slot.title)
    if chosen.words:
        painter.setFont(font)
        below = chosen.text.height()
        painter.drawText(QRect(room.left(), top + high - below, room.width(), below), _FLAGS, chosen.words)


def _see_through(color: QColor, alpha: int) -> QColor:
    color = QColor(color)
    color.setAlpha(alpha)
    return color
