"""One slot of the sources bar: heading, tiles, share and scale of the selected image. Drops are in tile_grid.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.images.source_tile import SIDE, SourceTile
from app.images.tile_grid import TILE_TYPE, TileGrid
from app.settings import knobs
from app.widgets import theme
from app.widgets.controls import ElidedLabel
from app.widgets.thumbnails import Thumbnails
from engine.declarations import Slot
from engine.job import SourceImage
from engine.settings import Knob, Spec

_SETTLE_MS = 350


def _spec(name: str, knob: Knob) -> Spec:
    """A knob for a number of `SourceImage`, within the bounds that it is declared with there."""
    field = SourceImage.model_fields[name]
    bounds = {bound: getattr(item, bound) for item in field.metadata for bound in ("ge", "le") if hasattr(item, bound)}
    return Spec(name, "float", field.default, bounds["ge"], bounds["le"], (), knob)


_SHARE = _spec(
    "weight",
    Knob("Share", "How much of this image is used, beside the others. 0 leaves it out, 2 uses it twice as often."),
)
_SCALE = _spec(
    "scale",
    Knob("Scale", "Less makes its details smaller in the picture, more makes them larger.", unit="×", scale="log"),
)


class SlotSection(QWidget):
    """The images of one slot.

    Signals:
        dropped(paths): files or folders arrived by drag and drop, or an image from another slot.
        data_dropped(QMimeData): a picture arrived that is no file yet.
        changed(images): removed, moved or weighted by the artist.
        browse_requested(): the plus button or the word "browse".
        paint_requested(): the artist wants to paint a mask here.
        grip_changed: a slider of an image was taken hold of or let go; see `JumpSlider`.
    """

    dropped = Signal(list)
    data_dropped = Signal(object)
    changed = Signal(tuple)
    browse_requested = Signal()
    paint_requested = Signal()
    grip_changed = Signal()

    def __init__(self, slot: Slot, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self._thumbnails = thumbnails
        self._images: tuple[SourceImage, ...] = ()
        self._selected = -1
        self._lies_in: Callable[[SourceImage], tuple[str, ...] | None] = lambda _image: None

        self.title = ElidedLabel(slot.title, self)
        self.title.setProperty("role", "heading")
        self.count = QLabel(self)
        self.count.setProperty("role", "muted")
        one = slot.maximum == 1
        words = f"Choose the image of {slot.title}" if one else f"Add images to {slot.title}"
        self.add_button = self._button("folder" if one else "add", words)
        self.add_button.clicked.connect(self.browse_requested)
        self.paint_button = self._button(
            "brush", f"Paint a map: {slot.title}" if slot.map else f"Paint the {slot.title.lower()}"
        )
        self.paint_button.clicked.connect(self.paint_requested)
        self.paint_button.setVisible(slot.painted)
        header = QHBoxLayout()
        header.setSpacing(theme.UNIT // 2)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        header.addWidget(self.title)
        header.addWidget(self.count)
        header.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)  # the title needs the room, in a narrow window
        buttons.addWidget(self.paint_button)
        buttons.addWidget(self.add_button)
        header.addLayout(buttons)

        self.zone = TileGrid(slot, self)
        self.zone.link.linkActivated.connect(self._on_link)
        self.zone.files_dropped.connect(self.dropped)
        self.zone.data_dropped.connect(self.data_dropped)
        self.zone.tile_dropped.connect(self._move_to)
        self.zone.key_pressed.connect(self._on_key)

        self.editor = QWidget(self)
        self.caption = ElidedLabel("", self.editor)
        self.caption.setProperty("role", "muted")
        self.share, self.scale = (
            knobs.make(spec, self.editor, marked=False, stacked=True) for spec in (_SHARE, _SCALE)
        )
        editor = QVBoxLayout(self.editor)
        editor.setContentsMargins(0, theme.UNIT // 2, 0, 0)
        editor.setSpacing(0)
        editor.addWidget(self.caption)
        # a single image has nothing to share with, and regions have no size of their own
        self.share.setVisible(not one)
        self.scale.setVisible(not slot.painted)
        for knob in (self.share, self.scale):
            editor.addWidget(knob)
            knob.changed.connect(self._on_knob)
            knob.reset_requested.connect(self._on_reset)
            knob.grip_changed.connect(self.grip_changed)
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

    def show_regions(self, lies_in: Callable[[SourceImage], tuple[str, ...] | None]) -> None:
        """Marks each image with the painted regions in which it may lie; see `SourceTile.regions`."""
        self._lies_in = lies_in
        for tile in self.tiles:
            tile.set_regions(lies_in(tile.source))

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
            self.zone.reveal(self._selected)
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

    def move_image(self, index: int, to: int) -> None:
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

    def read_again(self, path: str) -> None:
        """Another thumbnail, of a file that has changed."""
        if any(tile.path == path for tile in self.tiles):
            self._thumbnails.forget(path)
            self._thumbnails.want(path)

    def _show(self, images: tuple[SourceImage, ...], selected: str) -> None:
        self._images = images
        spare: dict[str, list[SourceTile]] = {}
        for tile in self.tiles:
            spare.setdefault(tile.path, []).append(tile)
        tiles = []
        for image in images:
            waiting = spare.get(image.path)
            tile = waiting.pop(0) if waiting else self._make_tile(image)
            tile.set_source(image)
            tile.set_regions(self._lies_in(image))
            self._dress(tile)
            tiles.append(tile)
        for tile in (tile for left in spare.values() for tile in left):
            tile.hide()
            tile.deleteLater()
        self.zone.set_tiles(tiles)
        self._refresh()
        paths = [image.path for image in images]
        self.select(paths.index(selected) if selected in paths else -1, focus=False)

    def _make_tile(self, image: SourceImage) -> SourceTile:
        tile = SourceTile(image, self.zone)
        tile.picked.connect(lambda: self.select(self.tiles.index(tile)))
        tile.remove_requested.connect(lambda: self.remove(self.tiles.index(tile)))
        tile.drag_started.connect(lambda: self._drag(tile))
        if self.slot.painted:
            tile.opened.connect(self.paint_requested)
        if self._thumbnails.reason(image.path):
            self._thumbnails.forget(image.path)  # dropped again, perhaps repaired
        self._thumbnails.want(image.path)
        return tile

    def _dress(self, tile: SourceTile) -> None:
        image, reason = self._thumbnails.image(tile.path), self._thumbnails.reason(tile.path)
        if image is not None:
            tile.set_image(image)
        elif reason:
            tile.set_broken(reason)

    def _refresh(self) -> None:
        number = len(self._images)
        self.title.setToolTip(self.slot.help if number or not self.slot.minimum else "")  # else it is written below
        self.zone.setVisible(bool(number) or not self.slot.map)  # maps are many, and most pictures go without
        if number:
            self.count.setText(f"{number}" if self.slot.maximum > 1 else "")
        else:
            self.count.setText("" if self.slot.minimum or self.slot.map else "optional")
        # where there is room for one, another takes its place
        self.add_button.setEnabled(number < self.slot.maximum or self.slot.maximum == 1)
        for i, tile in enumerate(self.tiles):
            tile.set_badge("target" if i == 0 and self.slot.key == "content" and self.slot.maximum > 1 else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for all, it is the word beside the title that goes, and never a button."""
        super().resizeEvent(event)
        buttons = sum(
            b.sizeHint().width() + theme.UNIT for b in (self.paint_button, self.add_button) if not b.isHidden()
        )
        words = self.title.whole_width + theme.UNIT + self.count.sizeHint().width()
        self.count.setVisible(buttons + words <= self.width())

    def _button(self, icon: str, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(14, 14))
        button.setToolTip(words)
        button.setAccessibleName(words)
        return button

    def _on_link(self, target: str) -> None:
        (self.paint_requested if target == "paint" else self.browse_requested).emit()

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
        self.move_image(index, gap - 1 if gap > index else gap)

    def _on_key(self, event: QKeyEvent) -> None:
        key, ctrl = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        columns = self.zone.columns
        ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        held = next((i for i, tile in enumerate(self.tiles) if tile.hasFocus()), self._selected)
        if key in ways and self.tiles:
            to = held + ways[Qt.Key(key)]
            if ctrl and held >= 0:
                self.move_image(held, to)
            elif self._selected < 0 or 0 <= to < len(self.tiles):
                self.select(min(max(to, 0), len(self.tiles) - 1))
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and held >= 0:
            self.select(held)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and held >= 0:
            self.remove(held)
        elif key == Qt.Key.Key_Escape and self._selected >= 0:
            self.select(-1)
        else:
            event.ignore()
