"""The frame of the main window: docks, toolbar, menus, theme, and a layout that is remembered. Nothing acts here."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QActionGroup,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QStatusTipEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QToolBar, QToolButton

from app import actions, keyboard
from app.canvas.panel import CanvasPanel
from app.curves.plots import Curves
from app.images.arrivals import local_paths
from app.images.sources_bar import SourcesBar
from app.keyboard import Keyboard, Panel
from app.pieces.report import ReportPanel
from app.pieces.tray import PieceTray
from app.preferences import Preferences
from app.project_paths import project_in
from app.settings.method_chooser import MethodChooser
from app.settings.panel import SettingsPanel
from app.snapshots.strip import SnapshotStrip
from app.status import Status
from app.widgets import stops, theme
from app.widgets.bottom_row import BottomRow
from app.widgets.docks import TabbedDock, TitledDock, floating_action
from app.widgets.low_dock import LowDock
from app.widgets.menu_keys import MenuLetters
from app.widgets.placing import place, room_for
from app.widgets.ring import hand
from app.widgets.side_docks import SideDocks

LAYOUT_VERSION = 3
_WORDED = frozenset(actions.TOOLBAR) - {"undo", "redo"}
_WORDED_NARROW = frozenset({"train", "keep", "export"})
_WORDED_NARROWEST = frozenset({"train"})
"""Buttons of the toolbar that have their words beside the icon, in a wide window and in narrower ones."""
ROOMY_PX, BELOW_PX = 1240, 228
"""Width of a window with room for all; height of what is below the canvas."""
LOW_WINDOW_PX = 600
"""A window that is not as high has low rows of moments: the usual one would take more than a third of it."""
NARROW_PX, LEAST_PICTURE_PX = (200, 360), 380
"""Widths of the docks beside the picture in a narrow window, and of the picture's panel at least."""
BOTH_BELOW_PX, CURVES_PX = 560, 230
"""Width that moments and curves need together, for two moments beside *Keep*; and what curves have where it is less."""
_BESIDE, _BELOW = ("images", "settings"), ("snapshots", "curves")
_AREAS = {
    "images": Qt.DockWidgetArea.LeftDockWidgetArea,
    "settings": Qt.DockWidgetArea.RightDockWidgetArea,
    "snapshots": Qt.DockWidgetArea.BottomDockWidgetArea,
    "curves": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class Shell(QMainWindow):
    """All widgets of the main window, in their places, connected to nothing."""

    project_dropped = Signal(object)
    """Path of a project that was dropped where nothing else wants files."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.setObjectName("Tessera")
        self.preferences = preferences
        self.canvas = CanvasPanel(self)
        self.sources = SourcesBar(parent=self)
        self.sources.browse_folder = preferences.last_folder("images")
        self.panel = SettingsPanel(self)
        self.tray = PieceTray(self)
        self.report = ReportPanel(self)
        self.strip = SnapshotStrip(self)
        self.curves = Curves(self)
        self.status = Status(self)
        self.messages = self.canvas.messages
        self.setCentralWidget(self.canvas)
        self.setStatusBar(self.status)
        self.actions_by_name = actions.make(self)
        self.setAcceptDrops(True)
        self._lay_out()

    def event(self, event: QEvent) -> bool:
        """Explains entries of open menus in the line at the bottom; of a button, whose tooltip says the same, it would
        hide whether the program trains for as long as the pointer rests there."""
        if isinstance(event, QStatusTipEvent) and event.tip() and QApplication.activePopupWidget() is None:
            return True
        if event.type() == QEvent.Type.Show:
            hand().watch(self.windowHandle())
            QTimer.singleShot(0, self, self.raise_panels)
        return super().event(event)

    def raise_panels(self) -> None:
        """Panels in windows of their own come up over this one, which was shown after them."""
        for dock in self.docks.values():
            if dock.isFloating() and dock.isVisible():
                dock.raise_()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Drags come here that no part of the window takes."""
        if project_in(local_paths(event.mimeData())) is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        project = project_in(local_paths(event.mimeData()))
        if project is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.project_dropped.emit(project)

    def _lay_out(self) -> None:
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        side = {
            "settings": (self.tr("Settings"), self.panel),
            "pieces": (self.tr("Pieces"), self.tray),
            "report": (self.tr("Report"), self.report),
        }
        self.side = TabbedDock("settings", side, self)
        """Tray and report lie behind the settings, where they take no room from the picture."""
        self.docks = {
            "images": TitledDock("images", self.tr("Images"), self.sources, self),
            "settings": self.side,
            "snapshots": TitledDock("snapshots", self.tr("Moments"), self.strip, self),
            "curves": TitledDock("curves", self.tr("Curves"), self.curves, self),
        }
        for name, dock in self.docks.items():
            self.addDockWidget(_AREAS[name], dock)
        self.splitDockWidget(self.docks["snapshots"], self.docks["curves"], Qt.Orientation.Horizontal)
        self.bottom_row = BottomRow(self, (self.docks["snapshots"], self.docks["curves"]), BOTH_BELOW_PX, CURVES_PX)
        self.sides = SideDocks(self, tuple(self.docks[name] for name in _BESIDE), NARROW_PX, LEAST_PICTURE_PX)
        self.low_row = LowDock(self, self.docks["snapshots"], lambda: min(BELOW_PX, self.height() // 4))
        self.strip.filled.connect(self.low_row.set_filled)
        self.canvas.add_below(self.curves.line)
        self.curves.line.set_toggle(self.docks["curves"].toggleViewAction())
        QShortcut(QKeySequence("F10"), self, lambda: keyboard.tap_alt(self))
        QShortcut(QKeySequence("Shift+F10"), self, lambda: keyboard.open_menu(QApplication.focusWidget()))
        self._make_toolbar()
        canvas = Panel(self.canvas, self.canvas.way_in)
        self.keyboard = Keyboard(
            self,
            (
                Panel(self.toolbar),
                Panel(self.docks["images"]),
                canvas,
                Panel(self.docks["snapshots"], self.strip.way_in),
                Panel(self.docks["curves"]),
                Panel(self.side),
            ),
            first=canvas,
        )
        view = self.menu("View")
        view.addSeparator()
        for dock in self.docks.values():
            view.addActions(self.side.actions_of_panels() if dock is self.side else [dock.toggleViewAction()])
        apart = view.addMenu(self.tr("In a window of its own"))
        apart.addActions([floating_action(dock) for dock in self.docks.values()])
        view.addAction(self.tr("Usual layout"), self.reset_layout)
        view.addSeparator()
        themes = view.addMenu(self.tr("Theme"))
        group = QActionGroup(self)
        for mode, words in theme.MODE_TITLES.items():
            action = themes.addAction(self.tr(words), lambda mode=mode: self.set_theme(mode))
            action.setCheckable(True)
            action.setChecked(mode == self.preferences.theme)
            group.addAction(action)

    def _make_toolbar(self) -> None:
        bar = QToolBar(self.tr("Tools"), self)
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for name in actions.TOOLBAR:
            if name:
                bar.addAction(self.actions_by_name[name])
            else:
                bar.addSeparator()
        train = bar.widgetForAction(self.actions_by_name["train"])
        if isinstance(train, QToolButton):
            train.setMinimumWidth(train.fontMetrics().horizontalAdvance(self.tr("Stopping…")) + 28)
            train.setProperty("role", "primary")
        bar.addSeparator()
        self.methods = MethodChooser(self)
        self.presets = QToolButton(self)
        self.presets.setText(self.tr("Preset") + " ▾")
        self.presets.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.presets.setToolTip(self.tr("Values to start from, for speed and for the look"))
        self.presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        MenuLetters(menu)
        self.presets.setMenu(menu)
        self.presets.setProperty("role", "chooser")
        bar.addWidget(self.methods)
        bar.addWidget(self.presets)
        self.addToolBar(bar)
        self.toolbar = bar

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.strip.set_low(self.height() < LOW_WINDOW_PX)
        self.fit_toolbar()

    def fit_toolbar(self) -> None:
        """Where the words of all have no room, the usual buttons are icons alone; their tooltips have the words."""
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        for worded in (_WORDED, _WORDED_NARROW, _WORDED_NARROWEST):
            for name in filter(None, actions.TOOLBAR):
                button = self.toolbar.widgetForAction(self.actions_by_name[name])
                if isinstance(button, QToolButton):
                    usual = beside if name in worded else alone
                    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly if name == "train" else usual)
            layout = self.toolbar.layout()
            if layout is not None:
                layout.invalidate()
            if self.toolbar.sizeHint().width() <= self.width():
                break

    def show_next(self, state: str) -> None:
        """The one button that stands out, where pressing it is what comes next."""
        train = self.toolbar.widgetForAction(self.actions_by_name["train"])
        if train is not None:
            train.setProperty("next", state in ("idle", "live", "paused"))
            train.style().unpolish(train)
            train.style().polish(train)

    def menu(self, name: str) -> QMenu:
        """One of the menus of the bar, by the name that actions.py has for it."""
        menu = self.menuBar().findChild(QMenu, f"menu {name}")
        assert isinstance(menu, QMenu)
        return menu

    def focusNextPrevChild(self, next: bool) -> bool:
        return self.isVisible() and self.keyboard.step(next)  # not while it closes

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        entered = plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not (entered and stops.press(QApplication.focusWidget())):
            super().keyPressEvent(event)

    def reset_layout(self) -> None:
        """All docks at their first places; the curves are folded to the line of health below the canvas."""
        for name, dock in self.docks.items():
            dock.setFloating(False)
            self.addDockWidget(_AREAS[name], dock)
            dock.setVisible(name != "curves")
        self.side.bring("settings")
        self.splitDockWidget(self.docks["snapshots"], self.docks["curves"], Qt.Orientation.Horizontal)
        beside, below = ([self.docks[name] for name in names] for names in (_BESIDE, _BELOW))
        roomy = self.width() >= ROOMY_PX
        self.resizeDocks(beside, [264, 400] if roomy else list(NARROW_PX), Qt.Orientation.Horizontal)
        self.resizeDocks(below, [345, 440], Qt.Orientation.Horizontal)
        self.low_row.forget()

    def restore_layout(self) -> None:
        self.resize(QSize(1440, 900).boundedTo(room_for(self)))
        geometry, state = self.preferences.geometry, self.preferences.state
        if not (geometry and self.restoreGeometry(QByteArray(geometry))):
            place(self, self.size())
        if not (state and self.restoreState(QByteArray(state), LAYOUT_VERSION)):
            self.reset_layout()
        self.low_row.share()  # there is nothing in it yet, whatever there was when the layout was stored

    def remember_layout(self) -> None:
        """Stores where everything is, and where images were chosen from, for the next start."""
        self.preferences.geometry = bytes(self.saveGeometry().data())
        self.preferences.state = bytes(self.saveState(LAYOUT_VERSION).data())
        if self.sources.browse_folder is not None:
            self.preferences.set_last_folder("images", self.sources.browse_folder)

    def set_theme(self, mode: str) -> None:
        self.preferences.theme = mode
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, mode)
