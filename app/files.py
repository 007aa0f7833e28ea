"""New, open, save, the example: what asks for a place on the disk. A running session ends first, with a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QWidget

from app.canvas.first_start import FirstStart
from app.document import Document
from app.export.reimport import Origins
from app.preferences import Preferences
from app.project_paths import is_project
from app.recovery import Recovery, Rescue
from app.training import Training
from app.widgets import background
from app.widgets.message_bar import MessageBar
from engine.job import FILE_NAME


class FilesController(QObject):
    """
    Args:
        start: the doors of the first start, which lead here.
        data: folder of the example.
        window: above which the dialogs open.
    """

    renamed = Signal()
    """The project has another name and place."""
    example_loaded = Signal()

    def __init__(
        self,
        document: Document,
        training: Training,
        recovery: Recovery,
        preferences: Preferences,
        start: FirstStart,
        messages: MessageBar,
        data: Path,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._training, self._rescue = document, training, recovery.rescue
        self._preferences, self._start, self._messages = preferences, start, messages
        self._data, self._window = data, window
        self.origins = Origins(document, preferences, messages, window)
        self._next: Callable[[], object] | None = None
        self._tasks: list[background.Task] = []
        start.project_requested.connect(self.open)
        start.example_requested.connect(self.load_example)
        start.continue_requested.connect(self.open_path)
        training.state_changed.connect(self._on_state)
        self._offer_last(preferences.last_project, self._rescue)

    # ------------------------------------------------------------ what the artist can ask for

    def new(self) -> None:
        self._when_idle(self._document.new)

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
        paths, rescue = list(paths), self._rescue
        if paths and rescue is not None:
            self._messages.show_message(
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
            self._document.add(self._document.method.slots[0].key, paths)

    def save(self) -> None:
        if self._document.untitled:
            self.save_as()
        else:
            self._document.save()

    def save_as(self) -> None:
        """Asks for the name of a folder."""
        suggestion = self._place() / self.tr("My mosaic")
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Name and place of the project's folder"), str(suggestion)
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, folder: Path) -> None:
        """Gives the project a place, as soon as no session runs."""
        self._when_idle(lambda: self._saved_as(folder))

    def load_example(self) -> None:
        """Makes the example's images in the background, once, and puts them into their slots."""
        self._start.set_busy(True)
        folder = self._data / "example"

        def write() -> tuple[list[Path], Path]:
            from resources import example

            return example.write(folder)

        task = background.run(self, write, self._example_made, self._example_failed)
        self._tasks.append(task)
        task.finished.connect(lambda: self._tasks.remove(task))

    def wait(self) -> None:
        """For the example, where it is being made."""
        for task in list(self._tasks):
            task.wait()

    # ------------------------------------------------------------ how

    def _offer_last(self, last: Path | None, rescue: Rescue | None) -> None:
        if rescue is None:
            self._start.set_last(last if last is not None and is_project(last) else None)
            return
        snapshot = rescue.snapshot
        kept = self.tr(", with a snapshot of step {}").format(f"{snapshot.step:,}") if snapshot else ""
        message = self.tr("Tessera was cut off. “{}” is as it was saved {}{}.").format(
            rescue.folder.name, rescue.when, kept
        )
        picture = QPixmap(str(snapshot.preview)) if snapshot else QPixmap()
        self._start.offer_rescue(rescue.folder, message, picture)

    def _when_idle(self, what: Callable[[], object]) -> None:
        if self._training.running:
            self._next = what
            self._training.stop()
        else:
            what()

    def _on_state(self, state: str) -> None:
        if state == "idle" and self._next is not None:
            what, self._next = self._next, None
            what()

    def _opened(self, path: Path) -> None:
        if not is_project(path) and self.origins.open(path):
            return
        if self._document.open(path):
            self._remember(self._document.folder)

    def _saved_as(self, folder: Path) -> None:
        if self._document.save_as(folder):
            self._remember(folder)
            self.renamed.emit()

    def _place(self) -> Path:
        """Where dialogs begin: beside the last named project."""
        document = self._document
        return self._preferences.last_folder("projects") if document.untitled else document.folder.parent

    def _remember(self, folder: Path) -> None:
        self._preferences.last_project = folder
        self._preferences.set_last_folder("projects", folder.parent)

    def _example_made(self, made: tuple[list[Path], Path]) -> None:
        self._start.set_busy(False)
        styles, content = made
        document = self._document
        document.stack.beginMacro(self.tr("load the example"))
        document.add("style", styles)
        document.add("content", [content])
        document.stack.endMacro()
        self.example_loaded.emit()

    def _example_failed(self, error: BaseException) -> None:
        self._start.set_busy(False)
        self._messages.show_message(self.tr("The example could not be made: {}").format(error), "error")
