"""New, open, save, the example: what asks for a place on the disk. A running session ends first, with a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog, QFileDialog

from app.canvas.drop_zones import is_project
from app.export.reimport import Origins
from app.frame_dialog import FrameDialog
from app.recovery import Rescue
from app.widgets import background
from engine.project import FILE_NAME

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Files(QObject):
    def __init__(self, window: MainWindow, data: Path) -> None:
        super().__init__(window)
        self._window = window
        self._data = data
        self._origins = Origins(window)
        self._next: Callable[[], object] | None = None
        self._tasks: list[background.Task] = []
        start = window.canvas.start
        start.images_requested.connect(self._browse)
        start.project_requested.connect(self.open)
        start.example_requested.connect(self.load_example)
        start.continue_requested.connect(self.open_path)
        window.training.state_changed.connect(self._on_state)
        self._offer_last(window.preferences.last_project, window.recovery.rescue)

    # ------------------------------------------------------------ what the artist can ask for

    def new(self) -> None:
        self._when_idle(self._window.document.new)

    def open(self) -> None:
        """Asks for a project.json."""
        kind = self.tr("Tessera project ({})").format(FILE_NAME)
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open a project"), str(self._place()), kind)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """A project, by its folder, its project.json or one of its snapshots; or a file that was exported from one."""
        self._when_idle(lambda: self._opened(path))

    def open_all(self, paths: Iterable[Path]) -> None:
        """What was given on the command line: a project, or images for the first slot."""
        paths, rescue = list(paths), self._window.recovery.rescue
        if paths and rescue is not None:
            self._window.messages.show_message(
                self.tr("Tessera was cut off while “{}” was open; all that was saved is there.").format(
                    rescue.folder.name
                ),
                button=self.tr("Go on where it stopped"),
                act=lambda: self.open_path(rescue.folder),
            )
        project = next((path for path in paths if is_project(path) or path.suffix == ".json"), None)
        if project is not None:
            self.open_path(project.absolute())
        elif paths:
            self._window.document.add(self._window.document.method.slots[0].key, paths)

    def save(self) -> None:
        if self._window.document.untitled:
            self.save_as()
        else:
            self._window.document.save()

    def save_as(self) -> None:
        """Asks for the name of a folder."""
        suggestion = self._place() / self.tr("My mosaic")
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Name and place of the project's folder"), str(suggestion)
        )
        if name:
            self._when_idle(lambda: self._saved_as(Path(name)))

    def edit_frame(self) -> None:
        """Asks for canvas size and seed."""
        document, known = self._window.document, self._window.pictures.canvas_size
        dialog = FrameDialog(document.job.canvas_size, known, document.job.seed, self._window)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            document.set_frame(dialog.canvas_size, dialog.seed)

    def load_example(self) -> None:
        """Makes the example's images in the background, once, and puts them into their slots."""
        self._window.canvas.start.set_busy(True)
        folder = self._data / "example"

        def write() -> tuple[list[Path], Path]:
            from resources import example

            return example.write(folder)

        task = background.run(self, write, self._example_made, self._example_failed)
        self._tasks.append(task)
        task.finished.connect(lambda: self._tasks.remove(task))

    def wait(self) -> None:
        for task in list(self._tasks):
            task.wait()

    # ------------------------------------------------------------ how

    def _offer_last(self, last: Path | None, rescue: Rescue | None) -> None:
        start = self._window.canvas.start
        if rescue is None:
            start.set_last(last if last is not None and is_project(last) else None)
            return
        snapshot = rescue.snapshot
        kept = self.tr(", with a snapshot of step {}").format(f"{snapshot.step:,}") if snapshot else ""
        message = self.tr("Tessera was cut off. “{}” is as it was saved {}{}.").format(
            rescue.folder.name, rescue.when, kept
        )
        start.offer_rescue(rescue.folder, message, QPixmap(str(snapshot.preview)) if snapshot else QPixmap())

    def _when_idle(self, what: Callable[[], object]) -> None:
        if self._window.training.running:
            self._next = what
            self._window.training.stop()
        else:
            what()

    def _on_state(self, state: str) -> None:
        if state == "idle" and self._next is not None:
            what, self._next = self._next, None
            what()

    def _opened(self, path: Path) -> None:
        if not is_project(path) and self._origins.open(path):
            return
        if self._window.document.open(path):
            self._remember(self._window.document.folder)

    def _saved_as(self, folder: Path) -> None:
        if self._window.document.save_as(folder):
            self._remember(folder)
            self._window.show_all()

    def _place(self) -> Path:
        """Where dialogs begin: beside the last named project."""
        document = self._window.document
        return self._window.preferences.last_folder("projects") if document.untitled else document.folder.parent

    def _remember(self, folder: Path) -> None:
        self._window.preferences.last_project = folder
        self._window.preferences.set_last_folder("projects", folder.parent)

    def _browse(self) -> None:
        self._window.sources.browse(self._window.document.method.slots[0].key)

    def _example_made(self, made: tuple[list[Path], Path]) -> None:
        self._window.canvas.start.set_busy(False)
        styles, content = made
        document = self._window.document
        document.stack.beginMacro(self.tr("load the example"))
        document.add("style", styles)
        document.add("content", [content])
        document.stack.endMacro()
        self._window.canvas.focus_canvas()

    def _example_failed(self, error: BaseException) -> None:
        self._window.canvas.start.set_busy(False)
        self._window.messages.show_message(self.tr("The example could not be made: {}").format(error), "error")
