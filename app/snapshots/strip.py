"""The snapshots in a row, the newest at the right: look, go back, rename, remove. Tiles are in tile.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QLabel, QMenu, QScrollArea, QWidget

from app.snapshots.tile import HEIGHT, SnapshotTile
from app.widgets import theme, thumbnails, words

if TYPE_CHECKING:
    from engine.snapshots import Snapshot

_EMPTY = (
    "No snapshots yet. Keep the moments you like while it trains:\n"
    "you can always go back to one, go on from it, or export it."
)


class SnapshotStrip(QWidget):
    """A row of snapshots and a button that keeps another.

    Signals:
        picture_requested(snapshot): selected.
        restore_requested(snapshot): to train on from it.
        export_requested(snapshot)
        renamed(snapshot, name)
        removed(snapshot): to be deleted now; the artist had some seconds to take it back.
        keep_requested(): the plus button.
    """

    picture_requested = Signal(object)
    restore_requested = Signal(object)
    export_requested = Signal(object)
    renamed = Signal(object, str)
    removed = Signal(object)
    keep_requested = Signal()

    def __init__(self, parent: QWidget | None = None, undo_ms: int = 7000) -> None:
        super().__init__(parent)
        self._undo_ms = undo_ms
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
        self._row = QHBoxLayout(self._body)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.UNIT // 2)
        self._row.addStretch(1)
        self.scroll_area = _SidewaysArea(self)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll_area.setWidget(self._body)

        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.UNIT, theme.UNIT, theme.UNIT, theme.UNIT)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.scroll_area, 1)
        layout.addWidget(self.keep_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setMinimumHeight(HEIGHT + 2 * self.fontMetrics().height() + 52)
        self._refresh()

    def set_snapshots(self, snapshots: list[Snapshot]) -> None:
        """Shows snapshots, oldest first; scrolls to the newest when there is a new one. Emits nothing."""
        spare = {tile.snapshot.folder: tile for tile in self._tiles}
        grown = any(snapshot.folder not in spare for snapshot in snapshots)
        self._tiles = []
        for place, snapshot in enumerate(snapshots):
            tile = spare.pop(snapshot.folder, None)
            if tile is None:
                tile = self._tile(snapshot)
            elif tile.snapshot != snapshot and not tile.being_removed:
                tile.set_snapshot(snapshot)
            self._tiles.append(tile)
            self._row.insertWidget(place, tile, 0, Qt.AlignmentFlag.AlignTop)
        for tile in spare.values():
            if tile is self._selected:
                self._selected = None
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
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
        elif self._selected is None or self._selected.being_removed:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.restore_requested.emit(self._selected.snapshot)
        elif key == Qt.Key.Key_F2:
            self._selected.rename()
        elif key == Qt.Key.Key_Delete:
            self._selected.remove()
        else:
            super().keyPressEvent(event)

    def _tile(self, snapshot: Snapshot) -> SnapshotTile:
        tile = SnapshotTile(snapshot, self._body, self._undo_ms)
        tile.picked.connect(lambda: self.select(self._tiles.index(tile)))
        tile.restore_requested.connect(lambda: self.restore_requested.emit(tile.snapshot))
        tile.renamed.connect(lambda name: self.renamed.emit(tile.snapshot, name))
        tile.removal_settled.connect(lambda: self.removed.emit(tile.snapshot))
        tile.menu_requested.connect(lambda point: self._open_menu(tile, point))
        tile.preview_needed.connect(lambda: self._previews.want(str(tile.snapshot.preview)))
        image = self._previews.image(str(snapshot.preview))
        if image is not None:
            tile.set_image(image)
        return tile

    def _open_menu(self, tile: SnapshotTile, point: QPoint) -> None:
        if not tile.being_removed:
            self.menu(tile).popup(point)

    def _arrived(self, path: str) -> None:
        image = self._previews.image(path) or QImage()
        for tile in self._tiles:
            if tile.snapshot.preview == Path(path):
                tile.set_image(image)

    def _refresh(self) -> None:
        self.empty.setVisible(not self._tiles)
        self.scroll_area.setVisible(bool(self._tiles))
        if self._tiles and self._selected is None:
            self._tiles[-1].setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class _SidewaysArea(QScrollArea):
    """Scrolls sideways with a plain wheel, leaves the arrow keys to its owner, and stays at its end once there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._at_end = False
        bar = self.horizontalScrollBar()
        bar.valueChanged.connect(self._note_place)
        bar.rangeChanged.connect(self._on_range)

    def follow_end(self) -> None:
        """Goes to the end now, and with it while pictures arrive and tiles become wider."""
        self._at_end = True
        self._on_range(0, self.horizontalScrollBar().maximum())

    def _note_place(self, value: int) -> None:
        self._at_end = value == self.horizontalScrollBar().maximum()

    def _on_range(self, low: int, high: int) -> None:
        if self._at_end:
            self.horizontalScrollBar().setValue(high)

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (event.angleDelta().x() or event.angleDelta().y()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()


class KeepTile(QAbstractButton):
    """The place where the next snapshot will stand."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText("Keep")
        self.setToolTip("Keep a snapshot of this moment")
        self.setAccessibleName("Keep a snapshot")
        self.setFixedSize(72, HEIGHT + 8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.rect().adjusted(2, 4, -2, -4)
        lit = self.isEnabled() and (self.underMouse() or self.hasFocus())
        edge = QPen(QColor(named.accent if lit else named.border), 1.5)
        if not self.hasFocus():
            edge.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(edge)
        painter.setBrush(QColor(named.border) if self.isDown() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 6, 6)
        middle = frame.center()
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        theme.icon("keep").paint(
            painter, QRect(middle.x() - 14, middle.y() - 24, 28, 28), Qt.AlignmentFlag.AlignCenter, mode
        )
        painter.setPen(QColor(named.text if self.isEnabled() else theme.disabled(named)))
        painter.drawText(
            QRect(frame.left(), middle.y() + 6, frame.width(), 20), Qt.AlignmentFlag.AlignCenter, self.text()
        )
