"""The main window: lays its parts out and connects them. What a part does is in the part; jobs are in document.py."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QActionGroup, QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDockWidget,
    QMainWindow,
    QMenu,
    QMessageBox,
    QToolBar,
    QToolButton,
    QWidget,
)

from app import actions, theme
from app.canvas_panel import CanvasPanel
from app.document import Document
from app.exporting import Exporting
from app.files import Files
from app.help_sheet import HelpSheet
from app.panel import SettingsPanel
from app.pictures import Pictures
from app.plots import Curves
from app.preferences import Preferences, PreferencesDialog
from app.snapshot_strip import SnapshotStrip
from app.snapshots_link import SnapshotsLink
from app.sources_bar import SourcesBar
from app.status import Status
from app.training import Training
from engine import device
from engine import messages as m
from engine.errors import BadSetting
from engine.method import method_class, method_keys
from engine.settings import specs

LAYOUT_VERSION = 1
TRAIN_WORDS = {
    "idle": ("Train", "train"),
    "starting": ("Starting…", "train"),
    "training": ("Pause", "pause"),
    "paused": ("Go on", "train"),
    "stopping": ("Stopping…", "train"),
}


class MainWindow(QMainWindow):
    """One project in one window.

    Args:
        data: folder for unnamed projects and the example.
    """

    def __init__(self, preferences: Preferences, data: Path) -> None:
        super().__init__()
        self.setObjectName("Tessera")
        self.preferences = preferences
        self.document = Document(data / "projects", self, small=_is_slow(preferences.device))
        self.training = Training(self.document, self)
        self.training.device_key = preferences.device
        self.canvas = CanvasPanel(self)
        self.sources = SourcesBar(parent=self)
        self.panel = SettingsPanel(self)
        self.strip = SnapshotStrip(self)
        self.curves = Curves(self)
        self.status = Status(self)
        self.messages = self.canvas.messages
        self.setCentralWidget(self.canvas)
        self.setStatusBar(self.status)
        self.actions_by_name = actions.make(self)
        self._lay_out()
        self.snapshots = SnapshotsLink(self.document, self.training, self.strip, self.canvas, self)
        self.pictures = Pictures(self.document, self.training, self.canvas, self.snapshots, self)
        self.files = Files(self, data)
        self.exporting = Exporting(self)
        self._closing = False
        self._connect()
        self._restore_layout()
        self.show_all()

    # ------------------------------------------------------------ layout

    def _lay_out(self) -> None:
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.docks = {
            "images": self._dock("images", self.tr("Images"), self.sources, left),
            "settings": self._dock("settings", self.tr("Settings"), self.panel, right),
            "snapshots": self._dock("snapshots", self.tr("Snapshots"), self.strip, bottom),
            "curves": self._dock("curves", self.tr("Curves"), self.curves, bottom),
        }
        self.splitDockWidget(self.docks["snapshots"], self.docks["curves"], Qt.Orientation.Horizontal)
        self._make_toolbar()
        view = self._menu("View")
        view.addSeparator()
        for dock in self.docks.values():
            view.addAction(dock.toggleViewAction())
        view.addAction(self.tr("Usual layout"), self.reset_layout)
        view.addSeparator()
        themes = view.addMenu(self.tr("Theme"))
        group = QActionGroup(self)
        for mode, words in (
            ("system", self.tr("As the system")),
            ("light", self.tr("Light")),
            ("dark", self.tr("Dark")),
        ):
            action = themes.addAction(words, lambda mode=mode: self.set_theme(mode))
            action.setCheckable(True)
            action.setChecked(mode == self.preferences.theme)
            group.addAction(action)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

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
        for name in ("undo", "redo"):
            button = bar.widgetForAction(self.actions_by_name[name])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        train = bar.widgetForAction(self.actions_by_name["train"])
        if isinstance(train, QToolButton):
            train.setMinimumWidth(train.fontMetrics().horizontalAdvance(self.tr("Stopping…")) + 40)
        bar.addSeparator()
        self.methods = QComboBox(self)
        self.methods.setAccessibleName(self.tr("Method"))
        self.methods.setToolTip(self.tr("The method that makes the mosaic"))
        for key in method_keys():
            self.methods.addItem(method_class(key).title, key)
        self.presets = QToolButton(self)
        self.presets.setText(self.tr("Preset") + " ▾")
        self.presets.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.presets.setToolTip(self.tr("Values to start from, for speed and for the look"))
        self.presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.presets.setMenu(QMenu(self))
        bar.addWidget(self.methods)
        bar.addWidget(self.presets)
        self.addToolBar(bar)
        self.toolbar = bar

    def _menu(self, name: str) -> QMenu:
        menu = self.menuBar().findChild(QMenu, f"menu {name}")
        assert isinstance(menu, QMenu)
        return menu

    def reset_layout(self) -> None:
        """All docks at their first places."""
        for name, area in (("images", 1), ("settings", 2), ("snapshots", 8), ("curves", 8)):
            dock = self.docks[name]
            dock.setFloating(False)
            self.addDockWidget(Qt.DockWidgetArea(area), dock)
            dock.show()
        self.splitDockWidget(self.docks["snapshots"], self.docks["curves"], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["images"], self.docks["settings"]], [264, 340], Qt.Orientation.Horizontal)
        below = [self.docks["snapshots"], self.docks["curves"]]
        self.resizeDocks(below, [320, 510], Qt.Orientation.Horizontal)
        self.resizeDocks(below, [210, 210], Qt.Orientation.Vertical)

    def _restore_layout(self) -> None:
        screen = self.screen().availableGeometry()
        self.resize(min(1440, screen.width()), min(900, screen.height()))
        geometry, state = self.preferences.geometry, self.preferences.state
        if not (geometry and self.restoreGeometry(QByteArray(geometry))):
            self.move(screen.center() - self.rect().center())
        if not (state and self.restoreState(QByteArray(state), LAYOUT_VERSION)):
            self.reset_layout()

    # ------------------------------------------------------------ connections

    def _connect(self) -> None:
        act = self.actions_by_name
        handlers = {
            "new": self.files.new,
            "open": self.files.open,
            "save": self.files.save,
            "save_as": self.files.save_as,
            "export": self.exporting.open,
            "quit": self.close,
            "undo": self.document.stack.undo,
            "redo": self.document.stack.redo,
            "paste": lambda: self.sources.paste(self.sources.paste_slot()),
            "frame": self.files.edit_frame,
            "preferences": self.edit_preferences,
            "train": self.train,
            "stop": self.training.stop,
            "keep": self.training.keep,
            "afresh": self.training.start,
            "rebuild": self.training.rebuild,
            "fit": self.canvas.view.fit,
            "pixels": self.canvas.view.zoom_to_pixels,
            "zoom_in": lambda: self.canvas.view.zoom_by(1.25),
            "zoom_out": lambda: self.canvas.view.zoom_by(0.8),
            "next_layer": self.canvas.next_layer,
            "full_screen": lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen),
            "keys": lambda: HelpSheet(self).show(),
            "about": self.show_about,
        }
        for name, handler in handlers.items():
            act[name].triggered.connect(lambda _checked=False, handler=handler: handler())
        document, training = self.document, self.training
        document.stack.canUndoChanged.connect(act["undo"].setEnabled)
        document.stack.canRedoChanged.connect(act["redo"].setEnabled)
        document.stack.undoTextChanged.connect(lambda text: actions.describe(act["undo"], f"Undo {text}".strip()))
        document.stack.redoTextChanged.connect(lambda text: actions.describe(act["redo"], f"Redo {text}".strip()))
        document.settings_changed.connect(lambda _names: self._show_settings())
        document.sources_changed.connect(lambda _slot: self._show_sources())
        document.method_changed.connect(self.show_all)
        document.job_replaced.connect(self.show_all)
        document.frame_changed.connect(self._show_saved)
        document.saved.connect(self._show_saved)
        training.event.connect(self._on_event)
        training.state_changed.connect(self._on_state)
        training.stale_changed.connect(self._on_stale)
        for source in (document.problem, training.problem, self.sources.problem):
            source.connect(lambda text: self.messages.show_message(text, "warning"))
        self.panel.edited.connect(document.set)
        self.panel.reset_requested.connect(document.reset)
        self.sources.dropped.connect(document.add)
        self.sources.changed.connect(document.set_sources)
        self.canvas.dropped.connect(document.add)
        self.canvas.project_dropped.connect(self.files.open_path)
        self.canvas.view.look_wanted.connect(training.look)
        self.methods.activated.connect(lambda index: document.set_method(self.methods.itemData(index)))

    # ------------------------------------------------------------ showing the document

    def show_all(self) -> None:
        """Everything anew: another project, or another method."""
        method = self.document.method
        self.snapshots.refresh()
        self.panel.show_method(method)
        self.sources.show_slots(method.slots)
        self.canvas.show_method(method)
        self.curves.show_method(method, {spec.name: spec.knob.label for spec in specs(method.Settings)})
        self.methods.setCurrentIndex(self.methods.findData(self.document.job.method))
        menu = self.presets.menu()
        menu.clear()
        for group in dict.fromkeys(preset.group for preset in method.presets):
            menu.addSection(group.capitalize())
            for preset in (p for p in method.presets if p.group == group):
                action = menu.addAction(preset.name, lambda name=preset.name: self.document.apply_preset(name))
                action.setToolTip(preset.help)
        menu.setToolTipsVisible(True)
        self.status.clear_run()
        self._show_settings()
        self._show_sources()
        self._on_state(self.training.state)

    def _show_settings(self) -> None:
        settings = self.document.settings
        self.panel.set_values(settings)
        self._show_saved()

    def _show_sources(self) -> None:
        self.sources.set_sources(self.document.job.sources)
        self.pictures.refresh()
        self._show_saved()

    def _show_saved(self) -> None:
        document = self.document
        self.setWindowTitle(f"{document.title} – Tessera")
        self.status.set_seed(document.job.seed)
        self.status.set_saved(not document.dirty, document.untitled)
        for name in ("undo", "redo"):
            ready = document.stack.canUndo() if name == "undo" else document.stack.canRedo()
            self.actions_by_name[name].setEnabled(ready)

    # ------------------------------------------------------------ training

    def train(self) -> None:
        """Begin, pause or go on, whichever is next. Beginning goes on from the newest snapshot where there is one."""
        match self.training.state:
            case "idle":
                self.training.start(self.snapshots.newest())
            case "training":
                self.training.pause()
            case "paused":
                self.training.resume()

    def _on_state(self, state: str) -> None:
        words, icon = TRAIN_WORDS[state]
        act = self.actions_by_name
        act["train"].setText(self.tr(words))
        act["train"].setIcon(theme.icon(icon))
        act["train"].setEnabled(state in ("idle", "training", "paused"))
        for name in ("stop", "keep"):
            act[name].setEnabled(state in ("training", "paused"))
        act["afresh"].setEnabled(state == "idle")
        act["rebuild"].setEnabled(self.training.stale)
        self.status.set_state(state)
        self.strip.set_can_keep(state in ("training", "paused"))
        self.panel.set_training(state in ("training", "paused"))
        self.canvas.view.set_session(self.training.running, state == "training")
        if state == "idle":
            self.messages.withdraw("rebuild")
            self.snapshots.refresh()
            if self._closing:
                self.close()

    def _on_stale(self, stale: bool) -> None:
        self.actions_by_name["rebuild"].setEnabled(stale)
        if stale and self.training.running:
            self.messages.show_message(
                self.tr(
                    "Some new settings act after the networks are rebuilt. What was learned is kept where it fits."
                ),
                key="rebuild",
                button=self.tr("Rebuild now"),
                act=self.training.rebuild,
            )
        else:
            self.messages.withdraw("rebuild")

    def _on_event(self, event: m.Event) -> None:
        match event:
            case m.Viewed():
                self.canvas.view.viewed(event)
            case m.Stepped():
                self.status.stepped(event)
                self.curves.add(event.step, event.terms)
            case m.Began():
                self.status.set_device(event.device)
                self.status.began(event.step)
                self.curves.set_templates(event.job.settings.get("templates"))
                self.curves.began(event.step)
                self.canvas.view.set_extent(event.canvas)
                self.canvas.set_hint("")
                self.canvas.show_still(None)
                self.canvas.view.ask()
            case m.Retuned():
                self.curves.mark(event.step, event.names)
                if self.training.state == "paused":
                    self.canvas.view.ask()
            case m.Kept():
                self.snapshots.refresh()
            case m.Warned():
                self.messages.show_message(event.sentence, "warning")
            case m.Failed():
                if isinstance(event.command, m.Look):
                    self.canvas.view.answer_failed()
                self.messages.show_message(event.sentence, "error")
        self.exporting.on_event(event)

    # ------------------------------------------------------------ the rest

    def set_theme(self, mode: str) -> None:
        self.preferences.theme = mode
        theme.apply(_application(), mode)

    def edit_preferences(self) -> None:
        dialog = PreferencesDialog(self.preferences, self)
        dialog.theme_chosen.connect(self.set_theme)
        dialog.device_chosen.connect(lambda key: setattr(self.training, "device_key", key))
        dialog.exec()

    def show_about(self) -> None:
        text = self.tr("Tessera makes mosaics and collages of your own images, with networks that it trains on them.")
        QMessageBox.about(self, self.tr("About Tessera"), text)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.exporting.running and not self._closing:
            event.ignore()
            self.exporting.ask_before_closing()
            return
        self.document.flush()
        self.preferences.geometry = self.saveGeometry().data()
        self.preferences.state = self.saveState(LAYOUT_VERSION).data()
        self.preferences.last_project = None if self.document.empty else self.document.folder
        if self.training.running:
            # the window stays, and alive, until the snapshot is written and the thread has ended
            self._closing = True
            self.setEnabled(False)
            self.training.stop()
            event.ignore()
            return
        self.pictures.wait()
        self.files.wait()
        event.accept()

    def close_anyway(self) -> None:
        """Closes although an export runs."""
        self._closing = True
        self.close()


def _is_slow(device_key: str) -> bool:
    """Whether training would be on the CPU."""
    try:
        return device.choose(device_key).key == "cpu"
    except BadSetting:  # a device that is no longer there
        return device.choose().key == "cpu"


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
