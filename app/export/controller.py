"""From the request to the finished file: the dialog, a session that paints, the queue, what was begun before."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.canvas.view import CanvasView
from app.document import Document
from app.export.dialog import PROBED_PX, ExportDialog
from app.export.learning_on import LearningOn
from app.export.names import free_name, unnumbered
from app.export.others import OthersWindow, connected
from app.export.queue import ExportQueue, Item
from app.export.views import ExportViews
from app.preferences import Preferences
from app.snapshots.controller import SnapshotsController
from app.training import Training
from app.widgets import words
from app.widgets.message_bar import MessageBar
from app.widgets.question import Answer, ask
from app.widgets.thumbnails import read_preview
from engine import snapshots
from engine.box import Size
from engine.errors import TesseraError
from engine.export import journal, unfinished
from engine.export.relink import missing_images, with_images_from
from engine.job import Job
from engine.messages.commands import Command, Load
from engine.messages.exports import Exported, ExportRequest, Inspect, Inspected


class ExportController(QObject):
    """
    Args:
        canvas_size: what is trained for, as far as it is known.
        canvas_view: shows how it will print.
        window: above which dialogs open.
    """

    close_confirmed = Signal()
    """The artist wants to close although an export runs."""

    def __init__(
        self,
        document: Document,
        training: Training,
        snapshots: SnapshotsController,
        preferences: Preferences,
        canvas_size: Callable[[], Size | None],
        canvas_view: CanvasView,
        messages: MessageBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._training, self._snapshots = document, training, snapshots
        self._preferences, self._messages, self._window = preferences, messages, window
        self._canvas_size = canvas_size
        self.queue = ExportQueue(self._send, training.events, self)
        self.dialog: ExportDialog | None = None
        self.others: OthersWindow | None = None
        self._about: tuple[object, ...] = ()
        """What the dialog was made for."""
        self._canvas_view = canvas_view
        self.views = ExportViews(training, snapshots, canvas_view, window)
        self.learning_on = LearningOn(document, training, snapshots, messages, window)
        self.queue.progressed.connect(self.views.show_so_far)
        self.queue.changed.connect(self.views.show_end)
        training.events.on(Inspected, self._on_inspected)
        training.events.on(Exported, self._on_exported)
        training.state_changed.connect(lambda _state: self._on_state())
        document.job_replaced.connect(self._find_unfinished)
        self._find_unfinished()

    @property
    def running(self) -> bool:
        """Whether a file is being painted, or waits to be."""
        return self.queue.busy

    # ------------------------------------------------------------ the dialog

    def open(self, snapshot: Path | None = None) -> None:
        """Shows the dialog for the present weights, or for a snapshot."""
        size = self._canvas_size()
        if size is None or (not self._training.running and self._snapshots.newest() is None):
            self._messages.show_message(
                self.tr("There is nothing to export yet. Press Train first."), "info", key="begin"
            )
            return
        method = self._document.method
        about = (size, method, snapshot)
        if self.dialog is not None and self._about == about:  # with the choices as they were left
            self._on_state()
            out = self.dialog.form.out()
            if not self.dialog.isVisible() and os.path.exists(out):  # painted when it was open before, as a rule
                self.dialog.form.file_name.setText(free_name(unnumbered(out.stem), out.parent))
            self.dialog.set_job(self._job(snapshot))
            self.dialog.form.crop.set_picture(self._picture(snapshot))
            if not self.dialog.isVisible():
                self.dialog.form.file_name.setFocus()  # as at first, and not on what closed it
            self.dialog.show()
            self.dialog.raise_()
            self._show_transparent()
            return
        if self.dialog is not None:
            self.views.peeks.forget()
            self.dialog.close()
            self.dialog.deleteLater()
        place = self._preferences.last_folder("export")
        name = self._proposed_name(place)
        job = self._job(snapshot)
        dialog = ExportDialog(
            size,
            method.layers,
            place,
            self.queue,
            job,
            snapshot,
            method.capabilities,
            name,
            self._window,
            self._preferences,
        )
        dialog.form.crop.set_picture(self._picture(snapshot))
        dialog.start_requested.connect(self.start)
        dialog.settled.connect(self._inspect)
        dialog.measure_requested.connect(self._measure)
        dialog.images_requested.connect(self._ask_for_images)
        dialog.learn_requested.connect(lambda wanted: self.learning_on.ask(size, wanted, dialog))
        dialog.resume_requested.connect(self._resume)
        dialog.rows.look_requested.connect(self._open_so_far)
        dialog.rows.removed.connect(lambda item: self._remove(item, dialog))
        dialog.form.compare_requested.connect(lambda: self.views.compare(dialog.form, dialog.clear_content()))
        dialog.form.repeat_requested.connect(lambda: self.views.show_repeat(dialog.form, dialog.clear_content()))
        dialog.form.changed.connect(lambda: self.views.set_proof(dialog.form.proof()))
        dialog.form.changed.connect(self._show_transparent)
        dialog.finished.connect(lambda _result: self.views.set_proof(None))
        dialog.finished.connect(lambda _result: self.views.set_transparent(None, size))
        self.dialog, self._about = dialog, about
        self._on_state()
        dialog.show()
        self._show_transparent()

    def _show_transparent(self) -> None:
        """While the dialog is open, the canvas shows what the file will leave transparent."""
        if self.dialog is not None and self.dialog.isVisible():
            form = self.dialog.form
            self.views.set_transparent(self.dialog.clear_content(), form.canvas, form.crop)

    def _open_so_far(self, item: Item) -> None:
        """With checks where the file will be transparent, as the content is that it is painted of."""
        request = item.request
        contents = self._job(request.snapshot).sources.get("content", ())
        content = request.render_mode.frame or (contents[0].path if contents else "")
        clear = request.encode_options.transparent and content
        self.views.open_so_far(item, self._canvas_size(), Path(content) if clear else None)

    def _picture(self, snapshot: Path | None) -> QImage:
        """What is exported, small; null where nobody has seen it yet."""
        if snapshot is not None:
            return read_preview(snapshot / snapshots.PREVIEW)
        return self._canvas_view.result() or QImage()

    def paint_others(self) -> None:
        """Shows the window in which other contents are painted by what was learned."""
        size, method = self._canvas_size(), self._document.method
        if size is None or not self.views.ready_to_look():
            self._messages.show_message(self.tr("There is nothing that could paint yet. Press Train first."), "info")
            return
        if "frames" not in method.capabilities:
            text = self.tr("{} is made for its own images and paints no others. MAGIC, FAMOS and fast stylisation do.")
            self._messages.show_message(text.format(method.title), "info")
            return
        if self.others is not None and self.others.isVisible():
            self.others.raise_()
            self.others.activateWindow()
            return
        if self.others is not None:
            self.others.deleteLater()
        name = "mosaic" if self._document.untitled else self._document.title
        folder, place = (self._preferences.last_folder(kind) for kind in ("export", "images"))
        window = OthersWindow(size, folder, method.capabilities, name, place, self.queue, self._window)
        self.others = connected(window, self.views.peeks.ask, self.start)
        window.rows.look_requested.connect(self._open_so_far)
        window.rows.removed.connect(lambda item: self._remove(item, window))
        window.finished.connect(lambda _result: self.views.peeks.forget())
        window.show()

    def project_moved(self, folder: Path) -> None:
        """The project lies in another folder: the snapshot that the dialog is for as well."""
        snapshot = self.dialog.form.snapshot if self.dialog is not None else None
        if self.dialog is not None and snapshot is not None:
            self.dialog.form.snapshot = folder / snapshots.FOLDER / snapshot.name
            self._about = (*self._about[:2], self.dialog.form.snapshot)

    def start(self, export: ExportRequest) -> None:
        """Puts an export into the queue."""
        self._preferences.set_last_folder("export", export.out.parent)
        self.queue.add(export)

    def _proposed_name(self, place: Path) -> str:
        """A name that no other file has there: exports of two projects, or of one at two times, do not meet."""
        name = self._document.title if self._document.title == self._document.folder.name else "mosaic"
        return free_name(name, place)

    def _on_inspected(self, event: Inspected) -> None:
        if self.dialog is not None:
            self.dialog.show_inspected(event)

    def _on_exported(self, event: Exported) -> None:
        size = f"{event.size.width:,} × {event.size.height:,} px"
        self._messages.show_message(
            self.tr("{} is done, {}.").format(event.out, size),
            "good",
            button=self.tr("Show in folder"),
            act=lambda: words.show_in_folder(event.out),
            passing=True,
        )

    def ask_before_closing(self) -> None:
        """The one thing that closing would lose."""
        ask(
            self._window,
            self.tr("Export"),
            self.tr("An export is being painted. Close now? What is painted is kept, and can be gone on with later."),
            Answer(self.tr("Close"), self.close_confirmed.emit, loses=True),
            Answer(self.tr("Go on painting"), default=True),
        )

    # ------------------------------------------------------------ the session

    def _send(self, command: Command) -> bool:
        """Posts it; begins a session that only paints where none runs."""
        training = self._training
        if not training.running and not training.start(self._snapshots.newest(), paused=True):
            return False
        training.post(command)
        return True

    def _on_state(self) -> None:
        if self.dialog is not None and self.dialog.measurable == self._training.running:
            self.dialog.measurable = not self._training.running
            self.dialog.refresh()

    def _inspect(self, export: ExportRequest) -> None:
        """Has the session say more, where one runs; minutes only of what takes some."""
        if self._training.running and not self.queue.busy and export.size is not None:
            self._training.post(Inspect(export, probe=export.size.area > PROBED_PX))

    def _measure(self, export: ExportRequest) -> None:
        """The same with a session begun for it."""
        if self._send(Inspect(export, probe=True)) and self.dialog is not None:
            self.dialog.measurable = False
            self.dialog.refresh()

    def _job(self, snapshot: Path | None) -> Job:
        """What would be painted."""
        snapshot = snapshot or (None if self._training.running else self._snapshots.newest())
        if snapshot is not None:
            with suppress(TesseraError):  # a damaged one is told of when it is painted
                return snapshots.read(snapshot).job
        return self._training.built or self._document.job

    def _ask_for_images(self) -> None:
        dialog = QFileDialog(self.dialog, self.tr("Folder of the images"), str(self._preferences.last_folder("images")))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda folder: self.find_images(Path(folder)))
        dialog.open()

    def find_images(self, folder: Path) -> None:
        """Images that are no longer where they were are looked for in a folder; what is painted then has them."""
        dialog, training = self.dialog, self._training
        if dialog is None:
            return
        job = with_images_from(dialog.job, [folder])
        if missing := missing_images(job):
            names = ", ".join(path.name for path in missing)
            self._messages.show_message(self.tr("Not in {} either: {}.").format(folder, names), "warning")
            return
        self._document.adopt(with_images_from(self._document.job, [folder]), self.tr("find images"))
        snapshot = dialog.form.snapshot
        if training.running and snapshot is None:
            training.post(Load(job))
        elif not training.running and training.start(snapshot or self._snapshots.newest(), paused=True, job=job):
            dialog.form.snapshot = None  # the session is that snapshot now
        dialog.set_job(job)

    # ------------------------------------------------------------ what was begun before

    def _find_unfinished(self) -> None:
        """Another project: its exports that were interrupted join the queue, and are offered once."""
        found = []
        for begun in unfinished.listing(self._document.folder):
            try:
                found.append((unfinished.request_of(begun), begun.done, begun.total))
            except TesseraError:
                continue
        self.queue.show_unfinished(found)
        self._messages.withdraw("unfinished")
        if found:
            names = ", ".join(request.out.name for request, _, _ in found)
            self._messages.show_message(
                self.tr("Not finished when the program ended: {}. What was painted is kept.").format(names),
                "info",
                key="unfinished",
                button=self.tr("Go on painting"),
                act=self._go_on_with_all,
            )

    def _go_on_with_all(self) -> None:
        for item in [item for item in self.queue.items if item.kept]:
            self.queue.again(item)
        self.open()

    def _resume(self, folder: Path) -> None:
        """With a canvas that lies where the dialog wants to put one."""
        try:
            begun = journal.find(folder)
            if begun is not None:
                self.queue.add(unfinished.request_of(begun))
        except TesseraError as error:
            self._messages.show_message(str(error), "warning")

    def _remove(self, item: Item, above: QWidget) -> None:
        """Out of the list; what was painted of it is given up after a question."""
        if not item.kept:
            self.queue.remove(item)
            return
        question = self.tr("Give up {}? The {:.0%} of it that are painted are removed from the disk.")
        ask(
            above,
            self.tr("Export"),
            question.format(item.request.out.name, item.share),
            Answer(self.tr("Give it up"), lambda: self._give_up(item), loses=True),
            Answer(self.tr("Keep"), default=True),
        )

    def _give_up(self, item: Item) -> None:
        folder = item.request.canvas_folder or journal.folder_for(item.request.out)
        try:
            journal.remove(folder)
            unfinished.forget(self._document.folder, folder)
        except TesseraError as error:
            self._messages.show_message(str(error), "warning")
        self.queue.remove(item)
