"""Many moments side by side, all at one zoom and place: to see which of them is the one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.snapshots.shared_place import Place
from app.snapshots.tile_picture import title_of
from app.widgets import theme, thumbnails
from app.widgets.controls import ElidedLabel, JumpSlider
from app.widgets.down_area import DownArea
from app.widgets.keyed_dialog import KeyedDialog

if TYPE_CHECKING:
    from engine.snapshots import Snapshot

PICTURE_PX = 640
CELL_PX = (120, 560)
HINT = "Wheel zooms all of them, dragging moves all, a double click fits. Click two to compare them pixel by pixel."


class Cell(QWidget):
    """
    Signals:
        picked(): clicked, or chosen by the space bar.
        moved(): the place has changed, for all.
    """

    picked = Signal()
    moved = Signal()

    def __init__(self, moment: Snapshot, place: Place, parent: QWidget) -> None:
        super().__init__(parent)
        self.moment, self.chosen = moment, False
        self.title = title_of(moment)
        self.setAccessibleName(self.title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(moment.note)
        self._place, self._image = place, QImage()
        self._grabbed: QPointF | None = None
        self._dragged = False

    def set_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def _frame(self) -> QRectF:
        """Where the picture stands in the cell."""
        room = QRectF(self.rect()).adjusted(3, 3, -3, -3 - self.fontMetrics().height())
        if self._image.isNull():
            return room
        size = self._image.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        frame = QRectF(0, 0, max(1, size.width()), max(1, size.height()))
        frame.moveCenter(room.center())
        frame.moveBottom(room.bottom())
        return frame

    def paintEvent(self, event: QPaintEvent) -> None:
        named, painter, frame = theme.colors(), QPainter(self), self._frame()
        painter.fillRect(frame, QColor(named.canvas))
        if not self._image.isNull():
            width, height = self._image.width() / self._place.zoom, self._image.height() / self._place.zoom
            seen = QRectF(0, 0, width, height)
            seen.moveCenter(QPointF(self._place.x * self._image.width(), self._place.y * self._image.height()))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, frame.width() < 4 * width)
            painter.drawImage(frame, self._image, seen)
        painter.setPen(QPen(QColor(named.accent if self.chosen else named.border), 3 if self.chosen else 1))
        painter.drawRect(frame)
        if self.hasFocus():
            painter.setPen(QPen(QColor(named.text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(QColor(named.text))
        line = QRectF(0, self.height() - self.fontMetrics().height(), self.width(), self.fontMetrics().height())
        words = ("★ " if self.moment.starred else "") + self.title + _scores(self.moment)
        words = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(line.width()))
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)

    def wheelEvent(self, event: QWheelEvent) -> None:
        frame, at = self._frame(), event.position()
        across = (at.x() - frame.center().x()) / frame.width()
        down = (at.y() - frame.center().y()) / frame.height()
        self._place.zoom_by(1.25 ** (event.angleDelta().y() / 120), across, down)
        self.moved.emit()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grabbed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None:
            return
        way = event.position() - self._grabbed
        if self._dragged or way.manhattanLength() > 6:
            self._dragged, self._grabbed = True, event.position()
            frame = self._frame()
            scale = 1 / self._place.zoom
            self._place.move(-way.x() / frame.width() * scale, -way.y() / frame.height() * scale)
            self.moved.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None and not self._dragged:
            self.picked.emit()
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._place.fit()
        self.moved.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        zooms = {Qt.Key.Key_Plus: 1.25, Qt.Key.Key_Equal: 1.25, Qt.Key.Key_Minus: 0.8}
        moves = {
            Qt.Key.Key_Left: (-0.1, 0.0),
            Qt.Key.Key_Right: (0.1, 0.0),
            Qt.Key.Key_Up: (0.0, -0.1),
            Qt.Key.Key_Down: (0.0, 0.1),
        }
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            self.picked.emit()
        elif key in zooms:
            self._place.zoom_by(zooms[key], 0.0, 0.0)
            self.moved.emit()
        elif key in moves and self._place.zoom > 1:
            across, down = moves[key]
            self._place.move(across / self._place.zoom, down / self._place.zoom)
            self.moved.emit()
        else:
            super().keyPressEvent(event)


class MomentGrid(KeyedDialog):
    """
    Signals:
        pair_requested(snapshot, snapshot), restore_requested(snapshot), starred(snapshot, bool), removed(list)
    """

    pair_requested = Signal(object, object)
    restore_requested = Signal(object)
    starred = Signal(object, bool)
    removed = Signal(list)

    def __init__(self, moments: Sequence[Snapshot], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Moments side by side")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.place = Place()
        self._tallest = 0.0
        """Height to width of the tallest picture; 0 before one has come."""
        self._pictures = thumbnails.Thumbnails(thumbnails.read_preview, PICTURE_PX, self)
        self._pictures.ready.connect(self._arrived)
        self._body = QWidget()
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.UNIT)
        self.cells = [self._cell(moment) for moment in moments]
        self._area = DownArea(self)
        self._area.setWidget(self._body)
        self.size_slider = JumpSlider(self)
        self.size_slider.setRange(*CELL_PX)
        self.size_slider.setValue(240)
        self.size_slider.setFixedWidth(140)
        self.size_slider.setAccessibleName("Size of the pictures")
        self.size_slider.setToolTip("Size of the pictures")
        self.size_slider.valueChanged.connect(self._arrange)
        hint = ElidedLabel(HINT, self)
        hint.setProperty("role", "muted")
        hint.setToolTip(HINT)
        top = QHBoxLayout()
        top.addWidget(hint, 1)
        top.addWidget(QLabel("Size", self))
        top.addWidget(self.size_slider)
        self.compare = self._button("Compare the two", self._compare)
        self.star = self._button("Star", self._star)
        self.back = self._button("Go back to it", self._go_back)
        self.remove = self._button("Remove", self._remove)
        close = QPushButton("Close", self)
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.setSpacing(theme.UNIT)
        for button in (self.compare, self.star, self.back, self.remove):
            bottom.addWidget(button)
        bottom.addStretch(1)
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(theme.UNIT)
        column.addLayout(top)
        column.addWidget(self._area, 1)
        column.addLayout(bottom)
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(1100, 760)

    @property
    def chosen(self) -> list[Snapshot]:
        return [cell.moment for cell in self.cells if cell.chosen]

    def take_new(self, moments: Sequence[Snapshot]) -> None:
        """Shows those that were kept since it was opened as well; what is chosen stays so."""
        known = {cell.moment.folder for cell in self.cells}
        new = [self._cell(moment) for moment in moments if moment.folder not in known]
        self.cells += new
        for cell in new:
            cell.show()
        if new:
            self._arrange()

    def _button(self, text: str, act) -> QPushButton:
        button = QPushButton(text, self)
        button.clicked.connect(act)
        return button

    def _cell(self, moment: Snapshot) -> Cell:
        cell = Cell(moment, self.place, self._body)
        cell.picked.connect(lambda: self._pick(cell))
        cell.moved.connect(lambda: [other.update() for other in self.cells])
        self._pictures.want(str(moment.preview))
        return cell

    def _arrived(self, path: str) -> None:
        for cell in self.cells:
            image = self._pictures.image(path)
            if cell.moment.preview == Path(path) and image is not None and not image.isNull():
                cell.set_image(image)
                self._tallest = max(self._tallest, min(1.5, image.height() / image.width()))
        self._arrange()

    def _pick(self, cell: Cell) -> None:
        cell.chosen = not cell.chosen
        cell.update()
        self._tell()

    def _tell(self) -> None:
        count = len(self.chosen)
        self.compare.setEnabled(count == 2)
        self.back.setEnabled(count == 1)
        self.star.setEnabled(count > 0)
        self.remove.setEnabled(count > 0)
        everything = count > 0 and all(moment.starred for moment in self.chosen)
        self.star.setText("Take the star away" if everything else "Give a star")

    def _compare(self) -> None:
        self.pair_requested.emit(*self.chosen)
        self.close()

    def _go_back(self) -> None:
        self.restore_requested.emit(self.chosen[0])
        self.close()

    def _star(self) -> None:
        star = not all(moment.starred for moment in self.chosen)
        for cell in self.cells:
            if cell.chosen and cell.moment.starred != star:
                self.starred.emit(cell.moment, star)
        self.close()

    def _remove(self) -> None:
        self.removed.emit(self.chosen)
        self.close()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        side = self.size_slider.value()
        columns = max(1, (self._area.viewport().width() + theme.UNIT) // (side + theme.UNIT))
        for index, cell in enumerate(self.cells):
            height = round(side * (self._tallest or 1.0))
            cell.setFixedSize(side, height + self.fontMetrics().height() + 6)
            self._grid.addWidget(cell, index // columns, index % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
        self._grid.setColumnStretch(columns, 1)
        self._grid.setRowStretch(len(self.cells) // columns + 1, 1)


def _scores(moment: Snapshot) -> str:
    found = [f"{moment.terms[key]:.0f}" for key in ("style_match", "content_match") if key in moment.terms]
    return f"  ·  {' / '.join(found)}" if found else ""
