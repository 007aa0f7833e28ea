"""The surface that shows a mask: over the picture below it, zoomed and moved, with one region lit where asked for.

What mouse and pen do to it is view.py's.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.masks.picture import UNPAINTED, MaskPicture
from app.widgets import theme

LARGEST_ZOOM = 32.0
_MARGIN_PX = 16
_DARK = 0xB4000000
"""What lies over all regions but the one that is lit, 0xAARRGGBB."""


class MaskSurface(QWidget):
    """Shows a `MaskPicture`.

    Signals:
        zoomed(scale): screen pixels for each pixel of the mask.
    """

    zoomed = Signal(float)

    def __init__(self, picture: MaskPicture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = picture
        self.strength = 0.65
        """How much the mask covers the picture below it, 0..1."""
        self.scale = 1.0
        self._origin = QPointF(0, 0)
        self._fitted = True
        self._below: QImage | None = None
        self._lit = UNPAINTED
        self._pixels = np.zeros((1, 1), np.uint32)
        self._image = QImage()
        self._shades = np.zeros(256, np.uint32)
        self.setMinimumSize(240, 200)
        self.setAccessibleName(self.tr("Mask"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        picture.painted.connect(self._on_painted)
        picture.regions_changed.connect(self._recolor)
        picture.resized.connect(self._on_resized)
        self._recolor()

    def sizeHint(self) -> QSize:
        return QSize(720, 560)

    # ------------------------------------------------------------ what is shown

    def set_strength(self, strength: float) -> None:
        self.strength = strength
        self.update()

    def set_below(self, image: QImage | None) -> None:
        """The picture to paint over. It keeps its shape: a mask of another one covers it, as it does the canvas."""
        first = (self._below is None) != (image is None)
        self._below = image
        if first:
            self._recolor()
        self.update()

    def set_lit(self, label: int) -> None:
        """Shows where one region is by darkening all others; `UNPAINTED` ends that."""
        if label != self._lit:
            self._lit = label
            self._recolor()

    def on_sheet(self, image: QImage) -> QRectF:
        """Where the picture below lies, in pixels of the mask: as large as can be, in the middle."""
        width, height = self.picture.width, self.picture.height
        scale = min(width / image.width(), height / image.height())
        across, down = image.width() * scale, image.height() * scale
        return QRectF((width - across) / 2, (height - down) / 2, across, down)

    # ------------------------------------------------------------ zoom and pan

    def fit(self) -> None:
        """The whole mask in sight."""
        across = (self.width() - 2 * _MARGIN_PX) / self.picture.width
        down = (self.height() - 2 * _MARGIN_PX) / self.picture.height
        self.scale = min(max(min(across, down), 0.01), LARGEST_ZOOM)
        self._origin = QPointF(
            (self.width() - self.picture.width * self.scale) / 2, (self.height() - self.picture.height * self.scale) / 2
        )
        self._fitted = True
        self.update()
        self.zoomed.emit(self.scale)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms; the place at `at` (of the widget, by default its middle) stays."""
        at = at or QPointF(self.rect().center())
        scale = min(max(self.scale * factor, 0.02), LARGEST_ZOOM)
        self._origin = at - (at - self._origin) * (scale / self.scale)
        self.scale, self._fitted = scale, False
        self.update()
        self.zoomed.emit(scale)

    def to_mask(self, point: QPointF) -> QPointF:
        """A place of the widget in pixels of the mask."""
        return (point - self._origin) / self.scale

    def to_widget(self, x: float, y: float) -> QPointF:
        return self._origin + QPointF(x, y) * self.scale

    def move_by(self, way: QPointF) -> None:
        """Moves what is seen, in pixels of the widget."""
        self._origin += way
        self._fitted = False
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())

    # ------------------------------------------------------------ painting the screen

    def _recolor(self) -> None:
        self._shades = self.picture.shades(self._below is not None)
        if self._lit != UNPAINTED:
            self._shades = np.full(256, _DARK, np.uint32)
            self._shades[self._lit] = 0
        if self._pixels.shape == self.picture.labels.shape:
            self._on_painted(QRect(0, 0, self.picture.width, self.picture.height))
        else:
            self._on_resized()

    def _on_resized(self) -> None:
        self._pixels = self._shades[self.picture.labels]
        height, width = self._pixels.shape
        # the image shares the array's memory, so that a stroke changes only the pixels that it touched
        self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        self.fit()

    def _on_painted(self, rect: QRect) -> None:
        rows = slice(rect.top(), rect.top() + rect.height())
        columns = slice(rect.left(), rect.left() + rect.width())
        self._pixels[rows, columns] = self._shades[self.picture.labels[rows, columns]]
        corner = self.to_widget(rect.left(), rect.top())
        on_screen = QRectF(corner.x(), corner.y(), rect.width() * self.scale, rect.height() * self.scale)
        self.update(on_screen.toAlignedRect().adjusted(-2, -2, 2, 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.colors().canvas))
        corner = self.to_widget(0, 0)
        sheet = QRectF(corner.x(), corner.y(), self.picture.width * self.scale, self.picture.height * self.scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < 3)
        painter.fillRect(sheet, QColor(128, 128, 128) if theme.is_dark() else QColor(236, 236, 236))
        if self._below is not None:
            place = self.on_sheet(self._below)
            at = self.to_widget(place.x(), place.y())
            painter.drawImage(QRectF(at, place.size() * self.scale), self._below)
        whole = self._below is None or self._lit != UNPAINTED
        painter.setOpacity(1.0 if whole else self.strength)
        painter.drawImage(sheet, self._image)
        painter.setOpacity(1.0)
        painter.setPen(QPen(QColor(theme.colors().border), 1))
        painter.drawRect(sheet.adjusted(-0.5, -0.5, 0.5, 0.5))
        self.paint_hand(painter)

    def paint_hand(self, painter: QPainter) -> None:
        """What is drawn over all of it: brushes, lines."""
