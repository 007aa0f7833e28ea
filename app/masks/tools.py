"""The tools of the mask editors and their keys: brushes and their size, undo, images taken over and saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Toolbox:
    """What an editor of one kind has.

    Args:
        tools: in their order.
        guesses: kind and words of what can be found in the picture below; none without one.
        load_title, load_help, paint_help, erase_help, invert_help: words of its own.
    """

    tools: tuple[Tool, ...]
    guesses: tuple[tuple[str, str], ...]
    load_title: str
    load_help: str
    paint_help: str
    erase_help: str
    invert_help: str


class MaskTools(QToolBar):
    """Signals:
    file_wanted(): the artist wants to choose an image to take over.
    guess_wanted(kind): the same for something found in the picture below the mask.
    save_wanted(): the artist wants the mask as an image.
    invert_wanted(): what is painted shall be inverted.
    """

    file_wanted = Signal()
    guess_wanted = Signal(str)
    save_wanted = Signal()
    invert_wanted = Signal()

    def __init__(self, picture: MaskPicture, view: MaskView, toolbox: Toolbox, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture, self._view, self._toolbox = picture, view, toolbox
        self.actions_by_name: dict[str, QAction] = {}
        self.setIconSize(QSize(18, 18))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add_tools()
        self.addSeparator()
        self._add_size()
        self.addSeparator()
        self._add_undo()
        self.addSeparator()
        load = self._load_button()
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
        known: dict[Tool, tuple[str, str, str]] = {
            "brush": (self.tr("Brush"), "B", self._toolbox.paint_help),
            "lasso": (self.tr("Lasso"), "L", self.tr("Draw around what is to be painted")),
            "fill": (self.tr("Fill"), "F", self.tr("Fill the area under the pointer")),
            "gradient": (self.tr("Gradient"), "G", self.tr("Drag: from the chosen amount to what is there")),
            "piece": (self.tr("Piece"), "W", self.tr("Click: paint what one piece covers with the chosen region")),
            "eraser": (self.tr("Eraser"), "E", self._toolbox.erase_help),
        }
        for name in self._toolbox.tools:
            title, key, words = known[name]
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
        action = self.action("invert", self._toolbox.invert_help, "I", self.invert_wanted.emit)
        action.setIcon(theme.icon("invert"))
        self._add_alone(action)
        for name, words, key, act, can in (
            ("undo", self.tr("Undo"), standard.Undo, self._picture.undo, stack.canUndoChanged),
            ("redo", self.tr("Redo"), standard.Redo, self._picture.redo, stack.canRedoChanged),
        ):
            action = self.action(name, words, key, act)
            action.setEnabled(False)
            can.connect(action.setEnabled)
            action.setIcon(theme.icon(name))
            self._add_alone(action)

    def _add_alone(self, action: QAction) -> None:
        """A button without words."""
        self.addAction(action)
        button = self.widgetForAction(action)
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def _load_button(self) -> QToolButton:
        self.load_menu = QMenu(self)
        self.load_menu.addAction(theme.icon("folder"), self.tr("A file…"), self.file_wanted.emit)
        if self._toolbox.guesses:
            self.load_menu.addSection(self.tr("The picture below"))
            for kind, words in self._toolbox.guesses:
                self.load_menu.addAction(words, lambda kind=kind: self.guess_wanted.emit(kind))
        self.load_menu.addSeparator()
        self.load_menu.addAction(theme.icon("save"), self.tr("Save as an image…"), self.save_wanted.emit)
        button = QToolButton(self)
        button.setText(self._toolbox.load_title + " ▾")
        button.setToolTip(self._toolbox.load_help)
        button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(self.load_menu)
        return button
