"""The snapshots in a row, the newest at the right: look, go back, rename, remove. Tiles are in tile.py.

Autosaves, which come and go by themselves, have a low row of their own below it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from app.snapshots.band import TreeBand
from app.snapshots.choice import Choice, grid_button
from app.snapshots.keep_tile import LOW_PX, KeepTile
from app.snapshots.moment_menu import MomentWays, ask_note, moment_menu
from app.snapshots.pending import PendingTile
from app.snapshots.sideways import SidewaysArea
from app.snapshots.tile import HEIGHT, SMALL_HEIGHT, SnapshotTile
from app.widgets import theme, thumbnails

if TYPE_CHECKING:
    from engine.snapshots import Snapshot

_EMPTY = "No moments yet."
_INVITATION = f"{_EMPTY} Keep those you like,\nto go back to them or to export them."
_AUTOSAVES = "Kept by themselves in case the computer stops: the newest of each branch, until something better is kept."

LEAST_PX = 56
"""Width of the row at least, so that the window fits onto a screen of 960 pixels with the curves open."""


class SnapshotStrip(QWidget):
    """A row of snapshots and a button that keeps another.

    Signals:
        picture_requested(snapshot): selected.
        chosen_is_gone(): the selected one is there no longer.
        restore_requested(snapshot): to train on from it.
        export_requested(snapshot)
        renamed(snapshot, name), starred(snapshot, bool), noted(snapshot, text)
        removed(snapshot)
        compare_requested(snapshot): beside the present one, at full resolution.
        pair_requested(snapshot, snapshot): two of them beside each other.
        keep_requested(): the plus button.
        filled(bool): whether there are moments besides autosaves, or one is being kept; else the row is low.
    """

    picture_requested = Signal(object)
    chosen_is_gone = Signal()
    restore_requested = Signal(object)
    export_requested = Signal(object)
    renamed = Signal(object, str)
    starred = Signal(object, bool)
    noted = Signal(object, str)
    removed = Signal(object)
    compare_requested = Signal(object)
    pair_requested = Signal(object, object)
    keep_requested = Signal()
    filled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: list[Snapshot] = []
        self._present: Snapshot | None = None
        self._first: Snapshot | None = None
        """The one that another is to be compared with."""
        self._tiles: list[SnapshotTile] = []
        self._pending: list[PendingTile] = []
        """Moments that are being kept, oldest first."""
        self._selected: SnapshotTile | None = None
        self._low = False
        # twice the height on screen, so that it stays sharp on a high-resolution display
        self._previews = thumbnails.Thumbnails(thumbnails.read_preview, 2 * HEIGHT, self)
        self._previews.ready.connect(self._arrived)

        self.empty = QLabel(self)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setMinimumWidth(LEAST_PX)
        self.keep_button = KeepTile(self)
        self.keep_button.clicked.connect(self.keep_requested)
        self.grid_button = grid_button(self)
        self.grid_button.setFixedWidth(self.keep_button.width())
        """In place of that of the choice, where there is no room for it."""

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
        self._own_row = QWidget(self)
        self._own_row.setToolTip(_AUTOSAVES)
        autosaves = QLabel("Autosaves", self._own_row)
        autosaves.setProperty("role", "muted")
        self._autosaves = QHBoxLayout(self._own_row)
        self._autosaves.setContentsMargins(0, 0, 0, 0)
        self._autosaves.setSpacing(theme.UNIT // 2)
        self._autosaves.addWidget(autosaves)
        self._autosaves.addStretch(1)
        self._own_row.setMinimumWidth(1)  # a narrow dock shows a part of it: the window has to fit onto its screen
        self._own_row.hide()
        self.scroll_area = SidewaysArea(self)
        self.scroll_area.setMinimumWidth(LEAST_PX)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll_area.setWidget(self._body)

        self.choice = Choice(self)
        self.choice.setMinimumWidth(1)  # it is hidden before it would make the window wider
        self.choice.changed.connect(self._show)
        self.grid_button.clicked.connect(self.choice.grid_requested)
        beside = QVBoxLayout()
        beside.setSpacing(theme.UNIT // 2)
        beside.addWidget(self.keep_button)
        beside.addWidget(self.grid_button)
        beside.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(theme.UNIT)
        middle.addWidget(self.empty, 1)
        middle.addWidget(self.scroll_area, 1)
        middle.addLayout(beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.UNIT, theme.UNIT // 2, theme.UNIT, theme.UNIT // 2)
        layout.setSpacing(theme.UNIT // 2)
        layout.addWidget(self.choice)
        layout.addLayout(middle, 1)
        layout.addWidget(self._own_row)
        # a low dock has the pictures alone; which of them are shown is chosen where there is room
        self._refresh()

    @property
    def _is_filled(self) -> bool:
        """Autosaves alone, in their low row, leave the room of moments to the picture."""
        return bool(self._pending) or not all(_is_autosave(moment) for moment in self._all)

    def set_low(self, low: bool) -> None:
        """In a low window moments are as low as autosaves, with their words beside them, and leave the picture room."""
        if low == self._low:
            return
        self._low = low
        chosen, self._selected = self.selected, None
        for tile in self._tiles:
            (self._autosaves if tile.parent() is self._own_row else self._row).removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._tiles = []
        self._show()
        self._selected = next((tile for tile in self._tiles if tile.snapshot == chosen), None)
        if self._selected is not None:
            self._selected.set_selected(True)
        self._choose_stop()

    def _fit(self) -> None:
        autosaves = 0 if self._own_row.isHidden() else SMALL_HEIGHT + 14
        self.band.setVisible(not self._low)
        if not self._is_filled or self._low:
            bar = self.scroll_area.horizontalScrollBar().sizeHint().height() if self._is_filled else 0
            self.setMinimumHeight(LOW_PX + 2 * (theme.UNIT // 2) + bar + autosaves)
            return
        branches = self.band.height() - TreeBand.LEAST_PX
        self.setMinimumHeight(HEIGHT + 2 * self.fontMetrics().height() + 52 + autosaves + branches)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        needed, side = self.choice.minimumSizeHint(), 2 * theme.UNIT
        roomy = self.height() >= self.minimumHeight() + needed.height() and self.width() >= needed.width() + side
        self.choice.setVisible(roomy and self._is_filled)
        self.grid_button.setVisible(not roomy and len(self._tiles) > 1 and not self._low)
        self._say_why_empty()

    def _say_why_empty(self) -> None:
        width = self.width() - 3 * theme.UNIT - self.keep_button.width()
        room = QRect(0, 0, max(1, width), 10_000)
        words = self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, _INVITATION)
        inviting = words.height() <= LOW_PX and words.width() <= room.width()
        sorted_out = self._is_filled
        self.empty.setToolTip("" if sorted_out or inviting else _INVITATION)
        self.empty.setText("No moment is like that." if sorted_out else _INVITATION if inviting else _EMPTY)

    def set_snapshots(self, snapshots: list[Snapshot], present: Snapshot | None = None) -> None:
        """Shows snapshots, oldest first; scrolls to the newest when there is a new one. Emits nothing.

        Args:
            present: the one that the training goes on from.
        """
        self._all, self._present = list(snapshots), present
        self._previews.keep_only(str(snapshot.preview) for snapshot in snapshots)
        if self._first is not None and self._first.folder not in {snapshot.folder for snapshot in snapshots}:
            self._first = None
        self._show()

    def _show(self) -> None:
        snapshots = self.choice.shown(self._all, self._present)
        former: list[QWidget | None] = [*self._tiles]
        spare = {tile.snapshot.folder: tile for tile in self._tiles}
        held = self.scroll_area.held(self._tiles)
        grown = any(s.folder not in spare and not _is_autosave(s) for s in snapshots)
        rows = [s for s in snapshots if not _is_autosave(s)], [s for s in snapshots if _is_autosave(s)]
        self._tiles = []
        for row, in_row, offset in ((self._row, rows[0], 0), (self._autosaves, rows[1], 1)):
            for place, snapshot in enumerate(in_row):
                tile = spare.pop(snapshot.folder, None)
                if tile is None:
                    tile = self._tile(snapshot)
                elif tile.snapshot != snapshot:
                    tile.set_snapshot(snapshot)
                tile.set_present(self._present is not None and snapshot.folder == self._present.folder)
                self._tiles.append(tile)
                row.insertWidget(place + offset, tile, 0, Qt.AlignmentFlag.AlignTop)
                tile.show()  # now, and not with the next event: it takes its room at once
        if self.focusWidget() in spare.values():  # another takes its place, and with it the keys
            place = min(former.index(self.focusWidget()), len(self._tiles) - 1)
            (self._tiles[place] if self._tiles else self.keep_button).setFocus()
        for tile in spare.values():
            if tile is self._selected:
                self._selected = None
                self.chosen_is_gone.emit()
            for row in (self._row, self._autosaves):
                row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        from engine.moments import tree  # brings torch along, which no snapshot can be without

        shown = self._tiles[: len(rows[0])]
        present = next((index for index, tile in enumerate(shown) if tile.present), None)
        self.band.show_places(tree(rows[0]), shown, present)
        self._own_row.setVisible(bool(rows[1]))
        self._fit()
        self._refresh()
        if grown:
            self.scroll_area.follow_end()
        self.scroll_area.keep_in_place(held, self._tiles)

    def show_pending(self, picture: QImage | None) -> None:
        """A moment is being kept: its place is there at once, with the picture that the canvas has."""
        tile = PendingTile(picture, self._body, self._low)
        self._pending.append(tile)
        self._row.insertWidget(self._row.count() - 1, tile, 0, Qt.AlignmentFlag.AlignTop)
        self._refresh()
        self.scroll_area.follow_end()

    def end_pending(self, all_of_them: bool = False) -> None:
        """The oldest of them is kept, or could not be."""
        for tile in self._pending if all_of_them else self._pending[:1]:
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._pending = [] if all_of_them else self._pending[1:]
        self._refresh()

    @property
    def pending(self) -> list[PendingTile]:
        return self._pending

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
        if tile.parent() is self._body:
            self.scroll_area.ensureWidgetVisible(tile, theme.UNIT, 0)
        if tile is not self._selected:
            if self._selected is not None:
                self._selected.set_selected(False)
            self._selected = tile
            tile.set_selected(True)
            self._choose_stop()
            self.picture_requested.emit(tile.snapshot)

    def menu(self, tile: SnapshotTile) -> QMenu:
        """The context menu of a snapshot."""
        snapshot, first = tile.snapshot, self._first
        ways = MomentWays(
            go_back=lambda: self.restore_requested.emit(snapshot),
            export=lambda: self.export_requested.emit(snapshot),
            compare=lambda: self.compare_requested.emit(snapshot),
            compare_with=lambda: self.pair_requested.emit(first, snapshot),
            hold=lambda: self._hold(snapshot),
            note=lambda: self._ask_note(snapshot),
        )
        return moment_menu(self, tile, first, ways)

    def way_in(self) -> QWidget:
        """What has the keys first: the chosen moment, or the newest, or what keeps one."""
        return self._selected or (self._tiles[-1] if self._tiles else self.keep_button)

    def _held_tile(self) -> SnapshotTile | None:
        """The moment that has the keys; none while another control has them."""
        held = self.focusWidget()
        return next((tile for tile in self._tiles if tile is held), None if held else self._selected)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        tile, key = self._held_tile(), event.key()
        if tile is None:
            super().keyPressEvent(event)
            return
        place, last = self._tiles.index(tile), len(self._tiles) - 1
        ways = {Qt.Key.Key_Left: place - 1, Qt.Key.Key_Right: place + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if key in ways:
            self.select(min(max(ways[Qt.Key(key)], 0), last))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.restore_requested.emit(tile.snapshot)
        elif key == Qt.Key.Key_Space:
            self.select(place)
        elif key == Qt.Key.Key_F2:
            tile.rename()
        elif key == Qt.Key.Key_Delete:
            tile.remove()
        elif key == Qt.Key.Key_S:
            tile.toggle_star()
        elif key == Qt.Key.Key_N:
            self._ask_note(tile.snapshot)
        else:
            super().keyPressEvent(event)

    def _tile(self, snapshot: Snapshot) -> SnapshotTile:
        autosave = _is_autosave(snapshot)
        tile = SnapshotTile(snapshot, self._own_row if autosave else self._body, autosave or self._low)
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
        ask_note(self, snapshot.note, lambda text: self.noted.emit(snapshot, text))

    def _open_menu(self, tile: SnapshotTile, point: QPoint) -> None:
        self.menu(tile).popup(point)

    def _arrived(self, path: str) -> None:
        image = self._previews.image(path) or QImage()
        held = self.scroll_area.held(self._tiles)
        for tile in self._tiles:
            if tile.snapshot.preview == Path(path):
                tile.set_image(image)
        self.scroll_area.keep_in_place(held, self._tiles)

    def _refresh(self) -> None:
        if self.keep_button.low == (self._is_filled and not self._low):
            self.keep_button.set_low(not self._is_filled or self._low)
            self._fit()
        self.filled.emit(self._is_filled)
        there = self._pending or any(tile.parent() is self._body for tile in self._tiles)
        # the one that goes first: both of them beside each other would make the window wider, which stays so
        gone, shown = (self.empty, self.scroll_area) if there else (self.scroll_area, self.empty)
        gone.hide()
        shown.show()
        self._share_room()
        self._choose_stop()

    def _choose_stop(self) -> None:
        """The Tab key stops at one of the moments, from which the arrows lead on: the chosen one, or the newest."""
        stop = self.way_in()
        for tile in self._tiles:
            tile.setFocusPolicy(Qt.FocusPolicy.StrongFocus if tile is stop else Qt.FocusPolicy.ClickFocus)


def _is_autosave(snapshot: Snapshot) -> bool:
    return snapshot.reason == "autosave" and not (snapshot.starred or snapshot.name or snapshot.note)
