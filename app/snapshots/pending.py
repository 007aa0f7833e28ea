"""The place of a moment that is being kept: the canvas' picture at once, until the snapshot is on disk."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.snapshots.tile import HEIGHT, NARROWEST, SMALL_HEIGHT, WIDEST
from app.snapshots.tile_picture import PAD, inside
from app.widgets import theme
from app.widgets.controls import ElidedLabel


class PendingTile(QWidget):
    """As large as the tile that comes; its picture is paler."""

    def __init__(self, picture: QImage | None, parent: QWidget, small: bool = False) -> None:
        super().__init__(parent)
        self.picture = picture
        height = SMALL_HEIGHT if small else HEIGHT
        self._height = height
        self.setAccessibleName("Being kept")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        width = height if picture is None else round(picture.width() * height / picture.height())
        lines = 0 if small else 2 * self.fontMetrics().height() + PAD + 6
        self.setFixedSize(min(max(width, NARROWEST), WIDEST) + 2 * PAD, height + 2 * PAD + lines)
        words = ElidedLabel("Keeping…", self)
        words.setHidden(small)
        words.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(PAD, 0 if small else HEIGHT + 2 * PAD, PAD, PAD)
        column.addWidget(words, 0, Qt.AlignmentFlag.AlignTop)

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(PAD, PAD, self.width() - 2 * PAD, self._height)
        painter.fillRect(frame, QColor(named.canvas))
        if self.picture is not None:
            painter.setOpacity(0.6)
            painter.drawImage(inside(frame, self.picture), self.picture)
            painter.setOpacity(1.0)
        painter.setPen(QColor(named.border))
        painter.drawRect(frame)
