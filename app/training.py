"""Training as the window sees it: idle, starting, live, training, paused or stopping, and what changes mean in each.

Owns the worker. No widgets here, no pictures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app.document import Document
from app.jobs import live_values, needs_load
from app.session_events import SessionEvents
from app.worker import Worker
from engine import moments
from engine.errors import TesseraError
from engine.job import Job, SourceImage
from engine.messages.commands import Command, Keep, Load, Pause, Reason, Restore, Resume, Retune, Share, StartFrom, Stop
from engine.messages.events import Began, Ended, Failed, Paused, Resumed
from engine.method import method_class
from engine.moments import MomentRule
from engine.settings import differing
from engine.snapshots import read
from engine.training.session import Session

TrainingState = Literal["idle", "starting", "live", "training", "paused", "stopping"]
RELOAD_MS = 500
"""Changes of images are collected this long before the session is asked to load them."""


class Training(QObject):
    state_changed = Signal(str)
    stale_changed = Signal(bool)
    """Whether a setting waits for a rebuild."""
    problem = Signal(str)
    keeping = Signal()
    """The running session was asked to keep the present; it does so after its step."""
    leaving = Signal(object)
    """Folder of the moment that the running session was asked to go to."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.events = SessionEvents(self)
        """Those of the running session. This state is up to date before anybody else hears of an event."""
        self.device_key = "auto"
        self.share = Share()
        """How sessions share the computer and save: see `follow`."""
        self.state: TrainingState = "idle"
        self.built: Job | None = None
        """What the networks in the session were made from."""
        self.stale = False
        self._worker: Worker | None = None
        self._arrivals: deque[Callable[[Began], object]] = deque()
        """What is to be done at each moment that the session was asked to go to, in their order."""
        self._tried_on: Job | None = None
        """What the session worked on before `try_out`."""
        self._begins_paused = False
        self._then_afresh = False
        """What runs was asked to end so that it can begin anew."""
        self._live = False
        """Nothing was learned yet: the picture is that of the network that came along."""
        self.events.on(Began, self._on_began)
        self.events.on(Failed, self._on_failed)
        self.events.on(Paused, lambda _event: self._become("live" if self._live else "paused"))
        self.events.on(Resumed, self._on_resumed)
        self.events.on(Ended, lambda _event: self._become("stopping"))
        self._reload = QTimer(self, singleShot=True, interval=RELOAD_MS)
        self._reload.timeout.connect(self._load_changes)
        document.settings_changed.connect(self._on_settings)
        document.sources_changed.connect(lambda _slot: self._on_images())
        document.frame_changed.connect(self._on_images)
        document.pieces_changed.connect(self._on_pieces)
        document.method_changed.connect(self._on_method)
        document.moment_wanted.connect(self._return_to)

    @property
    def running(self) -> bool:
        return self._worker is not None

    @property
    def answers(self) -> bool:
        """Whether the session has a method, so that it paints, can be asked, and takes other images."""
        return self.state in ("live", "training", "paused")

    @property
    def can_keep(self) -> bool:
        """Whether there is anything of the method's own to keep a moment of."""
        return self.answers and not self.has_learned_nothing

    @property
    def has_learned_nothing(self) -> bool:
        """Whether the picture is another method's, which stands in: there is nothing of its own to be kept."""
        return self.state == "live" and bool(self.document.method.stand_in)

    # ------------------------------------------------------------ what the artist can ask for

    def start(
        self,
        snapshot: Path | None = None,
        paused: bool = False,
        adopt: bool = False,
        job: Job | None = None,
        live: bool = False,
        start_from: Path | None = None,
    ) -> bool:
        """Begins a session; False (and a `problem`) where it can not begin.

        Args:
            snapshot: whose weights to go on from; None begins afresh.
            paused: do not train before `resume`; the session is then exactly the snapshot.
            adopt: the document takes the snapshot's settings over; otherwise the session takes the document's.
            job: the snapshot's with its images in other places.
            live: only paint, and follow the document, until `resume`.
            start_from: another project, whose networks are begun with.
        """
        if self._worker is not None:
            return False
        missing = self.document.missing() if job is None else []
        if missing:
            names = self.tr(" and ").join(slot.title for slot in missing)
            self.problem.emit(self.tr("Before training, drop images on {}.").format(names))
            return False
        self.document.flush()
        try:
            if job is None:
                job = read(snapshot).job if snapshot is not None and (adopt or paused) else self.document.job
            session = Session(
                job,
                self.document.folder,
                device=self.device_key,
                snapshot=snapshot,
                start_from=start_from,
                paused=paused or live,
                rule=MomentRule(),
                measured=True,
            )
            session.post(self.share)
        except TesseraError as error:
            self.problem.emit(str(error))
            return False
        self._begins_paused, self._live = paused, live
        left = self._present()
        self._arrivals.clear()
        if snapshot is not None:
            self._arrivals.append((lambda event: self._adopt(event, left)) if adopt else _nothing)
        self._worker = Worker(session, self.device_key, self)
        self._worker.session_event.connect(self.events.deliver)
        self._worker.finished.connect(self._on_finished)
        self._become("starting")
        self._worker.start()
        return True

    def post(self, command: Command) -> None:
        """To the running session; nothing where none runs."""
        if self._worker is not None:
            self._worker.post(command)

    def follow(self, share: Share) -> None:
        """Shares the computer and saves so from now on, in the running session as well."""
        self.share = share
        self.post(share)

    def pause(self) -> None:
        self.post(Pause())

    def resume(self) -> None:
        if self._begins_paused:  # it was opened to look at a snapshot; from now on it works on the document
            self._begins_paused = False
            self._load_changes()
        self.post(Resume())

    def keep(self, name: str = "") -> None:
        if self._worker is not None:
            self.post(Keep(name))
            self.keeping.emit()

    def stop(self, keep: bool = True) -> None:
        if self._worker is not None and self.state != "stopping":
            self._reload.stop()
            self._become("stopping")
            self.post(Stop(keep))

    def start_afresh(self) -> None:
        """Begins anew with the document as it is; what runs is kept as a moment first."""
        if self._worker is None:
            self.start()
        else:
            self._then_afresh = True
            self.stop()

    def start_from(self, project: Path) -> None:
        """Begins with the networks of another project, in the running session or a new one that waits."""
        if self._worker is None:
            self.start(paused=True, start_from=project)
        elif self.state != "stopping":
            self._reload.stop()
            self.post(StartFrom(project))

    def go_back(self, snapshot: Path) -> None:
        """Trains on from a snapshot, in the running session or a new one. The present is kept first."""
        if self._worker is None:
            self.start(snapshot, adopt=True, live=self._was_live(snapshot))
        elif self.state != "stopping":
            self._go_to(snapshot, "before", lambda event: self._adopt(event, event.left))

    def _go_to(self, snapshot: Path, reason: Reason, arrived: Callable[[Began], object]) -> None:
        self._reload.stop()
        self._arrivals.append(arrived)
        self.post(Restore(snapshot, reason))
        self.leaving.emit(snapshot)

    def _adopt(self, event: Began, left: Path | None) -> None:
        assert event.snapshot is not None
        self.document.went_back(event.job, self.tr("go back to a moment"), left, event.snapshot)

    def _return_to(self, moment: Path, left: Callable[[Path | None], None]) -> None:
        """Undo or redo lead to a moment."""
        if self._worker is not None and self.state != "stopping":
            self._go_to(moment, "before", lambda event: self._returned(event, left))
            return
        left(self._present())
        try:
            moments.set_present(self.document.folder, read(moment).job.method, moment)
        except TesseraError as error:
            self.problem.emit(str(error))

    def _returned(self, event: Began, left: Callable[[Path | None], None]) -> None:
        left(event.left)
        if event.job.method == self.document.job.method:
            self.post(Retune(live_values(self.document.settings)))

    def _present(self) -> Path | None:
        """The moment on disk that the document's method stands at."""
        at = moments.present(self.document.folder, self.document.job.method)
        return None if at is None else at.folder

    def rebuild(self) -> None:
        """Loads the document as it is into the running session."""
        if self._worker is not None and self.state != "stopping" and not self.document.missing():
            self._reload.stop()
            self._tried_on = None  # what is tried out ends, or the session would never be said to work on the document
            self.post(Load(self.document.job))

    def read_again(self) -> None:
        """The running session reads its images anew: some have changed on disk."""
        if self.built is not None and self.answers:
            job, self._tried_on = self._tried_on or self.built, None
            self._load_again(job, reread=True)

    def try_out(self, slot: str, images: tuple[SourceImage, ...]) -> bool:
        """Shows what other images in a slot give, before the document has them: a mask while it is painted.

        Ends with the document's next change of images, or `end_trial`. False where no session could show it.
        """
        if self.built is None or not self.answers:
            return False
        self._tried_on = self._tried_on or self.built
        job = self._tried_on
        self._load_again(job.model_copy(update={"sources": {**job.sources, slot: images}}))
        return True

    def end_trial(self) -> None:
        """Back to what the session worked on."""
        job, self._tried_on = self._tried_on, None
        if job is not None and self.answers:
            self._load_again(job)

    def _load_again(self, job: Job, reread: bool = False) -> None:
        """Loads a job of the session's own, with the live settings that it was told since it began with that job."""
        if not self._begins_paused and job.method == self.document.job.method:
            job = job.model_copy(update={"settings": job.settings.with_values(live_values(self.document.settings))})
        self.post(Load(job, reread))

    def wait(self) -> None:
        """Blocks until the session's thread has ended. For the end of the program only."""
        if self._worker is not None:
            self._worker.stop_and_wait()

    # ------------------------------------------------------------ what happens

    def _on_began(self, event: Began) -> None:
        self.built = event.job
        if event.reason == "restored" and self._arrivals:
            self._arrivals.popleft()(event)
        if self.state in ("live", "paused") and not self._begins_paused:
            self._live = self._is_live(event.job, event.step)
            self._become("live" if self._live else "paused")
        if self.state == "starting":
            self._become("live" if self._live else "paused" if self._begins_paused else "training")
            if not self._begins_paused:
                self._load_changes()
        self._weigh()

    def _is_live(self, job: Job, step: int) -> bool:
        """Whether nothing was learned yet, and the picture is there all the same."""
        return not step and method_class(job.method).is_instant(job.settings)

    def _was_live(self, moment: Path) -> bool:
        try:
            kept = read(moment)
        except TesseraError:  # the session says what is wrong with it
            return False
        return self._is_live(kept.job, kept.step)

    def _on_resumed(self, _event: Resumed) -> None:
        self._live = False
        self._become("training")

    def _on_failed(self, event: Failed) -> None:
        match event:
            case Failed(command=Restore(reason=reason)):
                if self._arrivals:
                    self._arrivals.popleft()
                if reason == "method":  # what was learned of it can not be had, so that it begins anew
                    self.rebuild()
                elif self.built is not None:  # undo may have changed the settings for a network that did not come
                    self.document.stays_with(self.built)
            case Failed(command=Stop(), fatal=False):  # nothing could be kept: the session waits, paused
                self._then_afresh = False
                self.state = "paused"
                self.state_changed.emit(self.state)
            case Failed(fatal=True):
                self._become("stopping")

    def _on_finished(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.deleteLater()
        self.built = self._tried_on = None
        self._arrivals.clear()
        self._reload.stop()
        self._weigh()
        afresh, self._then_afresh = self._then_afresh, False
        self._become("idle")
        if afresh:
            self.start()

    def _become(self, state: TrainingState) -> None:
        if state != self.state and not (self.state == "stopping" and state != "idle"):
            self.state = state
            self.state_changed.emit(state)

    def _on_settings(self, names: tuple[str, ...]) -> None:
        live = live_values(self.document.settings)
        if changed := {name: live[name] for name in names if name in live}:
            self.post(Retune(changed))
        self._weigh()

    def _on_method(self) -> None:
        """Another method: the session keeps what it has and goes on with what that method had, or begins it."""
        if self.document.returning or self._worker is None or self.state == "stopping":
            return
        self._tried_on = None
        self._reload.stop()
        missing = self.document.missing()
        if missing:
            text = self.tr("The training was kept and has ended: {} needs images on {}.").format(
                self.document.method.title, self.tr(" and ").join(slot.title for slot in missing)
            )
            if self.state in ("training", "paused"):  # else nothing was trained
                QTimer.singleShot(0, lambda: self.problem.emit(text))  # once the window shows the method
            self.stop()
            return
        at = self._present()
        if at is None:
            self.rebuild()
        else:
            self._go_to(at, "method", lambda _event: self._load_changes())

    def _on_images(self) -> None:
        self._tried_on = None
        if self._worker is not None and self.state != "live":  # there, live.py follows at once
            self._reload.start()
        self._weigh()

    def _on_pieces(self) -> None:
        """They act in the next picture and step; what else waits for a rebuild goes on waiting."""
        if self._worker is not None and self.built is not None and self.built.method == self.document.job.method:
            job = self._tried_on or self.built
            self._load_again(job.model_copy(update={"pieces": self.document.job.pieces}))
        self._weigh()

    def _load_changes(self) -> None:
        """Makes the session work on the document, where it does not yet."""
        if self.built is None:
            return
        if needs_load(self.built, self.document.job):
            self.rebuild()
        else:
            self.post(Retune(live_values(self.document.settings)))

    def waiting(self) -> list[str]:
        """Labels of the settings that wait for a rebuild."""
        built = self._tried_on or self.built
        if built is None or built.method != self.document.job.method:
            return []
        return [s.knob.label for s in differing(built.settings, self.document.settings) if not s.knob.live]

    def _weigh(self) -> None:
        built, job = self._tried_on or self.built, self.document.job
        stale = built is not None and needs_load(built.model_copy(update={"pieces": job.pieces}), job)  # see _on_pieces
        if stale != self.stale:
            self.stale = stale
            self.stale_changed.emit(stale)


def _nothing(_event: Began) -> None:
    """The session is where it was asked to begin."""
