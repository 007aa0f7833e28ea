"""Connects the strip of snapshots with the project's folder and the training. How the strip looks is not known here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.document import Document
from app.snapshots.grid import MomentGrid
from app.snapshots.removal import Removal
from app.snapshots.strip import SnapshotStrip
from app.snapshots.tile_picture import title_of
from app.training import Training
from app.widgets.thumbnails import read_preview
from engine import moments, snapshots
from engine.box import Size
from engine.errors import TesseraError
from engine.job import Job
from engine.messages.commands import Keep
from engine.messages.events import Began, Ended, Failed, Kept
from engine.snapshots import Snapshot, size_bytes

BUDGET_BYTES = 4_000_000_000


class SnapshotsController(QObject):
    shown = Signal()
    """The list has changed."""
    picture_chosen = Signal(QImage, str)
    """A snapshot's picture, to be compared with the present one, and what it is called."""

    def __init__(
        self,
        document: Document,
        training: Training,
        strip: SnapshotStrip,
        parent: QObject,
        present_picture: Callable[[], QImage | None] = lambda: None,
    ) -> None:
        """Args: present_picture: what the canvas shows of the result, to stand for a moment that is being kept."""
        super().__init__(parent)
        self._present_picture = present_picture
        self._document, self._training, self._strip = document, training, strip
        self._all: list[Snapshot] = []
        self._sizes: dict[Path, int] = {}
        self._reader = snapshots.Reader()
        self.budget_bytes = BUDGET_BYTES
        """What moments kept by themselves may take together."""
        strip.restore_requested.connect(lambda snapshot: training.go_back(snapshot.folder))
        strip.keep_requested.connect(training.keep)
        strip.renamed.connect(lambda snapshot, name: self._change(lambda: snapshots.revise(snapshot, name=name)))
        strip.starred.connect(lambda snapshot, star: self._change(lambda: snapshots.revise(snapshot, starred=star)))
        strip.noted.connect(lambda snapshot, note: self._change(lambda: snapshots.revise(snapshot, note=note)))
        strip.removed.connect(lambda snapshot: self.remove([snapshot]))
        strip.picture_requested.connect(self._show_picture)
        strip.choice.grid_requested.connect(self.open_grid)
        training.keeping.connect(lambda: strip.show_pending(self._present_picture()))
        training.events.on(Kept, self._on_kept)
        training.events.on(Failed, self._on_failed)
        training.events.on(Ended, lambda _event: strip.end_pending(all_of_them=True))
        training.events.on(Began, lambda _event: self._show())
        document.job_replaced.connect(self._on_project)
        document.written_anew.connect(self.refresh)
        document.moment_wanted.connect(lambda _moment, _left: self._show())

    def refresh(self) -> None:
        """Reads the project's snapshots again."""
        self._all = self._reader.listing(self._document.folder)
        self._sizes = {moment.folder: self._sizes.get(moment.folder) or size_bytes(moment) for moment in self._all}
        self._show()

    def open_grid(self) -> MomentGrid:
        """The moments that the strip shows, side by side."""
        strip = self._strip
        grid = MomentGrid([tile.snapshot for tile in strip.tiles], strip.window())
        grid.pair_requested.connect(strip.pair_requested)
        grid.restore_requested.connect(strip.restore_requested)
        grid.starred.connect(strip.starred)
        grid.removed.connect(self.remove)

        def follow() -> None:
            grid.take_new([tile.snapshot for tile in strip.tiles])

        self.shown.connect(follow)
        grid.finished.connect(lambda _result: self.shown.disconnect(follow))
        grid.show()
        return grid

    @property
    def all(self) -> list[Snapshot]:
        """Those that were read last, oldest first."""
        return self._all

    def remove(self, chosen: list[Snapshot]) -> None:
        """Removes moments, as a step of undo. The ones that the training goes on from stay."""
        at = self.present()
        going = [moment for moment in chosen if at is None or moment.folder != at.folder]
        if len(going) < len(chosen):
            text = self.tr("The training goes on from this moment, so it stays. Go back to another one first.")
            self._document.problem.emit(text)
        if going:
            text = self.tr("remove a moment") if len(going) == 1 else self.tr("remove {} moments").format(len(going))
            self._document.stack.push(Removal(self, going, text))

    def place_of(self, folder: Path) -> Path:
        """Where a moment's folder is now: the project may have been given another place meanwhile."""
        return self._document.now_at(folder)

    def tell(self, error: TesseraError) -> None:
        self._document.problem.emit(str(error))

    def thin(self) -> None:
        """Removes what the budget has no room for, by the rule of engine/moments.py."""
        needed = {*self._document.needed_moments(), *(m for m in [self.newest()] if m is not None)}
        gone = moments.dispensable(self._all, self._sizes, self.budget_bytes, needed)
        for moment in gone:
            with suppress(TesseraError):
                snapshots.remove(moment)
        if gone:
            self.refresh()

    def _on_kept(self, event: Kept) -> None:
        self._document.look_after_its_folder()
        if event.reason == "kept":
            self._strip.end_pending()
        self.refresh()
        self.thin()

    def _on_failed(self, event: Failed) -> None:
        if isinstance(event.command, Keep):
            self._strip.end_pending()

    def _on_project(self) -> None:
        """Another project: what was removed in it some time ago goes for good, since no undo leads there any more."""
        snapshots.clear_aside(self._document.folder)

    def _show(self) -> None:
        self._strip.set_snapshots(self._all, self.present())
        unasked = [self._sizes[moment.folder] for moment in self._all if moment.reason in moments.BY_THEMSELVES]
        self._strip.choice.set_room(len(self._all), len(unasked), sum(unasked), self.budget_bytes)
        self.shown.emit()

    def newest(self) -> Path | None:
        """The folder of that moment."""
        at = self.present()
        return None if at is None else at.folder

    def best(self) -> Path | None:
        """Folder of the moment of the document's method with the best style match, or else content match."""
        found = moments.best(self._all, self._document.job.method)
        best = next((found[term] for term in moments.BEST_OF.values() if term in found), None)
        return None if best is None else best.folder

    def newest_job(self) -> Job | None:
        """What that snapshot was made from."""
        at = self.present()
        return None if at is None else at.job

    def newest_canvas(self) -> Size | None:
        """The size that it was trained for."""
        at = self.present()
        return None if at is None else at.canvas_size

    def present(self) -> Snapshot | None:
        """The moment that the document's method goes on from: the newest of the present branch."""
        return moments.present(self._document.folder, self._document.job.method, self._all)

    def _show_picture(self, snapshot: Snapshot) -> None:
        image = read_preview(snapshot.preview)
        if not image.isNull():
            self.picture_chosen.emit(image, title_of(snapshot))

    def _change(self, change: Callable[[], object]) -> None:
        try:
            change()
        except TesseraError as error:
            self._document.problem.emit(str(error))
        self.refresh()
