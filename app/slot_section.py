"""One slot of the sources bar: heading, drop zone with tiles, and the share and scale of the selected image."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
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
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app import knobs, theme
from app.source_tile import SIDE, SourceTile
from app.thumbnails import Thumbnails
from engine.method import Slot
from engine.project import SourceImage
from engine.settings import Knob, Spec

TILE_TYPE = "application/x-tessera-source"
_GAP = 4
_SETTLE_MS = 350

_SHARE = Spec(
    "weight",
    "float",
    1.0,
    0.0,
    10.0,
    (),
    Knob("Share", "How much of this image is used, beside the others. 0 leaves it out, 2 uses it twice as often."),
)
_SCALE = Spec(
    "scale",
    "float",
    1.0,
    0.25,
    2.0,
    (),
    Knob("Scale", "Less makes its details smaller in the picture, more makes them larger.", unit="×", scale="log"),
)


class SlotSection(QWidget):
    """The images of one slot.

    Signals:
        dropped(paths): files or folders arrived by drag and drop, or an image from another slot.
        changed(images): removed, moved or weighted by the artist.
        browse_requested(): the plus button or the word "browse".
    """

    dropped = Signal(list)
    changed = Signal(tuple)
    browse_requested = Signal()

    def __init__(self, slot: Slot, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self._thumbnails = thumbnails
        self._images: tuple[SourceImage, ...] = ()
        self._selected = -1

        self.title = QLabel(slot.title, self)
        self.title.setProperty("role", "heading")
        self.title.setToolTip(slot.help)
        self.count = QLabel(self)
        self.count.setProperty("role", "muted")
        self.add_button = QToolButton(self)
        self.add_button.setIcon(theme.icon("add"))
        self.add_button.setIconSize(QSize(14, 14))
        self.add_button.setToolTip(f"Add images to {slot.title}")
        self.add_button.setAccessibleName(f"Add images to {slot.title}")
        self.add_button.clicked.connect(self.browse_requested)
        header = QHBoxLayout()
        header.setSpacing(theme.UNIT)
        header.addWidget(self.title)
        header.addWidget(self.count)
        header.addStretch(1)
        header.addWidget(self.add_button)

        self.zone = DropZone(slot, self)
        self.zone.link.linkActivated.connect(self.browse_requested)
        self.zone.files_dropped.connect(self.dropped)
        self.zone.tile_dropped.connect(self._move_to)
        self.zone.key_pressed.connect(self._on_key)

        self.editor = QWidget(self)
        self.caption = knobs.ElidedLabel("", self.editor)
        self.caption.setProperty("role", "muted")
        self.share, self.scale = (knobs.make(spec, self.editor, marked=False) for spec in (_SHARE, _SCALE))
        editor = QVBoxLayout(self.editor)
        editor.setContentsMargins(0, 0, 0, 0)
        editor.setSpacing(0)
        editor.addWidget(self.caption)
        for knob in (self.share, self.scale):
            editor.addWidget(knob)
            knob.changed.connect(self._on_knob)
            knob.reset_requested.connect(self._on_reset)
        self.editor.hide()
        # a slider sends dozens of values, each of which would rebuild the networks: only the one it rests at counts
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(lambda: self.changed.emit(self._images))

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT // 2)
        column.addLayout(header)
        column.addWidget(self.zone)
        column.addWidget(self.editor)
        self._refresh()

    @property
    def images(self) -> tuple[SourceImage, ...]:
        return self._images

    @property
    def tiles(self) -> list[SourceTile]:
        return self.zone.tiles

    def set_images(self, images: tuple[SourceImage, ...]) -> None:
        """Shows images; emits nothing."""
        if images == self._images:
            return
        self._settle.stop()
        self._show(images, self._images[self._selected].path if self._selected >= 0 else "")

    def select(self, index: int, focus: bool = True) -> None:
        """Selects an image, -1 for none."""
        self._selected = index if 0 <= index < len(self._images) else -1
        for i, tile in enumerate(self.tiles):
            tile.set_selected(i == self._selected)
        self.editor.setVisible(self._selected >= 0)
        if self._selected >= 0:
            image = self._images[self._selected]
            self.caption.setText(Path(image.path).name)
            self.share.set_value(image.weight)
            self.scale.set_value(image.scale)
            if focus:
                self.tiles[self._selected].setFocus()
        elif self.tiles:
            self.tiles[0].setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def remove(self, index: int) -> None:
        """Takes an image out of the slot; the file stays."""
        left = self._images[:index] + self._images[index + 1 :]
        self._show(left, "")
        self.select(min(index, len(left) - 1))
        self._commit()

    def move(self, index: int, to: int) -> None:
        """Moves an image so that it stands at position `to`."""
        to = min(max(to, 0), len(self._images) - 1)
        if to == index:
            return
        images = list(self._images)
        images.insert(to, images.pop(index))
        self._show(tuple(images), "")
        self.select(to)
        self._commit()

    def take_thumbnail(self, path: str) -> None:
        """A thumbnail, or the reason why there is none, has arrived."""
        for tile in self.tiles:
            if tile.path == path:
                self._dress(tile)

    def _show(self, images: tuple[SourceImage, ...], selected: str) -> None:
        self._images = images
        spare = {tile.path: tile for tile in self.tiles}
        tiles = []
        for image in images:
            tile = spare.pop(image.path, None)
            if tile is None:
                tile = SourceTile(image, self.zone)
                tile.picked.connect(lambda tile=tile: self.select(self.tiles.index(tile)))
                tile.remove_requested.connect(lambda tile=tile: self.remove(self.tiles.index(tile)))
                tile.drag_started.connect(lambda tile=tile: self._drag(tile))
                self._thumbnails.want(image.path)
            tile.set_source(image)
            self._dress(tile)
            tiles.append(tile)
        for tile in spare.values():
            tile.hide()
            tile.deleteLater()
        self.zone.set_tiles(tiles)
        self._refresh()
        paths = [image.path for image in images]
        self.select(paths.index(selected) if selected in paths else -1, focus=False)

    def _dress(self, tile: SourceTile) -> None:
        image, reason = self._thumbnails.image(tile.path), self._thumbnails.reason(tile.path)
        if image is not None:
            tile.set_image(image)
        elif reason:
            tile.set_broken(reason)

    def _refresh(self) -> None:
        number = len(self._images)
        self.count.setText(f"{number}" if number else "")
        self.add_button.setEnabled(number < self.slot.maximum)
        for i, tile in enumerate(self.tiles):
            tile.set_badge("target" if i == 0 and self.slot.key == "content" else "")

    def _commit(self) -> None:
        self._settle.stop()
        self.changed.emit(self._images)

    def _on_knob(self, name: str, value: float) -> None:
        changed = self._images[self._selected].model_copy(update={name: value})
        self._images = (*self._images[: self._selected], changed, *self._images[self._selected + 1 :])
        self.tiles[self._selected].set_source(changed)
        self._settle.start()

    def _on_reset(self, name: str) -> None:
        self._on_knob(name, 1.0)
        self._commit()

    def _drag(self, tile: SourceTile) -> None:
        data = QMimeData()
        data.setData(TILE_TYPE, QByteArray(f"{self.slot.key}\n{self.tiles.index(tile)}\n{tile.path}".encode()))
        drag = QDrag(tile)
        drag.setMimeData(data)
        drag.setPixmap(tile.grab())
        drag.setHotSpot(QPoint(SIDE // 2, SIDE // 2))
        drag.exec(Qt.DropAction.MoveAction)

    def _move_to(self, index: int, gap: int) -> None:
        self.move(index, gap - 1 if gap > index else gap)

    def _on_key(self, event: QKeyEvent) -> None:
        key, ctrl = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        columns = self.zone.columns
        ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        if key in ways and self.tiles:
            to = self._selected + ways[Qt.Key(key)]
            if ctrl and self._selected >= 0:
                self.move(self._selected, to)
            elif self._selected < 0:
                self.select(0)
            elif 0 <= to < len(self.tiles):
                self.select(to)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._selected >= 0:
            self.remove(self._selected)
        elif key == Qt.Key.Key_Escape and self._selected >= 0:
            self.select(-1)
        else:
            event.ignore()


class DropZone(QWidget):
    """Lays tiles out in rows, says what to do when there are none, and takes drops.

    Signals:
        files_dropped(paths): local files and folders, or an image of another slot.
        tile_dropped(index, gap): one of its own tiles, to stand before the tile that is now at `gap`.
        key_pressed(event): a key that no tile used.
    """

    files_dropped = Signal(list)
    tile_dropped = Signal(int, int)
    key_pressed = Signal(QKeyEvent)

    def __init__(self, slot: Slot, parent: QWidget) -> None:
        super().__init__(parent)
        self.tiles: list[SourceTile] = []
        self._key = slot.key
        self._over = False
        self._gap = -1
        self.setAcceptDrops(True)
        self.link = QLabel(f'{slot.help}<br>Drop images or a folder here, paste, or <a href="browse">browse</a>.', self)
        self.link.setWordWrap(True)
        self.link.setProperty("role", "muted")
        self.link.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.link.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByKeyboard | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
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
        self._arrange()

    def _arrange(self) -> None:
        self.link.setVisible(not self.tiles)
        if not self.tiles:
            room = max(80, self.width() - 2 * theme.UNIT)
            height = max(2 * theme.UNIT + self.link.heightForWidth(room), SIDE)
            self.link.setGeometry(theme.UNIT, 0, room, height)
            self.setFixedHeight(height)
            return
        for i, tile in enumerate(self.tiles):
            row, column = divmod(i, self.columns)
            tile.move(column * (SIDE + _GAP), row * (SIDE + _GAP))
        rows = -(-len(self.tiles) // self.columns)
        self.setFixedHeight(rows * (SIDE + _GAP) - _GAP)

    def gap_at(self, point: QPoint) -> int:
        """Before which tile something dropped here would stand."""
        row = min(max(point.y() // (SIDE + _GAP), 0), max(0, (len(self.tiles) - 1) // self.columns))
        column = min(max((point.x() + SIDE // 2) // (SIDE + _GAP), 0), self.columns)
        return min(row * self.columns + column, len(self.tiles))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.key_pressed.emit(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()) or event.mimeData().hasFormat(TILE_TYPE):
            event.acceptProposedAction()
            self._over = True
            self.update()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()
        own = _tile_of(event.mimeData())
        self._gap = self.gap_at(event.position().toPoint()) if own and own[0] == self._key else -1
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._calm()

    def dropEvent(self, event: QDropEvent) -> None:
        self._calm()
        event.acceptProposedAction()
        tile = _tile_of(event.mimeData())
        if tile is None:
            self.files_dropped.emit(local_paths(event.mimeData()))
        elif tile[0] == self._key:
            self.tile_dropped.emit(tile[1], self.gap_at(event.position().toPoint()))
        else:
            self.files_dropped.emit([Path(tile[2])])

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


def local_paths(data: QMimeData) -> list[Path]:
    """The files and folders of this computer in a drag or on the clipboard."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def _tile_of(data: QMimeData) -> tuple[str, int, str] | None:
    if not data.hasFormat(TILE_TYPE):
        return None
    slot, index, path = bytes(data.data(TILE_TYPE).data()).decode().split("\n", 2)
    return slot, int(index), path
