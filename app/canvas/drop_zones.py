"""What appears over the canvas while images are dragged: one zone for each place where they can be dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QFont, QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget

from app.project_paths import project_in
from engine.method import Slot

GAP_PX = 16


class DropZones(QWidget):
    """Covers `host`, and takes the drags that reach it; one widget away from them it is hidden."""

    dropped = Signal(str, list)
    """Key of a slot, and paths."""
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
        """Where the zone of a slot lies."""
        room = self.rect().adjusted(GAP_PX, GAP_PX, -GAP_PX, -GAP_PX)
        width = (room.width() - GAP_PX * (len(self._slots) - 1)) // max(1, len(self._slots))
        return QRect(room.left() + index * (width + GAP_PX), room.top(), width, room.height())

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
        paths = paths_in(event.mimeData())
        if not paths:
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
            self.dropped.emit(self._slots[self._nearest(event.position().toPoint())].key, paths)
        return True

    def _nearest(self, point: QPoint) -> int:
        distances = [abs(self.zone(index).center().x() - point.x()) for index in range(len(self._slots))]
        return distances.index(min(distances)) if distances else -1

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        window = self.palette().color(QPalette.ColorRole.Window)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        painter.fillRect(self.rect(), window)  # all of it: words, cards and pictures below would fight with the zones
        for index, slot in enumerate(self._slots):
            zone, over = self.zone(index), index == self._over
            painter.setPen(QPen(accent if over else _see_through(ink, 110), 2, Qt.PenStyle.DashLine))
            painter.setBrush(_see_through(accent, 60 if over else 14))
            painter.drawRoundedRect(zone, 12, 12)
            painter.setPen(ink)
            font = QFont(self.font())
            font.setPointSizeF(font.pointSizeF() * 1.7)
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            painter.drawText(zone.adjusted(20, 0, -20, -16), Qt.AlignmentFlag.AlignCenter, slot.title)
            painter.setFont(self.font())
            below = QRect(zone.left() + 28, zone.center().y() + 18, zone.width() - 56, zone.height() // 3)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(below, flags, slot.help)


def paths_in(mime: QMimeData) -> list[Path]:
    """Local files and folders in a drag or on the clipboard."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []


def _see_through(color: QColor, alpha: int) -> QColor:
    color = QColor(color)
    color.setAlpha(alpha)
    return color
