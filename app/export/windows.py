"""Windows beside the export: one picture (so far, or repeated 3 x 3), and two kinds of detail side by side."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.canvas.ground import Ground
from app.widgets import theme
from app.widgets.arrays import to_image
from app.widgets.keyed_dialog import KeyedDialog
from engine.box import Box, Size

LOUPE_PX = 320
MAP_PX = 200
WHOLE = QRectF(0, 0, 1, 1)


class PictureWindow(KeyedDialog):
    """One picture as large as fits, with a sentence below it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(False)
        self.pane = Pane(self)
        self.pane.setMinimumSize(320, 240)
        self.pane.empty_text = self.tr("Painting…")
        self.note = QLabel(self)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(theme.UNIT)
        column.addWidget(self.pane, 1)
        column.addWidget(self.note)
        self.resize(640, 560)


class Pane(QWidget):
    """A picture, scaled down to fit and never up; several times beside itself where it repeats."""

    clicked = Signal(QPointF)
    """Where, in 0..1 of the picture's width and height."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage = QImage()
        self._times = 1
        self._mark: QRectF | None = None
        self._part = WHOLE
        self._ground = Ground()
        self.empty_text = ""

    @property
    def image(self) -> QImage:
        return self._image

    def set_picture(self, pixels: np.ndarray | QImage, times: int = 1, part: QRectF = WHOLE) -> None:
        """uint8 [h, w, 3]; shown `times` x `times` without a gap; `part` is what it is of the print, in 0..1."""
        self._image = pixels if isinstance(pixels, QImage) else to_image(pixels)
        self._times, self._part = times, part
        self.update()

    def set_opacity(self, opacity: np.ndarray | None) -> None:
        """How opaque the print is, float32 [h, w], 0..1: checks show where it is not; None where all of it is."""
        self._ground.set_opacity(opacity)
        self.update()

    def set_mark(self, mark: QRectF | None) -> None:
        """A frame around a part, in 0..1 of the picture."""
        self._mark = mark
        self.update()

    def picture_rect(self) -> QRect:
        """Where the picture, or all of its repeats, lies; in whole repeats, so that no line runs between them."""
        if self._image.isNull():
            return QRect()
        ratio = self.devicePixelRatioF()
        one = self._image.size() / ratio
        room = QSize(self.width() // self._times, self.height() // self._times)
        if one.width() > room.width() or one.height() > room.height():
            one.scale(room, Qt.AspectRatioMode.KeepAspectRatio)
        one = one.expandedTo(QSize(1, 1)) * self._times
        return QRect(QPoint((self.width() - one.width()) // 2, (self.height() - one.height()) // 2), one)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = theme.colors()
        painter.fillRect(self.rect(), QColor(colors.canvas))
        if self._image.isNull():
            painter.setPen(QColor(colors.on_canvas))
            centre = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 0, -16, 0), centre, self.empty_text)
            return
        whole = self.picture_rect()
        one = whole.size() / self._times
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ratio = self.devicePixelRatioF()
        # scaled once, so that all repeats have the same pixels and meet exactly
        small = self._image.scaled(
            one * ratio, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        small.setDevicePixelRatio(ratio)
        for row in range(self._times):
            for column in range(self._times):
                place = QRect(whole.topLeft() + QPoint(column * one.width(), row * one.height()), one)
                painter.drawImage(place.topLeft(), small)
                self._ground.paint(painter, self._print_around(QRectF(place)), QRectF(place))
        if self._mark is not None:
            mark = QRectF(
                whole.left() + self._mark.left() * whole.width(),
                whole.top() + self._mark.top() * whole.height(),
                max(4.0, self._mark.width() * whole.width()),
                max(4.0, self._mark.height() * whole.height()),
            )
            for color, width in (("#000000", 3), ("#ffffff", 1)):  # seen on any picture
                painter.setPen(QPen(QColor(color), width))
                painter.drawRect(mark)

    def _print_around(self, picture: QRectF) -> QRectF:
        """Where the whole print lies of which the picture is a part."""
        width, height = picture.width() / self._part.width(), picture.height() / self._part.height()
        left, top = picture.left() - self._part.left() * width, picture.top() - self._part.top() * height
        return QRectF(left, top, width, height)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        rect = self.picture_rect()
        if rect.isEmpty():
            return
        point = event.position()
        self.clicked.emit(QPointF((point.x() - rect.left()) / rect.width(), (point.y() - rect.top()) / rect.height()))

    mouseMoveEvent = mousePressEvent


class CompareWindow(KeyedDialog):
    """One region of the print, twice: with the same pieces and with more of them, at 100 %.

    Signals:
        region_wanted(): the region has moved; `region(True)` and `region(False)` are to be painted.
        chosen(bool): one of the two; True for the originals.

    Args:
        canvas: the size that was trained for.
        size: of the print.
        overview: the trained picture.
    """

    region_wanted = Signal()
    chosen = Signal(bool)

    def __init__(self, canvas: Size, size: Size, overview: QImage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Two kinds of detail"))
        self.setModal(True)
        self._canvas, self._size = canvas, size
        self._centre = QPointF(0.5, 0.5)
        self.map = Pane(self)
        self.map.setFixedSize(MAP_PX, MAP_PX)
        self.map.setAccessibleName(self.tr("The picture: click where to look"))
        self.map.setToolTip(self.tr("Click where to look"))
        self.map.set_picture(overview)
        self.map.clicked.connect(self._move)
        self.panes: dict[bool, Pane] = {}
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        texts = {
            True: (
                self.tr("The same picture"),
                self.tr("What you trained, at this size. Its pieces are read from the full-size images."),
            ),
            False: (
                self.tr("More pieces"),
                self.tr("They keep their size, so that a larger print holds more of them, and is laid anew."),
            ),
        }
        for originals, (title, text) in texts.items():
            row.addLayout(self._half(originals, title, text))
        left = QVBoxLayout()
        left.setSpacing(theme.UNIT)
        hint = QLabel(self.tr("Click where to look. Both show the print at 100 %."), self)
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        hint.setFixedWidth(MAP_PX)
        left.addWidget(self.map)
        left.addWidget(hint)
        left.addStretch(1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(*(4 * [2 * theme.UNIT]))
        outer.setSpacing(2 * theme.UNIT)
        outer.addLayout(left)
        outer.addLayout(row)
        self._show_mark()

    def region(self) -> Box:
        """What both panes show, in pixels of the print."""
        height, width = min(LOUPE_PX, self._size.height), min(LOUPE_PX, self._size.width)
        top = round(self._centre.y() * self._size.height - height / 2)
        left = round(self._centre.x() * self._size.width - width / 2)
        return Box(
            max(0, min(top, self._size.height - height)), max(0, min(left, self._size.width - width)), height, width
        )

    def show_pane(self, originals: bool, pixels: np.ndarray) -> None:
        box, size = self.region(), self._size
        part = QRectF(box.left / size.width, box.top / size.height, box.width / size.width, box.height / size.height)
        self.panes[originals].set_picture(pixels, part=part)

    def show_failure(self, originals: bool, message: str) -> None:
        self.panes[originals].set_picture(QImage())
        self.panes[originals].empty_text = message

    def _half(self, originals: bool, title: str, text: str) -> QVBoxLayout:
        heading = QLabel(title, self)
        heading.setProperty("role", "heading")
        pane = self.panes[originals] = Pane(self)
        pane.setFixedSize(LOUPE_PX, LOUPE_PX)
        pane.setAccessibleName(title)
        pane.empty_text = self.tr("Painting…")
        note = QLabel(text, self)
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        note.setFixedWidth(LOUPE_PX)
        note.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.MinimumExpanding)
        note.setAlignment(Qt.AlignmentFlag.AlignTop)
        button = QPushButton(self.tr("Use this"), self)
        button.setAccessibleName(self.tr("Use this: {}").format(title))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._choose(originals))
        column = QVBoxLayout()
        column.setSpacing(theme.UNIT)
        column.addWidget(heading)
        column.addWidget(pane)
        column.addWidget(note, 1)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return column

    def _choose(self, originals: bool) -> None:
        self.chosen.emit(originals)
        self.accept()

    def _move(self, point: QPointF) -> None:
        self._centre = QPointF(min(1.0, max(0.0, point.x())), min(1.0, max(0.0, point.y())))
        self._show_mark()
        self.region_wanted.emit()

    def _show_mark(self) -> None:
        """The region on the map, which shows the canvas: another shape of the print is cut out of its middle."""
        box = self.region()
        factor = max(self._size.height / self._canvas.height, self._size.width / self._canvas.width)
        height, width = self._canvas.height * factor, self._canvas.width * factor
        top, left = (height - self._size.height) / 2 + box.top, (width - self._size.width) / 2 + box.left
        self.map.set_mark(QRectF(left / width, top / height, box.width / width, box.height / height))
