"""The projects to continue with, on the page of the first start: a picture, a name and a time for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.recents import PREVIEW, Recent
from app.widgets import theme
from app.widgets.thumbnails import Thumbnails, read_preview, read_source

PICTURE_PX = QSize(148, 104)
LEAST_PICTURE_PX = 24
MOST_SHOWN = 5
_GAP_PX = 12


class RecentRow(QWidget):
    chosen = Signal(object)
    """Path of a project."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: list[RecentTile] = []
        self._thumbnails = Thumbnails(_read, 2 * PICTURE_PX.height(), self)
        self._thumbnails.ready.connect(self._show_picture)
        heading = self.heading = QLabel(self.tr("Continue with"), self)
        heading.setProperty("role", "heading")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._row = QHBoxLayout()
        self._row.setSpacing(_GAP_PX)
        self._row.addStretch(1)
        self._row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        layout.addWidget(heading)
        layout.addLayout(self._row)
        self.hide()

    def show_recents(self, recents: Sequence[Recent]) -> None:
        """The newest first; as many as there is room for are seen."""
        for tile in self.tiles:
            self._row.removeWidget(tile)
            tile.deleteLater()
        self.tiles = [RecentTile(recent, self) for recent in recents[:MOST_SHOWN]]
        self._thumbnails.keep_only(str(tile.recent.picture) for tile in self.tiles)
        for place, tile in enumerate(self.tiles, 1):
            self._row.insertWidget(place, tile)
            tile.clicked.connect(lambda _checked=False, tile=tile: self.chosen.emit(tile.recent.folder))
            if tile.recent.picture is not None:
                self._thumbnails.want(str(tile.recent.picture))
                self._show_picture(str(tile.recent.picture))
        self.setVisible(bool(self.tiles))
        self._fit()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """A window with little room goes without."""
        return QSize(RecentTile.WIDTH_PX, 0)

    def sizeHint(self) -> QSize:
        """What it would take, also while it goes without."""
        return QSize(
            RecentTile.WIDTH_PX, self._height_with(max((t.sizeHint().height() for t in self.tiles), default=0))
        )

    def _height_with(self, tile_px: int) -> int:
        layout = self.layout()
        return self.heading.sizeHint().height() + (layout.spacing() if layout is not None else 0) + tile_px

    def _fit(self) -> None:
        """Hides the tiles that would not fit beside the others; with no room below the heading, that as well."""
        room = max(1, (self.width() + _GAP_PX) // (RecentTile.WIDTH_PX + _GAP_PX))
        if self.height() < self._height_with(max((tile.minimumHeight() for tile in self.tiles), default=0)):
            room = 0
        self.heading.setVisible(room > 0)
        for place, tile in enumerate(self.tiles):
            tile.setVisible(place < room)

    def _show_picture(self, path: str) -> None:
        image = self._thumbnails.image(path)
        for tile in self.tiles:
            if str(tile.recent.picture) == path and image is not None:
                tile.set_image(image)


class RecentTile(QToolButton):
    WIDTH_PX = PICTURE_PX.width() + 2 * theme.UNIT

    def __init__(self, recent: Recent, parent: QWidget) -> None:
        super().__init__(parent)
        self.recent = recent
        self._image = QImage()
        self.setAutoRaise(True)
        self.setToolTip(str(recent.folder))
        self.setAccessibleName(f"Continue with {recent.title}, saved {recent.when}")
        self.setFixedWidth(self.WIDTH_PX)
        self.setMinimumHeight(2 * self.fontMetrics().lineSpacing() + 2 * theme.UNIT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(self.WIDTH_PX, self.minimumHeight() + PICTURE_PX.height() + theme.UNIT)

    def set_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button's own ground, and over it the picture in the middle of its place, name and time."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        metrics, line = self.fontMetrics(), self.fontMetrics().lineSpacing()
        name = QRect(theme.UNIT, self.height() - theme.UNIT - 2 * line, PICTURE_PX.width(), line)
        place = QRect(theme.UNIT, theme.UNIT, PICTURE_PX.width(), name.top() - 2 * theme.UNIT)
        if place.height() < LEAST_PICTURE_PX:  # a low window has names only
            pass
        elif self._image.isNull():
            painter.fillRect(place, self.palette().color(QPalette.ColorRole.Base))
            icon = QRect(0, 0, 32, 32)
            icon.moveCenter(place.center())
            theme.icon("style").paint(painter, icon)
        else:
            size = self._image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            shown = QRect(0, 0, size.width(), size.height())
            shown.moveCenter(place.center())
            painter.drawImage(shown, self._image)
        text = metrics.elidedText(self.recent.title, Qt.TextElideMode.ElideMiddle, name.width())
        painter.setPen(self.palette().color(QPalette.ColorRole.ButtonText))
        painter.drawText(name, Qt.AlignmentFlag.AlignHCenter, text)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(name.translated(0, line), Qt.AlignmentFlag.AlignHCenter, f"saved {self.recent.when}")


def _read(path: Path, side: int) -> QImage:
    return read_preview(path, side) if path.name == PREVIEW else read_source(path, 2 * side)
