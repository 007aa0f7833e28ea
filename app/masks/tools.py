"""The tools of the mask editor and their keys: brush, fill, eraser, size, undo, regions found in an image."""

from __future__ import annotations

from collections.abc import Callable
from math import log

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QLabel, QMenu, QSpinBox, QToolBar, QToolButton, QWidget

from app.masks.picture import MaskPicture
from app.masks.view import LARGEST_BRUSH, SMALLEST_BRUSH, MaskView, Tool
from app.widgets import theme
from app.widgets.controls import JumpSlider

_BRUSH_STEP = 1.2
_POSITIONS = 100


class MaskTools(QToolBar):
    """Signals:
    file_wanted(): the artist wants to choose an image whose regions to take.
    guess_wanted(count): the same for the picture below the mask, with so many regions.
    """

    file_wanted = Signal()
    guess_wanted = Signal(int)

    def __init__(self, picture: MaskPicture, view: MaskView, can_guess: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture, self._view = picture, view
        self.actions_by_name: dict[str, QAction] = {}
        self.setIconSize(QSize(18, 18))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add_tools()
        self.addSeparator()
        self._add_size()
        self.addSeparator()
        self._add_undo()
        self.addSeparator()
        load = self._load_button(can_guess)
        self.addWidget(load)
        for child in self.findChildren(QToolButton):
            child.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys stay with the mask
        load.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # which has none of its own
        self.set_brush(max(picture.width, picture.height) / 16)

    def set_brush(self, size_px: float) -> None:
        """The diameter of brush and eraser, in pixels of the mask."""
        self._view.set_size(size_px)
        with QSignalBlocker(self.slider), QSignalBlocker(self.box):
            self.slider.setValue(round(_POSITIONS * log(self._view.size_px) / log(LARGEST_BRUSH)))
            self.box.setValue(round(self._view.size_px))

    def step_brush(self, up: bool) -> None:
        """A fifth larger or smaller, at least a pixel."""
        size = self._view.size_px
        self.set_brush(max(size * _BRUSH_STEP, size + 1) if up else min(size / _BRUSH_STEP, size - 1))

    def action(self, name: str, words: str, key: str | QKeySequence.StandardKey, act: Callable[[], object]) -> QAction:
        """Something that a key does everywhere in the window of the tools."""
        action = QAction(words, self)
        action.setShortcut(QKeySequence(key))
        action.setToolTip(f"{words} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
        action.triggered.connect(lambda _checked=False: act())
        self.actions_by_name[name] = action
        self.window().addAction(action)
        return action

    def _add_tools(self) -> None:
        group = QActionGroup(self)
        tools: tuple[tuple[Tool, str, str, str], ...] = (
            ("brush", self.tr("Brush"), "B", self.tr("Paint with the chosen region; Shift draws a straight line")),
            ("fill", self.tr("Fill"), "F", self.tr("Fill the area under the pointer with the chosen region")),
            ("eraser", self.tr("Eraser"), "E", self.tr("Unpaint: unpainted places join the region nearest to them")),
        )
        for name, title, key, words in tools:
            action = self.action(name, words, key, lambda tool=name: self._view.set_tool(tool))
            action.setIconText(title)
            action.setIcon(theme.icon(name))
            action.setCheckable(True)
            group.addAction(action)
            self.addAction(action)
        self.actions_by_name["brush"].setChecked(True)

    def _add_size(self) -> None:
        words = self.tr("Size of brush and eraser ([ and ])")
        self.slider = JumpSlider(self)
        self.slider.setRange(0, _POSITIONS)
        self.slider.setFixedWidth(120)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.slider.setProperty("keys", "[ and ]")
        self.box = QSpinBox(self)
        self.box.setRange(SMALLEST_BRUSH, LARGEST_BRUSH)
        self.box.setSuffix(self.tr(" px"))
        self.box.setKeyboardTracking(False)
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for editor in (self.slider, self.box):
            editor.setToolTip(words)
            editor.setAccessibleName(words)
        self.slider.valueChanged.connect(lambda position: self.set_brush(LARGEST_BRUSH ** (position / _POSITIONS)))
        self.box.valueChanged.connect(self.set_brush)
        label = QLabel(self.tr("Size"), self)
        label.setContentsMargins(theme.UNIT // 2, 0, theme.UNIT, 0)
        self.addWidget(label)
        self.addWidget(self.slider)
        self.addWidget(self.box)
        self.action("smaller", self.tr("Smaller brush"), "[", lambda: self.step_brush(up=False))
        self.action("larger", self.tr("Larger brush"), "]", lambda: self.step_brush(up=True))

    def _add_undo(self) -> None:
        stack, standard = self._picture.stack, QKeySequence.StandardKey
        for name, words, key, act, can in (
            ("undo", self.tr("Undo"), standard.Undo, stack.undo, stack.canUndoChanged),
            ("redo", self.tr("Redo"), standard.Redo, stack.redo, stack.canRedoChanged),
        ):
            action = self.action(name, words, key, act)
            action.setEnabled(False)
            can.connect(action.setEnabled)
            action.setIcon(theme.icon(name))
            self.addAction(action)
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def _load_button(self, can_guess: bool) -> QToolButton:
        self.load_menu = QMenu(self)
        self.load_menu.addAction(theme.icon("folder"), self.tr("A file…"), self.file_wanted.emit)
        if can_guess:
            self.load_menu.addSection(self.tr("The picture below"))
            for count in (3, 4, 6, 8):
                words = self.tr("Its {} main colours").format(count)
                self.load_menu.addAction(words, lambda count=count: self.guess_wanted.emit(count))
        button = QToolButton(self)
        button.setText(self.tr("Regions from an image") + " ▾")
        button.setToolTip(self.tr("Find the regions in the colours of an image"))
        button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(self.load_menu)
        return button
