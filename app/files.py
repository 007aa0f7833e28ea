"""New, open, save, pack, the example: what asks for a place on the disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.canvas.first_start import FirstStart
from app.document import Document
from app.export.reimport import Origins
from app.file_jobs import FileJobs
from app.known_projects import KnownProjects
from app.leaving import Leaving
from app.preferences import Preferences
from app.project_dialog import ProjectDialog
from app.project_move import ProjectMove
from app.project_opening import ProjectOpening
from app.project_paths import is_project, project_among, title_of
from app.recents import Recents
from app.recovery import Recovery, Rescue
from app.relinking import Relinking
from app.training import Training
from app.unsaved import Unsaved
from app.widgets.background import Tasks
from app.widgets.message_bar import MessageBar
from app.widgets.question import Answer, ask
from app.widgets.thumbnails import read_preview
from engine.archive import pack
from engine.project import PACKED


class FilesController(QObject):
    """
    Args:
        exporting: whether a file is being painted, or waits to be.
        start: the doors of the first start, which lead here.
        data: folder of the example, of untitled projects, and of the list of known ones.
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
        exporting: Callable[[], bool],
        start: FirstStart,
        messages: MessageBar,
        data: Path,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._training, self._rescue = document, training, recovery.rescue
        self._preferences, self._start, self._messages = preferences, start, messages
        self._data, self._window = data, window
        self._tasks = Tasks(self)
        known = self.known = KnownProjects(data / "known projects.txt")
        self.recents = Recents(preferences, data / "projects", known, self)
        self.jobs = FileJobs(messages, self)
        self.origins = Origins(document, preferences, messages, window)
        self.unsaved = Unsaved(document, window)
        self.leaving = Leaving(training, self.unsaved, exporting, messages, window)
        self.move = ProjectMove(document, training, self.jobs, exporting, self)
        self.opening = ProjectOpening(data / "projects", known, recovery, self.jobs, window)
        self.opening.ready.connect(lambda folder: self.leaving.then(lambda: self._open(folder)))
        self.opening.problem.connect(document.problem)
        self.opening.noted.connect(lambda text: messages.show_message(text, "info"))
        self.move.moved.connect(self._on_moved)
        self.move.copied.connect(self._on_copied)
        start.project_requested.connect(self.open)
        start.example_requested.connect(self.load_example)
        start.continue_requested.connect(self.open_path)
        document.saved.connect(self._on_saved)
        document.sources_changed.connect(lambda _slot: messages.withdraw("kept"))  # another one is begun
        self.relinking = Relinking(document, messages, self._place, window)
        self.recents.changed.connect(self.show_recents)
        self.show_recents()
        if self._rescue is not None:
            self._offer_rescue(self._rescue)

    # ------------------------------------------------------------ what the artist can ask for

    def new(self) -> None:
        """Begins an empty project; the present one is in the list of recent ones, named or not."""
        self.leaving.then(self._begin)

    def open(self) -> ProjectDialog:
        """Asks for a project: its folder, its project.json, or a packed one."""
        dialog = ProjectDialog(self._place(), self._window)
        dialog.chosen.connect(self.open_path)
        dialog.open()
        return dialog

    def open_path(self, path: Path) -> None:
        """A project in any form, or one of its snapshots; or a file that was exported from one."""
        if not is_project(path) and os.path.isfile(path) and self.origins.holds(path):
            self.leaving.then(lambda: self.origins.open(path))
        else:
            self.opening.begin(path)

    def open_all(self, paths: Iterable[Path]) -> None:
        """What was given on the command line: a project, or images for the first slot."""
        paths, rescue = list(paths), self._rescue
        if paths and rescue is not None:
            self._messages.show_message(
                self.tr("Tessera was cut off while “{}” was open; all that was saved is there.").format(
                    title_of(rescue.folder)
                ),
                button=self.tr("Go on where it stopped"),
                act=lambda: self.open_path(rescue.folder),
            )
        project = next((path for path in paths if is_project(path) or path.suffix == ".json"), None)
        if project is not None:
            self.open_path(project.absolute())
        elif paths:
            self._document.add(self._document.method.slots[0].key, paths)

    def take(self, slot: str, paths: list[Path]) -> None:
        """What was dropped on a slot: images; or a project, which opens wherever it is dropped."""
        project = project_among(paths)
        if project is not None:
            self.open_path(project)
        else:
            self._document.add(slot, paths)

    def save(self) -> None:
        if self._document.untitled:
            self.save_as()
        else:
            self._document.save()

    def save_as(self) -> None:
        """Asks for the name of a folder."""
        name = title_of(self._document.folder)
        suggestion = self._place() / (self.tr("My mosaic") if name == "Untitled" else name)
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Name and place of the project's folder"), str(suggestion)
        )
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, folder: Path) -> None:
        """Gives the project a place; whatever runs goes on."""
        self.move.begin(folder)

    def pack(self) -> None:
        """Asks for the name of one file to pack the project into, and whether its images come along."""
        ask(
            self._window,
            self.tr("Pack into one file"),
            self.tr("Pack the images as well? Then the file opens on any computer."),
            Answer(self.tr("With images"), lambda: self._ask_where_to_pack(True), default=True),
            Answer(self.tr("Without images"), lambda: self._ask_where_to_pack(False)),
            details=self.tr("Without them it is smaller, and looks for the images where they are now."),
        )

    def pack_to(self, out: Path, with_images: bool) -> None:
        """Packs the project as it is now into one file, in the background."""
        if out.suffix.lower() != PACKED:
            out = out.with_name(out.name + PACKED)
        if not self._document.save():
            return
        folder = self._document.folder

        def packed(missing: list[str]) -> None:
            text = self.tr("{} is packed.").format(out)
            if missing:
                text += " " + self.tr("{} images are not where they were, and are not in it.").format(len(missing))
            self._messages.show_message(text, "warning" if missing else "info")

        what = self.tr("Packing “{}”").format(out.name)
        self.jobs.begin(what, lambda progress: pack(folder, out, with_images, progress), packed)

    def load_example(self) -> None:
        """Makes the example's images in the background, once, and puts them into their slots."""
        self._start.set_busy(True)
        folder = self._data / "example"

        def write() -> tuple[list[Path], Path]:
            from resources import example

            return example.write(folder)

        self._tasks.run(write, self._example_made, self._example_failed)

    def show_recents(self) -> None:
        """The last projects on the first page, but the present one."""
        self._start.recents.show_recents(self.recents.listing(without=self._document.folder))

    def wait(self) -> None:
        """For the example, where it is being made; what is copied is given up."""
        self.jobs.wait(cancel=True)
        self._tasks.wait()

    # ------------------------------------------------------------ how

    def _begin(self) -> None:
        document = self._document
        former, hidden = document.folder, document.untitled and not document.empty
        self._messages.clear()  # of what is not here any more
        document.new()
        self.show_recents()
        if hidden and is_project(former):
            self._messages.show_message(
                self.tr("Your untitled project is kept; it is under File, Open recent as well."),
                "info",
                key="kept",
                button=self.tr("Back to it"),
                act=lambda: self.open_path(former),
            )

    def _open(self, folder: Path) -> None:
        self._messages.withdraw("kept")
        self.relinking.forget()
        if self._document.open(folder):
            self._remember(self._document.folder)

    def _on_moved(self, folder: Path) -> None:
        self._remember(folder)
        self.renamed.emit()

    def _on_copied(self, folder: Path) -> None:
        self.known.add(folder)
        self.recents.add(folder)
        self._messages.show_message(self.tr("“{}” is saved; another project is open now.").format(folder.name), "info")

    def _on_saved(self) -> None:
        """With its first save a project is one that can be come back to."""
        document = self._document
        said = (message for message in self._messages.messages if message.text == document.refusal)
        if any(not message.button for message in said):  # the same words again, with a way out
            self._messages.show_message(document.refusal, "warning", button=self.tr("Save as…"), act=self.save_as)
        if not document.dirty and self._preferences.recent_projects[:1] != [document.folder]:
            self.known.add(document.folder)
            self.recents.add(document.folder)

    def _place(self) -> Path:
        """Where dialogs begin: beside the last named project."""
        document = self._document
        return self._preferences.last_folder("projects") if document.untitled else document.folder.parent

    def _remember(self, folder: Path) -> None:
        self._preferences.last_project = folder
        if not self._document.untitled:
            self._preferences.set_last_folder("projects", folder.parent)
        self.known.add(folder)
        self.recents.add(folder)

    def _ask_where_to_pack(self, with_images: bool) -> None:
        dialog = QFileDialog(self._window, self.tr("Pack into one file"), str(self._place()))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("Packed project (*{})").format(PACKED))
        dialog.selectFile(f"{self._document.title}{PACKED}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.pack_to(Path(name), with_images))
        dialog.open()

    def _offer_rescue(self, rescue: Rescue) -> None:
        snapshot = rescue.snapshot
        kept = self.tr(", with a moment of step {}").format(f"{snapshot.step:,}") if snapshot else ""
        message = self.tr("Tessera was cut off. “{}” is as it was saved {}{}.").format(
            title_of(rescue.folder), rescue.when, kept
        )
        picture = read_preview(snapshot.preview) if snapshot else QImage()
        self._start.offer_rescue(rescue.folder, message, picture)

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
