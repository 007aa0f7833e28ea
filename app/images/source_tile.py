"""One image in the sources bar: picture, marks, remove button; starts drags of itself. Knows no slot's rules."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from app.widgets import theme
from engine.job import SourceImage

SIDE = 72
_RADIUS = 4


class SourceTile(QWidget):
    """A square of `SIDE` pixels.

    Signals:
        picked(): clicked or reached by keys.
        remove_requested(): its cross was clicked.
        drag_started(): pulled far enough to be moved elsewhere.
        opened(): double clicked.
    """

    picked = Signal()
    remove_requested = Signal()
    drag_started = Signal()
    opened = Signal()

    def __init__(self, source: SourceImage, parent: QWidget) -> None:
        super().__init__(parent)
        self.source = source
        self._image: QImage | None = None
        self._reason = ""
        self._selected = False
        self._badge = ""
        self._regions: tuple[str, ...] | None = None
        self._pressed: QPoint | None = None
        self.setFixedSize(SIDE, SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.remove_button = QToolButton(self)
        self.remove_button.setObjectName("tile-remove")
        self.remove_button.setIcon(theme.icon("close"))
        self.remove_button.setIconSize(QSize(10, 10))
        self.remove_button.setFixedSize(20, 20)
        self.remove_button.move(SIDE - 22, 2)
        self.remove_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.remove_button.setAccessibleName("Remove this image")
        self.remove_button.setProperty("keys", "Delete")
        self.remove_button.setToolTip("Remove from here (the file stays)")
        self.remove_button.clicked.connect(self.remove_requested)
        self.remove_button.hide()
        self._tell()

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def broken(self) -> bool:
        return bool(self._reason)

    def set_source(self, source: SourceImage) -> None:
        self.source = source
        self._tell()

    def set_image(self, image: QImage) -> None:
        self._image, self._reason = image, ""
        self._tell()

    def set_broken(self, reason: str) -> None:
        self._image, self._reason = None, reason
        self._tell()

    def set_badge(self, badge: str) -> None:
        """A word on the picture, "target"."""
        self._badge = badge
        self._tell()

    @property
    def regions(self) -> tuple[str, ...] | None:
        """Colours of the painted regions in which it may lie, "#rrggbb"; None where no map keeps it from anywhere."""
        return self._regions

    def set_regions(self, regions: tuple[str, ...] | None) -> None:
        if regions != self._regions:
            self._regions = regions
            self._tell()

    def set_selected(self, selected: bool) -> None:
        """The selected tile is the one that the tab key reaches."""
        self._selected = selected
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if selected else Qt.FocusPolicy.ClickFocus)
        self.update()

    def _tell(self) -> None:
        name = Path(self.path).name
        facts = [self._badge] if self._badge else []
        if self.source.weight != 1:
            facts.append(f"share {self.source.weight:g}")
        if self._regions is not None:
            number = len(self._regions)
            facts.append(f"in {number} region{'s' * (number != 1)} of the map" if number else "nowhere on the map")
        if self.source.scale != 1:
            facts.append(f"scale {self.source.scale:g}")
        self.setAccessibleName(", ".join([name, *facts, *(["can not be read"] if self._reason else [])]))
        self.setToolTip(self._reason or "\n".join([self.path, *([" · ".join(facts)] if facts else [])]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        shape = QPainterPath()
        shape.addRoundedRect(frame, _RADIUS, _RADIUS)
        painter.setClipPath(shape)
        painter.fillRect(frame, QColor(named.base))
        if self._image is not None:
            painter.setOpacity(0.3 if self.source.weight == 0 or self._regions == () else 1.0)
            painter.drawImage(frame, self._image, _middle_square(self._image))
            painter.setOpacity(1.0)
        elif self._reason:
            middle = frame.center().toPoint()
            theme.icon("broken").paint(painter, QRect(middle.x() - 13, middle.y() - 20, 26, 26))
            painter.setPen(QColor(named.error))
            painter.setFont(self._small_font())
            name = painter.fontMetrics().elidedText(Path(self.path).name, Qt.TextElideMode.ElideMiddle, SIDE - 12)
            painter.drawText(frame.adjusted(0, SIDE // 2, 0, -4), Qt.AlignmentFlag.AlignCenter, name)
        self._paint_marks(painter, frame)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._selected or self.hasFocus():
            painter.setPen(QPen(QColor(named.accent), 3 if self.hasFocus() else 2))
            painter.drawRoundedRect(frame.adjusted(-1, -1, 1, 1), _RADIUS + 1, _RADIUS + 1)
        else:
            painter.setPen(QPen(QColor(named.error if self._reason else named.border), 1))
            painter.drawRoundedRect(frame, _RADIUS, _RADIUS)

    def _paint_marks(self, painter: QPainter, frame: QRectF) -> None:
        """Colours of its regions, and words on a dark strip at the foot, readable on any picture."""
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
        for place, color in enumerate((self._regions or ())[:4]):
            painter.setBrush(QColor(color))
            painter.drawEllipse(QRectF(frame.left() + 5 + 13 * place, frame.top() + 5, 10, 10))
        share = "" if self.source.weight == 1 else "off" if self.source.weight == 0 else f"{self.source.weight:g}×"
        if not self._badge and not share:
            return
        painter.setFont(self._small_font())
        strip = QRectF(frame.left(), frame.bottom() - 16, frame.width(), 16)
        painter.fillRect(strip, QColor(0, 0, 0, 190))
        painter.setPen(QColor("#ffffff"))
        inner = strip.adjusted(5, 0, -5, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._badge)
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)

    def _small_font(self) -> QFont:
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        return font

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
        self.picked.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        distance = (event.position().toPoint() - self._pressed).manhattanLength()
        if distance >= QApplication.startDragDistance():
            self._pressed = None
            self.drag_started.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.remove_button.show()

    def leaveEvent(self, event: QEvent) -> None:
        self.remove_button.hide()


def _middle_square(image: QImage) -> QRectF:
    side = min(image.width(), image.height())
    return QRectF((image.width() - side) / 2, (image.height() - side) / 2, side, side)
