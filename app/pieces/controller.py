"""Between the tray of pieces and the session: asks what the pieces are, and makes of wishes steps of the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, SignalInstance

from app.document import Document
from app.pieces.report import ReportPanel
from app.pieces.tray import PieceTray
from app.training import Training
from app.widgets.words import show_in_folder
from engine import pieces
from engine.job import Job, PiecePlace
from engine.messages.commands import CountImages, CountPieces
from engine.messages.events import Began, Failed, ImagesCounted, PiecesCounted, ViewRendered
from engine.pieces import PieceInfo
from engine.reports import ImageShare

REFRESH_MS = 500
"""How often usage is asked for while it trains, and how soon after something was painted while it does not."""


class PiecesController(QObject):
    """
    Args:
        tell: a sentence for the artist.
        show_source: shows an image among the images.
    """

    def __init__(
        self,
        document: Document,
        training: Training,
        tray: PieceTray,
        report: ReportPanel,
        tell: Callable[[str], object],
        show_source: Callable[[Path], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._document, self._training, self._tray, self._tell = document, training, tray, tell
        self._report = report
        self._asked = False
        self._counted_at = -1
        """The step at which the pieces of the tray were counted."""
        self._timer = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._timer.timeout.connect(self._ask)
        training.events.on(PiecesCounted, self._on_counted, self)
        training.events.on(Began, lambda _event: self._on_began(), self)
        training.events.on(ViewRendered, self._on_view, self)
        training.events.on(Failed, self._on_failed, self)
        training.events.on(ImagesCounted, self._on_images_counted, self)
        report.count_wanted.connect(lambda: training.post(CountImages()))
        training.state_changed.connect(lambda _state: self._show_state())
        for signal in (document.method_changed, document.job_replaced):
            signal.connect(self._show_state)
            signal.connect(lambda: report.show_shares(()))  # what was counted is of another picture
        document.sources_changed.connect(lambda _slot: self._show_images())
        document.job_replaced.connect(self._show_images)
        tray.weighed.connect(self._weigh)
        tray.lock_wanted.connect(self._lock)
        tray.moved.connect(self._move)
        tray.image_wanted.connect(self._exchange)
        tray.as_drawn_wanted.connect(lambda infos: self._adopt(pieces.as_drawn(self._job, infos), "pieces as drawn"))
        tray.anew_wanted.connect(lambda: self._adopt(pieces.drawn_anew(self._job), "draw pieces anew"))
        tray.source_wanted.connect(show_source)
        tray.folder_wanted.connect(show_in_folder)
        self._show_state()
        self._show_images()

    def follow_pointer(self, pointed: SignalInstance, found: SignalInstance, pinned: SignalInstance) -> None:
        """Shows in the tray what the pointer is on in the picture; see `hover.PieceHover`."""
        pointed.connect(lambda index: self._tray.point_at(index))
        found.connect(self._tray.point_at)
        pinned.connect(self._tray.choose)

    def share_of(self, index: int) -> float | None:
        """The part of the canvas that a piece has, as far as that is known."""
        return next((info.usage for info in self._tray.model.infos if info.index == index), None)

    @property
    def _job(self) -> Job:
        return self._document.job

    @property
    def _seen(self) -> bool:
        """Whether the tray is in sight: behind another tab it is visible to Qt, but nothing of it is."""
        return not self._tray.visibleRegion().isEmpty()

    @property
    def can_ask(self) -> bool:
        """Whether somebody could say what the pieces are."""
        training = self._training
        built = training.built
        if not training.answers or built is None or built.method != self._job.method:  # of the method before
            return False
        return "pieces" in self._document.method.capabilities

    # ------------------------------------------------------------ what is asked and told

    def _on_began(self) -> None:
        self._report.set_possible(self.can_ask)
        self._ask_soon(0)

    def _on_view(self, event: ViewRendered) -> None:
        if event.done and not self._timer.isActive() and self._seen:
            self._ask_soon(REFRESH_MS)

    def _ask_soon(self, after_ms: int) -> None:
        self._timer.start(after_ms)

    def _ask(self) -> None:
        if self.can_ask and not self._asked:
            self._asked = True
            self._training.post(CountPieces())

    def _on_counted(self, event: PiecesCounted) -> None:
        self._asked = False
        self._tray.set_infos(_steady(event.pieces, self._tray.model.infos, event.step != self._counted_at))
        self._counted_at = event.step
        self._tray.set_possible(bool(event.pieces), self.tr("The picture is laid out of no pieces yet."))
        if self._training.state == "training" and self._seen:
            self._ask_soon(REFRESH_MS)

    def _on_images_counted(self, event: ImagesCounted) -> None:
        if self._report.counting:  # else it is of a picture that is gone, or nobody waits any more
            self._report.show_shares([ImageShare(*each) for each in event.shares])

    def _on_failed(self, event: Failed) -> None:
        if isinstance(event.command, CountPieces):
            self._asked = False
        elif isinstance(event.command, CountImages):
            self._report.give_up()

    def _show_state(self) -> None:
        self._report.set_possible(self.can_ask)
        if "pieces" not in self._document.method.capabilities:
            self._tray.set_infos(())
            self._tray.set_possible(False, self.tr("This method does not lay its picture out of pieces."))
        elif self._training.answers:
            there = bool(self._tray.model.infos)
            self._tray.set_possible(there, self.tr("The picture is laid out of no pieces yet."))
            if not self._timer.isActive():
                self._ask_soon(0)
        else:
            self._asked = False
            self._tray.set_infos(())
            self._tray.set_possible(False, self.tr("Pieces are shown here as soon as there is a picture."))

    def _show_images(self) -> None:
        self._tray.set_images([Path(image.path) for image in self._document.sources("style")])

    # ------------------------------------------------------------ what the artist wants

    def _weigh(self, infos: list[PieceInfo], weight: float) -> None:
        if weight == 0 and len({info.index for info in infos}) >= sum(i.weight > 0 for i in self._tray.model.infos):
            left = [i for i in self._tray.model.infos if i.weight > 0 and i.index not in {info.index for info in infos}]
            if not left:
                self._tell(self.tr("At least one piece has to stay: mute fewer, or draw the pieces anew."))
                return
        words = self.tr("mute pieces") if weight == 0 else self.tr("favour pieces")
        self._adopt(pieces.weighed(self._job, infos, weight), words)

    def _lock(self, infos: list[PieceInfo], lock: bool) -> None:
        self._adopt(pieces.locked(self._job, infos, lock), self.tr("lock pieces") if lock else self.tr("unlock pieces"))

    def _move(self, info: PieceInfo, down: float, right: float) -> None:
        place = pieces.moved_by(info, down, right)
        self._adopt(pieces.replaced(self._job, info, place), self.tr("move a piece"))

    def _exchange(self, info: PieceInfo, path: Path) -> None:
        paths = [Path(image.path) for image in self._document.sources("style")]
        name = pieces.image_names(paths)[paths.index(path)]
        place = PiecePlace(image=name, row=0.5, column=0.5)
        self._adopt(pieces.replaced(self._job, info, place), self.tr("exchange a piece"))

    def _adopt(self, job: Job, text: str) -> None:
        if job != self._job:
            self._document.adopt(job, text)


def _steady(infos: Sequence[PieceInfo], before: Sequence[PieceInfo], learned: bool) -> Sequence[PieceInfo]:
    """The pieces as they are to be shown after they were shown as `before`.

    One that shows the place that it did keeps its thumbnail: that is cut where most of a piece lies, which changes for
    all of them when one is muted. Where nothing was painted of them yet, they keep their usage as well.

    Args:
        learned: steps were made in between, after which pieces may lie elsewhere.
    """
    if len(infos) != len(before):
        return infos
    counted = any(info.usage for info in infos)
    steady = []
    for info, old in zip(infos, before, strict=True):
        same = (info.place, info.path) == (old.place, old.path)
        if same and (not info.usage or (old.usage and not learned)):
            info = replace(info, box=old.box, flip=old.flip)
        steady.append(info if counted else replace(info, usage=old.usage))
    return steady
