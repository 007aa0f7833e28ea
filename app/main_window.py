"""The main window: lays its parts out and connects them. What a part does is in the part; jobs are in document.py."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app import crash
from app.frame_dialog import edit_frame
from app.help_sheet import HelpSheet
from app.images.sources_bar import NO_PICTURE
from app.preferences import Preferences
from app.shell import Shell
from engine.errors import BadSettingError
from engine.method import method_class, method_keys


class MainWindow(Shell):
    """One project in one window.

    Args:
        data: folder for unnamed projects and the example.
        built: False leaves the window an empty frame, which needs no torch, until `build` is called.
    """

    ended = Signal()
    """It was closed by `end`, and nothing of it runs any more."""

    def __init__(self, preferences: Preferences, data: Path, built: bool = True) -> None:
        super().__init__(preferences)
        self._data = data
        self.sources.arrivals.folder = data / "pasted"
        self._closing = self._without_saving = self._unasked = False
        self.built = False
        self.restore_layout()
        if built:
            self.build()
        else:
            self.canvas.show_start(False)
            self.setEnabled(False)

    def build(self) -> None:
        """Fills the frame with what needs the engine, and makes it usable. Who is made first hears events first."""
        from app.away.controller import AwayController
        from app.canvas.comparing import CompareController
        from app.canvas.controller import CanvasController
        from app.canvas.first_words import FirstWords
        from app.canvas.idle_picture import IdlePictureController
        from app.canvas.outside import OutsideController
        from app.curves.named_marks import NamedMarks
        from app.document import Document
        from app.document_state import DocumentState
        from app.export.controller import ExportController
        from app.files import FilesController
        from app.image_fit import ImageFit
        from app.images.watched import WatchedImages
        from app.live import LiveController
        from app.masks.controller import MaskController
        from app.needs import NeedsController
        from app.notices import Notices
        from app.pieces.controller import PiecesController
        from app.preferences_controller import PreferencesController
        from app.recents_menu import RecentsMenu
        from app.recovery import Recovery
        from app.session_report import SessionReport
        from app.settings.presets_menu import PresetsMenu
        from app.snapshots.controller import SnapshotsController
        from app.taskbar import Taskbar
        from app.train_controller import TrainController
        from app.training import Training
        from app.weights.controller import WeightsController

        preferences, canvas, messages = self.preferences, self.canvas, self.messages
        document = self.document = Document(self._data / "projects", self, small=_is_slow(preferences.device))
        training = self.training = Training(document, self)
        training.device_key = preferences.device
        snapshots = self.snapshots = SnapshotsController(document, training, self.strip, self, canvas.view.result)
        self.idle_picture = IdlePictureController(document, training, canvas, snapshots, self)
        hover = CanvasController(training, canvas, self).hover
        FirstWords(training, canvas, self)
        self.comparing = CompareController(training, canvas, snapshots, self.strip, self)
        self.recovery = Recovery(document, preferences, self)
        self.masks = MaskController(
            document, training, self, snapshots.newest, canvas.view.picture, canvas.view.covered
        )
        self.pieces = PiecesController(
            document,
            training,
            self.tray,
            self.report,
            lambda text: messages.show_message(text, "warning", key="pieces"),
            self.sources.show_image,
            self,
        )
        self.pieces.follow_pointer(hover.pointed, hover.found, hover.pinned)
        hover.share_of = self.pieces.share_of
        hover.pinned.connect(lambda _index: self.side.bring("pieces"))
        self.live = LiveController(document, training, snapshots.present, self)
        self.image_fit = ImageFit(document, training, messages, self)
        self.own_presets = PresetsMenu(document, self.presets, messages, self._data / "presets", self)
        self.weights = WeightsController(document, messages, self)
        self.training_actions = TrainController(training, snapshots, self.weights, self.actions_by_name, messages, self)
        self.files = FilesController(
            document,
            training,
            self.recovery,
            preferences,
            lambda: self.exports.running,
            canvas.start,
            messages,
            self._data,
            self,
        )
        self.watched = WatchedImages(document, self)
        self.marks = NamedMarks(document, training, self.curves, self)
        self.session_report = SessionReport(document, training, self.status, self.curves, messages)
        self.recents_menu = RecentsMenu(self.files.recents, self.menu("File"), self.actions_by_name["save"], self)
        self.exports = ExportController(
            document,
            training,
            snapshots,
            preferences,
            lambda: self.idle_picture.canvas_size,
            canvas.view,
            messages,
            self,
        )
        self.outside = OutsideController(document, canvas, preferences, messages, self.exports.open, self)
        self.notices = Notices(training, self, of_many=lambda: self.away.running)
        self.taskbar = Taskbar(self.exports.queue, self)
        for key in method_keys():
            self.methods.add(method_class(key))
        self.document_state = DocumentState(
            document, self.status, self.actions_by_name["undo"], self.actions_by_name["redo"], self
        )
        self.taskbar.changed.connect(lambda: self.document_state.prefix_title(self.taskbar.prefix))
        self.preferences_in_force = PreferencesController(
            preferences, training, snapshots, canvas.view.loupe, self.set_theme, self
        )
        self._connect_actions()
        self._connect_document()
        self._connect_messages()
        self._connect_panels()
        self.preferences_in_force.follow()
        self.show_all()
        self.needs = NeedsController(document, training, messages, self.actions_by_name["needs"], self)
        self.own_presets.applied.connect(self.needs.warn_of)
        self.away = AwayController(document, training, messages, self)
        self.away.finished.connect(self.notices.tell)
        self.away.progressed.connect(self.taskbar.set_plan)
        self.actions_by_name["away"].triggered.connect(lambda _checked=False: self.away.open())
        self.built = True
        self.setEnabled(True)
        self.canvas.way_in().setFocus()

    # ------------------------------------------------------------ connections

    def _connect_actions(self) -> None:
        act = self.actions_by_name
        handlers = {
            "new": self.files.new,
            "open": self.files.open,
            "save": self.files.save,
            "save_as": self.files.save_as,
            "pack": self.files.pack,
            "export": self.exports.open,
            "others": self.exports.paint_others,
            "quit": self.close,
            "undo": self.document.stack.undo,
            "redo": self.document.stack.redo,
            "paste": lambda: self.sources.paste(self.sources.paste_slot()),
            "copy_view": self.outside.copy_view,
            "save_view": self.outside.save_view,
            "copy_settings": self.outside.copy_settings,
            "frame": lambda: edit_frame(self.document, self.idle_picture.canvas_size, self),
            "preferences": self.preferences_in_force.edit,
            "fit": self.canvas.view.fit,
            "pixels": self.canvas.view.zoom_to_pixels,
            "zoom_in": lambda: self.canvas.view.zoom_by(1.25),
            "zoom_out": lambda: self.canvas.view.zoom_by(0.8),
            "next_panel": lambda: self.keyboard.step_panel(True),
            "previous_panel": lambda: self.keyboard.step_panel(False),
            "next_layer": self.canvas.layers.choose_next,
            "grid": self.snapshots.open_grid,
            "full_screen": lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen),
            "keys": lambda: HelpSheet(self).show(),
            "about": self.show_about,
        }
        for name, handler in handlers.items():
            act[name].triggered.connect(lambda _checked=False, handler=handler: handler())

    def _connect_document(self) -> None:
        """What document and training say, to what shows it."""
        document, training = self.document, self.training
        document.stack.indexChanged.connect(self._on_undo_step)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)
        for source in (self.panel, self.sources):
            source.grip_changed.connect(document.begin_movement)
        document.settings_changed.connect(lambda _names: self._show_settings())
        document.sources_changed.connect(lambda _slot: self._show_sources())
        document.method_changed.connect(self.show_all)
        document.job_replaced.connect(self.show_all)
        document.job_replaced.connect(self.sources.arrivals.forget)
        training.state_changed.connect(self._on_state)
        self.files.renamed.connect(self._on_renamed)
        self.snapshots.shown.connect(lambda: self.curves.set_best(self.snapshots.best() is not None))
        self.exports.queue.changed.connect(lambda: self.status.set_painting(self.exports.running))

    def _connect_messages(self) -> None:
        """What could not be done, in words above the canvas."""
        document = self.document
        self.recovery.shared.connect(
            lambda folder: self.messages.show_message(
                self.tr("“{}” is open in another window as well. Work in one of them only.").format(folder.name),
                "warning",
            )
        )
        for source in (document.problem, self.masks.problem):
            source.connect(lambda text: self.messages.show_message(text, "warning"))
        document.problem_over.connect(self.messages.unsay)
        self.sources.problem.connect(self.files.relinking.tell)
        self.training.problem.connect(lambda text: self.messages.show_message(text, "warning", key="begin"))
        self.sources.arrivals.waiting.connect(self._on_fetching)

    def _connect_panels(self) -> None:
        """What the artist does in a panel, to who does it."""
        document = self.document
        self.curves.remedy_wanted.connect(
            lambda remedy: document.set_values(remedy.values(document.settings), remedy.title.lower())
        )
        self.curves.best_wanted.connect(self._go_back_to_best)
        self.panel.edited.connect(lambda name, _value: self.image_fit.choose(name))
        self.panel.edited.connect(document.set)
        self.panel.reset_requested.connect(self.image_fit.choose)
        self.panel.reset_requested.connect(document.reset)
        self.sources.dropped.connect(self.files.take)
        self.sources.changed.connect(document.set_sources)
        self.sources.paint_requested.connect(self.masks.open)
        self.canvas.dropped.connect(document.add)
        self.canvas.data_dropped.connect(self.sources.arrivals.take)
        self.watched.changed.connect(self._on_images_changed)
        self.project_dropped.connect(self.files.open_path)
        self.canvas.project_dropped.connect(self.files.open_path)
        self.canvas.begin.button.clicked.connect(self.actions_by_name["train"].trigger)
        self.canvas.start.images_requested.connect(lambda: self.sources.browse(document.method.slots[0].key))
        self.snapshots.picture_chosen.connect(self.canvas.show_still)
        self.strip.chosen_is_gone.connect(lambda: self.canvas.show_still(None))
        self.strip.export_requested.connect(lambda snapshot: self.exports.open(snapshot.folder))
        self.recents_menu.chosen.connect(self.files.open_path)
        self.files.example_loaded.connect(self.canvas.focus_canvas)
        self.exports.close_confirmed.connect(self.close_anyway)
        self.methods.chosen.connect(document.set_method)
        self.canvas.start.methods_requested.connect(lambda: self.methods.open_cards(self.canvas.start.other_method))

    # ------------------------------------------------------------ showing the document

    def show_all(self) -> None:
        """Everything anew: another project, or another method."""
        method = self.document.method
        self.snapshots.refresh()
        self.panel.show_method(method)
        self.sources.show_slots(method.slots)
        self.canvas.show_method(method)
        self.curves.show_method(method)
        self.methods.show_method(self.document.job.method)
        self.own_presets.refresh()
        self.status.clear_run()
        self._show_settings()
        self._show_sources()
        self.training_actions.refresh()
        self._on_state(self.training.state)
        self.fit_toolbar()

    def _on_fetching(self, host: str) -> None:
        if host:
            self.messages.show_message(self.tr("The picture is fetched from {} …").format(host), key="fetch")
        else:
            self.messages.withdraw("fetch")

    def _on_images_changed(self, paths: list[str]) -> None:
        """Files that were saved by another program: the picture follows."""
        for path in paths:
            self.sources.read_again(path)
        if self.training.running:
            self.training.read_again()
        else:
            self.idle_picture.read_again()
            self.live.try_again()

    def _go_back_to_best(self) -> None:
        best = self.snapshots.best()
        if best is not None:
            self.training.go_back(best)

    def _on_undo_step(self) -> None:
        self.document_state.show_undo()

    def _on_focus(self, _before: QWidget | None, _now: QWidget | None) -> None:
        self.document.begin_movement()

    def _show_settings(self) -> None:
        settings = self.document.settings
        self.panel.set_values(settings)
        self.curves.set_values(settings)
        self.document_state.show()

    def _show_sources(self) -> None:
        self.sources.set_sources(self.document.job.sources)
        self.idle_picture.refresh()
        self.messages.withdraw("begin")
        self.messages.unsay(NO_PICTURE)
        self.document_state.show()

    # ------------------------------------------------------------ training

    def _on_state(self, state: str) -> None:
        self.status.set_state(state)
        self.show_next(state)
        if self.training.running:
            self.messages.withdraw("begin")
        self.strip.set_can_keep(self.training.can_keep)
        self.panel.set_state(state)
        if state == "paused" and self._closing:  # nothing could be kept: the message says why, and nothing is lost yet
            if self._unasked:
                self.training.stop(keep=False)
                return
            self._closing = self._without_saving = False
            self.setEnabled(True)
        if state == "idle":
            self.snapshots.refresh()
            if self._closing:
                self.close()

    # ------------------------------------------------------------ the rest

    def _on_renamed(self) -> None:
        """The same project in another place: nothing that runs or is shown begins anew."""
        self.exports.project_moved(self.document.folder)
        self.away.follow()
        self.snapshots.refresh()
        self.document_state.show()

    def show_about(self) -> None:
        text = self.tr("Tessera makes mosaics and collages of your own images, with networks that it trains on them.")
        QMessageBox.about(self, self.tr("About Tessera"), text)

    def closeEvent(self, event: QCloseEvent) -> None:
        """An exception must not leave this: in a close within a slot it takes the whole program along."""
        try:
            self._close(event)
        except Exception as error:
            event.ignore()
            crash.tell(error)
            return
        if self._unasked and event.isAccepted():
            self.ended.emit()

    def _close(self, event: QCloseEvent) -> None:
        if not self.built:
            event.accept()
            return
        if self.exports.running and not self._closing:
            event.ignore()
            self.exports.ask_before_closing()
            return
        if self._unasked:
            self.masks.leave()
        elif not self.masks.close():
            event.ignore()
            return
        self.document.flush()
        if self.document.dirty and not self._without_saving:
            event.ignore()
            self._closing = False
            self.setEnabled(True)
            self.files.unsaved.then(self._close_without_saving)
            return
        self.live.end()
        self.away.end()
        self.remember_layout()
        self.preferences.last_project = None if self.document.empty else self.document.folder
        if self.training.running:
            # the window stays, and alive, until the snapshot is written and the thread has ended
            self._closing = True
            self.setEnabled(False)
            self.training.stop()
            event.ignore()
            return
        self.idle_picture.wait()
        self.files.wait()
        self.masks.wait()
        self.sources.arrivals.wait()
        self.needs.wait()
        self.exports.views.clear_places.wait()
        self.recovery.release()
        event.accept()

    def end(self) -> None:
        """Closes and asks nothing, since nobody may be there to answer; what can be kept is kept."""
        self._unasked = self._closing = self._without_saving = True
        self.close()

    def _close_without_saving(self) -> None:
        self._without_saving = True
        self.close()

    def close_anyway(self) -> None:
        """Closes although an export runs."""
        self._closing = True
        self.close()


def _is_slow(device_key: str) -> bool:
    """Whether training would be on the CPU."""
    from engine import device

    try:
        return device.choose(device_key).key == "cpu"
    except BadSettingError:  # a device that is no longer there
        return device.choose().key == "cpu"
