"""The tray of pieces: all that the picture is laid of, with what can be done with them; controller.py does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QPoint, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.pieces.model import CELL, PieceDelegate, PieceModel, facts
from app.pieces.source_view import SourceView
from app.widgets import theme
from app.widgets.controls import ElidedLabel, Note
from engine.pieces import PieceInfo

WEIGHTS = (2.0, 3.0, 5.0, 10.0)
FAVOURED = 3.0


class PieceTray(QWidget):
    """
    Signals:
        weighed(infos, weight): pieces shall be muted (0), favoured, or as they were (1).
        lock_wanted(infos, lock): they shall stay when others are drawn anew, or no longer.
        moved(info, down, right): a piece shall show another place, so many shares of its image's sides away.
        image_wanted(info, path): a piece shall be one of another image.
        as_drawn_wanted(infos): nothing is wanted of them any more.
        anew_wanted(): all that are not locked shall be drawn anew.
        source_wanted(path): the image shall be shown among the images; folder_wanted(path): in its folder.
    """

    weighed = Signal(object, float)
    lock_wanted = Signal(object, bool)
    moved = Signal(object, float, float)
    image_wanted = Signal(object, object)
    as_drawn_wanted = Signal(object)
    anew_wanted = Signal()
    source_wanted = Signal(object)
    folder_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None, model: PieceModel | None = None) -> None:
        super().__init__(parent)
        self.model = model or PieceModel(self)
        self._images: tuple[Path, ...] = ()
        self._pointed: tuple[PieceInfo, tuple[float, float]] | None = None
        self.view = QListView(self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(PieceDelegate(self.view))
        self.view.setViewMode(QListView.ViewMode.IconMode)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMovement(QListView.Movement.Static)
        self.view.setUniformItemSizes(True)
        self.view.setGridSize(CELL + QSize(2, 2))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setAccessibleName(self.tr("Pieces"))
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.selectionModel().selectionChanged.connect(lambda _on, _off: self._show_chosen())
        self.model.dataChanged.connect(lambda *_: self._show_chosen())
        self.model.modelReset.connect(self._show_chosen)
        self.source = SourceView(self)
        self.source.moved.connect(self._on_moved)
        self.said = ElidedLabel("", self)
        self.said.setProperty("role", "muted")
        self.note = Note(self)
        self._actions: dict[str, QAction] = {}
        self.buttons: dict[str, QToolButton] = {}
        self._lay_out()
        self.set_possible(False, "")
        self._show_chosen()

    # ------------------------------------------------------------ building

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(2)
        for name, icon, words, key, act in (
            ("mute", "mute", self.tr("Mute or unmute"), "M", self._mute),
            ("favour", "favour", self.tr("Favour, or no longer"), "F", self._favour),
            ("lock", "lock", self.tr("Lock or unlock: it stays when others are drawn anew"), "L", self._lock),
            ("as_drawn", "reset", self.tr("As it was drawn"), "Backspace", self._as_drawn),
        ):
            row.addWidget(self._button(name, icon, words, key, act))
        row.addStretch(1)
        anew = self._button("anew", "dice", self.tr("Draw all that are not locked anew"), "D", self.anew_wanted.emit)
        anew.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        anew.setText(self.tr("Draw anew"))
        row.addWidget(anew)
        foot = QHBoxLayout()
        foot.setSpacing(2)
        foot.addWidget(self.said, 1)
        for name, icon, words, signal in (
            ("source", "style", self.tr("Show the source among the images"), self.source_wanted),
            ("folder", "folder", self.tr("Open its folder"), self.folder_wanted),
        ):
            button = QToolButton(self)
            button.setIcon(theme.icon(icon))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(lambda _checked=False, signal=signal: self._send_path(signal))
            self.buttons[name] = button
            foot.addWidget(button)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT // 2)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        column.addWidget(self.source)
        column.addLayout(foot)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(page)
        empty = QWidget(self)
        middle = QVBoxLayout(empty)
        middle.addWidget(self.note)
        middle.addStretch(1)
        self._pages.addWidget(empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.UNIT, theme.UNIT, theme.UNIT, theme.UNIT)
        whole.addWidget(self._pages)

    def _button(self, name: str, icon: str, words: str, key: str, act: Callable[[], object]) -> QToolButton:
        action = QAction(theme.icon(icon), words, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False: act())
        action.setToolTip(f"{words} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
        self.view.addAction(action)
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAccessibleName(words)
        self._actions[name] = action
        self.buttons[name] = button
        return button

    # ------------------------------------------------------------ what is shown

    def set_possible(self, possible: bool, reason: str) -> None:
        """Whether there are pieces at present; where not, why."""
        self._pages.setCurrentIndex(0 if possible else 1)
        self.note.say("" if possible else reason)

    def set_infos(self, infos: Sequence[PieceInfo]) -> None:
        self.model.set_infos(infos)

    def set_images(self, paths: Sequence[Path]) -> None:
        """The images that a piece can be of."""
        self._images = tuple(paths)

    def point_at(self, index: int, spot: tuple[float, float] | None = None) -> None:
        """The piece that the pointer rests on in the picture, and the place of its image; -1 for none."""
        self.model.mark(index)
        row = self.model.row_of(index)
        if row < 0:
            self._pointed = None
        else:
            self._pointed = self.model.infos[row], spot or (-1.0, -1.0)
            self.view.scrollTo(self.model.index(row))
        self._show_chosen()

    def choose(self, index: int) -> None:
        """Selects one piece by its number, and gives it the keys."""
        row = self.model.row_of(index)
        if row >= 0:
            at = self.model.index(row)
            self.view.selectionModel().setCurrentIndex(at, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.view.scrollTo(at)

    def chosen(self) -> list[PieceInfo]:
        rows = sorted(at.row() for at in self.view.selectionModel().selectedIndexes())
        return [self.model.infos[row] for row in rows if row < len(self.model.infos)]

    def _show_chosen(self) -> None:
        chosen = self.chosen()
        spot = None
        info = chosen[0] if chosen else None
        if self._pointed is not None:
            info, at = self._pointed
            row = self.model.row_of(info.index)
            info = self.model.infos[row] if row >= 0 else info  # what was counted of it since
            spot = at if at[0] >= 0 else None
        image = None if info is None else self.model.sources.image(str(info.path))
        self.source.show_piece(info, image, spot)
        words = "" if info is None else " · ".join(facts(info)[1:])
        if len(chosen) > 1 and self._pointed is None:
            total = sum(each.usage for each in chosen)
            words = self.tr("{} pieces · {:.0f} % of the picture").format(len(chosen), 100 * total)
        self.said.setText(words)
        for name in ("mute", "favour", "lock", "as_drawn"):
            self._actions[name].setEnabled(bool(chosen))
        for name in ("source", "folder"):
            self.buttons[name].setEnabled(info is not None)

    # ------------------------------------------------------------ what the artist can do

    def _mute(self) -> None:
        chosen = self.chosen()
        muted = all(info.weight == 0 for info in chosen)
        self.weighed.emit(chosen, 1.0 if muted else 0.0)

    def _favour(self) -> None:
        chosen = self.chosen()
        favoured = all(info.weight > 1 for info in chosen)
        self.weighed.emit(chosen, 1.0 if favoured else FAVOURED)

    def _lock(self) -> None:
        chosen = self.chosen()
        self.lock_wanted.emit(chosen, not all(info.locked for info in chosen))

    def _as_drawn(self) -> None:
        self.as_drawn_wanted.emit(self.chosen())

    def _on_moved(self, down: float, right: float) -> None:
        info = self.source.info
        if info is not None:
            self.moved.emit(info, down, right)

    def _send_path(self, signal: SignalInstance) -> None:
        info = self.source.info
        if info is not None:
            signal.emit(info.path)

    def menu(self) -> QMenu:
        """What can be done with the chosen pieces."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self.chosen()
        menu.addAction(self._actions["mute"])
        favour = menu.addMenu(theme.icon("favour"), self.tr("Favour"))
        for weight in WEIGHTS:
            words = self.tr("{:g} times as much").format(weight)
            favour.addAction(words, lambda weight=weight: self.weighed.emit(chosen, weight))
        favour.addAction(self.tr("As it was"), lambda: self.weighed.emit(chosen, 1.0))
        menu.addAction(self._actions["lock"])
        if len(chosen) == 1:
            other = menu.addMenu(theme.icon("style"), self.tr("From another image"))
            for path in self._images:
                other.addAction(path.name, lambda path=path: self.image_wanted.emit(chosen[0], path))
        menu.addAction(self._actions["as_drawn"])
        menu.addSeparator()
        menu.addAction(self._actions["anew"])
        if chosen:
            menu.addSeparator()
            menu.addAction(self.tr("Show the source"), lambda: self.source_wanted.emit(chosen[0].path))
            menu.addAction(self.tr("Open its folder"), lambda: self.folder_wanted.emit(chosen[0].path))
        return menu

    def _show_menu(self, point: QPoint) -> None:
        self.menu().popup(self.view.viewport().mapToGlobal(point))
