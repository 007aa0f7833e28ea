"""Two moments beside one another on the canvas, or one beside the present: asks for a session that can paint them."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from app.canvas.panel import CanvasPanel
from app.canvas.still import MomentPicture
from app.session_events import COMPARED
from app.snapshots.controller import SnapshotsController
from app.snapshots.strip import SnapshotStrip
from app.training import Training
from engine.messages.events import Began
from engine.snapshots import Snapshot


class CompareController(QObject):
    """To be made after the canvas's controller, which ends every comparison when a session begins anew."""

    def __init__(
        self,
        training: Training,
        canvas: CanvasPanel,
        snapshots: SnapshotsController,
        strip: SnapshotStrip,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._training, self._canvas, self._snapshots = training, canvas, snapshots
        self._wanted: tuple[Snapshot, Snapshot | None] | None = None
        strip.compare_requested.connect(lambda snapshot: self.compare(snapshot))
        strip.pair_requested.connect(self.compare)
        training.events.on(Began, lambda _event: self._show())
        for requester in COMPARED:
            training.events.on_view(requester, canvas.view.show_still_piece)

    def compare(self, left: Snapshot, right: Snapshot | None = None) -> None:
        """Shows a moment left of the line, and another one, or the present, right of it."""
        self._wanted = left, right
        if self._training.running or not self._training.start(self._snapshots.newest(), paused=True):
            self._show()

    def _show(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            left, right = wanted
            self._canvas.compare(picture_of(left), None if right is None else picture_of(right))


def picture_of(snapshot: Snapshot) -> MomentPicture:
    title = f"{snapshot.name}, step {snapshot.step:,}" if snapshot.name else f"Step {snapshot.step:,}"
    return MomentPicture(snapshot.folder, QImage(str(snapshot.preview)), title)
