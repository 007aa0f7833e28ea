"""Where the tiles of a slot lie in rows, and where files and tiles are dropped. It changes no list of images."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QPushButton, QWidget

from app.images.arrivals import is_wanted, local_paths
from app.images.source_tile import SIDE, SourceTile
from app.widgets import theme
from app.widgets.controls import LinkLabel
from engine.declarations import Slot

TILE_TYPE = "application/x-tessera-source"
_GAP = 4
_COMPACT_PX = 36
MOST_ROWS = 4
"""Of many images, until all are wanted: the slots below are reached without a long way."""


class TileGrid(QWidget):
    """Lays tiles out in rows, the first of many until all are wanted; says what to do when there are none; takes drops.

    Signals:
        files_dropped(paths): local files and folders, or an image of another slot.
        data_dropped(QMimeData): a picture that is no file yet, of a browser.
        tile_dropped(index, gap): one of its own tiles, to stand before the tile that is now at `gap`.
        key_pressed(event): a key that no tile used.
    """

    files_dropped = Signal(list)
    data_dropped = Signal(object)
    tile_dropped = Signal(int, int)
    key_pressed = Signal(QKeyEvent)

    def __init__(self, slot: Slot, parent: QWidget) -> None:
        super().__init__(parent)
        self.tiles: list[SourceTile] = []
        self._slot = slot
        self._over = False
        self._gap = -1
        self.setAcceptDrops(True)
        self.link = LinkLabel(_invitation(slot), self)
        self.link.setWordWrap(True)
        self.link.setToolTip("" if slot.minimum else slot.help)  # what is needed says so itself
        self.link.setProperty("role", "muted")
        self.link.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.link.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByKeyboard | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self.more = QPushButton(self)
        self.more.setProperty("role", "small")
        self.more.clicked.connect(lambda: self._fold(not self._folded))
        self._folded = True
        self._arrange()

    @property
    def columns(self) -> int:
        return max(1, (self.width() + _GAP) // (SIDE + _GAP))

    def set_tiles(self, tiles: list[SourceTile]) -> None:
        self.tiles = tiles
        previous: QWidget | None = None
        for tile in tiles:
            tile.show()
            if previous is not None:
                QWidget.setTabOrder(previous, tile)
            previous = tile
        if tiles and self.window().focusWidget() is self.link:  # which goes
            tiles[0].setFocus()
        self._arrange()

    def reveal(self, index: int) -> None:
        """Shows all where the tile is one of those that are not shown."""
        if self.tiles[index].isHidden():
            self._fold(False)

    def _fold(self, folded: bool) -> None:
        self._folded = folded
        self._arrange()

    def _arrange(self) -> None:
        self.update()  # what was painted around the tiles that were there
        self.link.setVisible(not self.tiles)
        rows = -(-len(self.tiles) // self.columns)
        many = rows > MOST_ROWS + 1
        self.more.setVisible(many)
        if not self.tiles:
            room = max(80, self.width() - 2 * theme.UNIT)
            least = SIDE if self._slot.minimum else _COMPACT_PX
            height = max(2 * theme.UNIT + self.link.heightForWidth(room), least)
            self.link.setGeometry(theme.UNIT, 0, room, height)
            self.setFixedHeight(height)
            return
        shown = MOST_ROWS * self.columns if many and self._folded else len(self.tiles)
        if any(tile.hasFocus() for tile in self.tiles[shown:]):  # it is at work
            self._folded, shown = False, len(self.tiles)
        for i, tile in enumerate(self.tiles):
            row, column = divmod(i, self.columns)
            tile.move(column * (SIDE + _GAP), row * (SIDE + _GAP))
            tile.setVisible(i < shown)
        height = -(-shown // self.columns) * (SIDE + _GAP) - _GAP
        if many:
            self.more.setText(self.tr("Show all {}").format(len(self.tiles)) if self._folded else self.tr("Show fewer"))
            self.more.setAccessibleName(f"{self.more.text()}: {self._slot.title}")
            self.more.adjustSize()
            self.more.move(0, height + theme.UNIT // 2)
            height += theme.UNIT // 2 + self.more.height()
        self.setFixedHeight(height)

    def gap_at(self, point: QPoint) -> int:
        """Before which tile something dropped here would stand."""
        shown = sum(not tile.isHidden() for tile in self.tiles)
        row = min(max(point.y() // (SIDE + _GAP), 0), max(0, (shown - 1) // self.columns))
        column = min(max((point.x() + SIDE // 2) // (SIDE + _GAP), 0), self.columns)
        return min(row * self.columns + column, len(self.tiles))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.key_pressed.emit(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if is_wanted(event.mimeData()) or event.mimeData().hasFormat(TILE_TYPE):
            _accept(event)
            self._over = True
            self.update()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        _accept(event)
        own = _tile_of(event.mimeData())
        self._gap = self.gap_at(event.position().toPoint()) if own and own[0] == self._slot.key else -1
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._calm()

    def dropEvent(self, event: QDropEvent) -> None:
        self._calm()
        _accept(event)
        tile = _tile_of(event.mimeData())
        if tile is None:
            self._take(event.mimeData())
        elif tile[0] == self._slot.key:
            self.tile_dropped.emit(tile[1], self.gap_at(event.position().toPoint()))
        else:
            self.files_dropped.emit([Path(tile[2])])

    def _take(self, data: QMimeData) -> None:
        paths = local_paths(data)
        if paths:
            self.files_dropped.emit(paths)
        else:
            self.data_dropped.emit(data)

    def _calm(self) -> None:
        self._over, self._gap = False, -1
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._over and self._gap < 0:
            ground = QColor(named.accent)
            ground.setAlpha(36)
            painter.setBrush(ground)
            painter.setPen(QPen(QColor(named.accent), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
        elif not self.tiles:
            painter.setPen(QPen(QColor(named.border), 1.5, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
        if self._gap >= 0:
            row, column = divmod(self._gap, self.columns)
            if column == 0 and row and self._gap == len(self.tiles):
                row, column = row - 1, self.columns
            x = max(1, column * (SIDE + _GAP) - _GAP // 2)
            painter.fillRect(QRect(min(x, self.width() - 3) - 1, row * (SIDE + _GAP), 3, SIDE), QColor(named.accent))


def _invitation(slot: Slot) -> str:
    """What to do with an empty slot; of one that may stay empty in a few words only."""
    paint = '<a href="paint">paint</a> one' if slot.painted else ""
    if not slot.minimum:
        ways = [
            "Drop" if slot.maximum > 1 else "Drop one",
            "paste",
            '<a href="browse">browse</a>',
            *([paint] * bool(paint)),
        ]
        return f"{', '.join(ways[:-1])} or {ways[-1]}."
    many = "images or a folder" if slot.maximum > 1 else "an image"
    ways = [f"Drop {many} here", "paste", '<a href="browse">browse</a>', *([paint] * bool(paint))]
    return f"{slot.help}<br>{', '.join(ways[:-1])}, or {ways[-1]}."


def _accept(event: QDropEvent) -> None:
    """Files are copied, or a file manager would remove them; a tile is moved."""
    tile = event.mimeData().hasFormat(TILE_TYPE)
    event.setDropAction(Qt.DropAction.MoveAction if tile else Qt.DropAction.CopyAction)
    event.accept()


def _tile_of(data: QMimeData) -> tuple[str, int, str] | None:
    if not data.hasFormat(TILE_TYPE):
        return None
    slot, index, path = bytes(data.data(TILE_TYPE).data()).decode().split("\n", 2)
    return slot, int(index), path
