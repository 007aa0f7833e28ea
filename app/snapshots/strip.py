"""The snapshots in a row, the newest at the right: look, go back, rename, remove. Tiles are in tile.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.snapshots.band import TreeBand
from app.snapshots.choice import Choice
from app.snapshots.keep_tile import KeepTile
from app.snapshots.sideways import SidewaysArea
from app.snapshots.tile import HEIGHT, SnapshotTile
from app.widgets import theme, thumbnails, words

if TYPE_CHECKING:
    from engine.snapshots import Snapshot

_EMPTY = "No snapshots yet. Keep the moments you like:\nyou can always go back to one, go on from it, or export it."


class SnapshotStrip(QWidget):
    """A row of snapshots and a button that keeps another.

    Signals:
        picture_requested(snapshot): selected.
        restore_requested(snapshot): to train on from it.
        export_requested(snapshot)
        renamed(snapshot, name), starred(snapshot, bool), noted(snapshot, text)
        removed(snapshot)
        compare_requested(snapshot): beside the present one, at full resolution.
        pair_requested(snapshot, snapshot): two of them beside each other.
        keep_requested(): the plus button.
    """

    picture_requested = Signal(object)
    restore_requested = Signal(object)
    export_requested = Signal(object)
    renamed = Signal(object, str)
    starred = Signal(object, bool)
    noted = Signal(object, str)
    removed = Signal(object)
    compare_requested = Signal(object)
    pair_requested = Signal(object, object)
    keep_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: list[Snapshot] = []
        self._present: Snapshot | None = None
        self._first: Snapshot | None = None
        """The one that another is to be compared with."""
        self._tiles: list[SnapshotTile] = []
        self._selected: SnapshotTile | None = None
        # twice the height on screen, so that it stays sharp on a high-resolution display
        self._previews = thumbnails.Thumbnails(thumbnails.read_preview, 2 * HEIGHT, self)
        self._previews.ready.connect(self._arrived)

        self.empty = QLabel(_EMPTY, self)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.keep_button = KeepTile(self)
        self.keep_button.clicked.connect(self.keep_requested)

        self._body = QWidget()
        self.band = TreeBand(self._body)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.UNIT // 2)
        self._row.addStretch(1)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.band)
        column.addLayout(self._row)
        column.addStretch(1)
        self.scroll_area = SidewaysArea(self)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll_area.setWidget(self._body)

        self.choice = Choice(self)
        self.choice.changed.connect(self._show)
        middle = QHBoxLayout()
        middle.setSpacing(theme.UNIT)
        middle.addWidget(self.empty, 1)
        middle.addWidget(self.scroll_area, 1)
        middle.addWidget(self.keep_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.UNIT, theme.UNIT // 2, theme.UNIT, theme.UNIT // 2)
        layout.setSpacing(theme.UNIT // 2)
        layout.addWidget(self.choice)
        layout.addLayout(middle, 1)
        # a low dock has the pictures alone; which of them are shown is chosen where there is room
        self.setMinimumHeight(HEIGHT + 2 * self.fontMetrics().height() + 52)
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.choice.setVisible(self.height() >= self.minimumHeight() + self.choice.sizeHint().height())

    def set_snapshots(self, snapshots: list[Snapshot], present: Snapshot | None = None) -> None:
        """Shows snapshots, oldest first; scrolls to the newest when there is a new one. Emits nothing.

        Args:
            present: the one that the training goes on from.
        """
        self._all, self._present = list(snapshots), present
        self._show()

    def _show(self) -> None:
        snapshots = self.choice.shown(self._all, self._present)
        spare = {tile.snapshot.folder: tile for tile in self._tiles}
        grown = any(snapshot.folder not in spare for snapshot in snapshots)
        self._tiles = []
        for place, snapshot in enumerate(snapshots):
            tile = spare.pop(snapshot.folder, None)
            if tile is None:
                tile = self._tile(snapshot)
            elif tile.snapshot != snapshot:
                tile.set_snapshot(snapshot)
            tile.set_present(self._present is not None and snapshot.folder == self._present.folder)
            self._tiles.append(tile)
            self._row.insertWidget(place, tile, 0, Qt.AlignmentFlag.AlignTop)
        for tile in spare.values():
            if tile is self._selected:
                self._selected = None
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        from engine.moments import tree  # brings torch along, which no snapshot can be without

        present = next((index for index, tile in enumerate(self._tiles) if tile.present), None)
        self.band.show_places(tree(snapshots), self._tiles, present)
        self._refresh()
        if grown:
            self.scroll_area.follow_end()

    def set_can_keep(self, possible: bool) -> None:
        """Whether there is anything to keep a snapshot of."""
        self.keep_button.setEnabled(possible)

    @property
    def tiles(self) -> list[SnapshotTile]:
        return self._tiles

    @property
    def selected(self) -> Snapshot | None:
        return self._selected.snapshot if self._selected else None

    def select(self, place: int) -> None:
        """Selects a snapshot by its place in the row, and tells it (`picture_requested`)."""
        tile = self._tiles[place]
        tile.setFocus()
        self.scroll_area.ensureWidgetVisible(tile, theme.UNIT, 0)
        if tile is not self._selected:
            if self._selected is not None:
                self._selected.set_selected(False)
            self._selected = tile
            tile.set_selected(True)
            self.picture_requested.emit(tile.snapshot)

    def menu(self, tile: SnapshotTile) -> QMenu:
        """The context menu of a snapshot."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        snapshot = tile.snapshot
        menu.addAction(theme.icon("undo"), "Go back to this one", lambda: self.restore_requested.emit(snapshot))
        menu.addAction(theme.icon("export"), "Export…", lambda: self.export_requested.emit(snapshot))
        menu.addSeparator()
        menu.addAction("Compare with now", lambda: self.compare_requested.emit(snapshot))
        first = self._first
        if first is not None and first.folder != snapshot.folder:
            text = f"Compare with {first.name or f'step {first.step:,}'}"
            menu.addAction(text, lambda: self.pair_requested.emit(first, snapshot))
        menu.addAction("Compare another one with this", lambda: self._hold(snapshot))
        menu.addSeparator()
        star = "Take the star away" if snapshot.starred else "Give it a star"
        menu.addAction(star, QKeySequence(Qt.Key.Key_S), tile.toggle_star)
        menu.addAction("Note…", QKeySequence(Qt.Key.Key_N), lambda: self._ask_note(snapshot))
        menu.addAction(theme.icon("rename"), "Rename", QKeySequence(Qt.Key.Key_F2), tile.rename)
        menu.addAction(theme.icon("folder"), "Show in folder", lambda: words.show_in_folder(snapshot.folder))
        menu.addAction(theme.icon("remove"), "Remove", QKeySequence(Qt.Key.Key_Delete), tile.remove)
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self._tiles.index(self._selected) if self._selected in self._tiles else -1
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._tiles:
            to = place + (1 if key == Qt.Key.Key_Right else -1)
            self.select(min(max(to, 0), len(self._tiles) - 1))
        elif self._selected is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.restore_requested.emit(self._selected.snapshot)
        elif key == Qt.Key.Key_F2:
            self._selected.rename()
        elif key == Qt.Key.Key_Delete:
            self._selected.remove()
        elif key == Qt.Key.Key_S:
            self._selected.toggle_star()
        elif key == Qt.Key.Key_N:
            self._ask_note(self._selected.snapshot)
        else:
            super().keyPressEvent(event)

    def _tile(self, snapshot: Snapshot) -> SnapshotTile:
        tile = SnapshotTile(snapshot, self._body)
        tile.picked.connect(lambda: self.select(self._tiles.index(tile)))
        tile.restore_requested.connect(lambda: self.restore_requested.emit(tile.snapshot))
        tile.renamed.connect(lambda name: self.renamed.emit(tile.snapshot, name))
        tile.starred.connect(lambda star: self.starred.emit(tile.snapshot, star))
        tile.removed.connect(lambda: self.removed.emit(tile.snapshot))
        tile.menu_requested.connect(lambda point: self._open_menu(tile, point))
        tile.preview_needed.connect(lambda: self._previews.want(str(tile.snapshot.preview)))
        image = self._previews.image(str(snapshot.preview))
        if image is not None:
            tile.set_image(image)
        return tile

    def _hold(self, snapshot: Snapshot) -> None:
        self._first = snapshot

    def _ask_note(self, snapshot: Snapshot) -> None:
        dialog = QInputDialog(self)
        dialog.setWindowTitle("Note")
        dialog.setLabelText("What is worth remembering about this moment:")
        dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        dialog.setTextValue(snapshot.note)
        dialog.textValueSelected.connect(lambda text: self.noted.emit(snapshot, text.strip()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        for editor in dialog.findChildren(QPlainTextEdit):  # made by opening it
            editor.setAccessibleName("Note")

    def _open_menu(self, tile: SnapshotTile, point: QPoint) -> None:
        self.menu(tile).popup(point)

    def _arrived(self, path: str) -> None:
        image = self._previews.image(path) or QImage()
        for tile in self._tiles:
            if tile.snapshot.preview == Path(path):
                tile.set_image(image)

    def _refresh(self) -> None:
        self.empty.setText(_EMPTY if not self._all else "No moment is like that.")
        self.empty.setVisible(not self._tiles)
        self.scroll_area.setVisible(bool(self._tiles))
        if self._tiles and self._selected is None:
            self._tiles[-1].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
