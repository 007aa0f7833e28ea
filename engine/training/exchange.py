"""What a session trains, and how it comes to train something else: another job, a moment, another project's networks.

What is left is kept first, where no snapshot has it yet. When any of this happens is session.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine import snapshots
from engine.box import Box
from engine.device import Device, empty_cache
from engine.errors import TesseraError
from engine.job import Job
from engine.messages.commands import Reason, RenderView, Restore
from engine.messages.events import Began, Event, StoodIn, Warned
from engine.method import Method, State
from engine.project import project_folder
from engine.threads import Threads
from engine.training import borrowed
from engine.training.autosave import Autosaver
from engine.training.beside import Beside
from engine.training.matches import MatchMeter
from engine.training.rebuilding import built, built_beside
from engine.training.resized import resized_since
from engine.training.showing import Showing
from engine.training.stand_in import SHOWN_LAYERS, StandIn
from engine.training.trainer import Trainer, message_for

if TYPE_CHECKING:
    from engine.training.leader import Leader


class Exchange:
    """The method of one session, with all that follows it: its snapshots, the pictures of it, and its measures.

    Args:
        devices: of the session; several share the steps.
        keeper: keeps its snapshots.
        gives_way: see `Showing`.
        measured: measure `declarations.MATCHES` now and then; reports and snapshots hold them.
        leader: of devices that share the steps, where their processes are there already.
        beside: paints while steps go on.

    Attributes:
        trainer: does the steps; there once `build` has begun to tell.
        views: the pictures that are asked for.
        stand_in: which method's picture is shown.
        leader: None where one device trains alone. Who made this ends it.
    """

    trainer: Trainer

    def __init__(
        self,
        devices: list[Device],
        keeper: Autosaver,
        gives_way: Callable[[], bool],
        measured: bool,
        leader: Leader | None,
        beside: Beside | None = None,
    ) -> None:
        self._devices, self._device, self._keeper = devices, devices[0], keeper
        self._beside = beside or Beside()
        self.views = Showing(self._device, gives_way, self.shown, self._beside)
        self.stand_in, self._stood_in = StandIn(self._device), ""
        self._measured = measured
        self._matches: MatchMeter | None = None
        self.leader = leader

    def build(self, job: Job, threads: Threads, folder: Path | None, start_from: Path | None) -> Iterator[Event]:
        """The first method. Raises what `rebuilding.built` does, and BadProjectError where a snapshot can not be read.

        Args:
            folder: of a snapshot to start from.
            start_from: another project, whose networks are begun with.
        """
        snapshot = state = None
        if folder is not None:
            snapshot = snapshots.read(folder)
            state = snapshots.load_state(snapshot)
        if self.leader is None and len(self._devices) > 1:
            from engine.training.leader import led  # brings torch.distributed along

            self.leader = led(self._devices)
        method = built(job, self._device)
        self.trainer = Trainer(method, job, self._device, threads, self.leader)
        unfit: list[str] = []
        if snapshot is not None and state is not None:
            unfit = method.restore(state, strict=self.trainer.trains_as(method, snapshot.job))
            self._go_on_from(snapshot, supersedes=True)
        self._measure_anew()
        told = [] if start_from is None else [self._begun_with(method, start_from)]
        yield from self._begin("built" if snapshot is None else "restored", snapshot, unfit)
        yield from told
        if snapshot is None and start_from is None:
            self.stand_in.begin(job)
            yield from self.tell_stand_in()

    def tell_stand_in(self) -> Iterator[Event]:
        """Says that another method's picture is shown, or no more, where that was said otherwise before."""
        if self.stand_in.title != self._stood_in:
            self._stood_in = self.stand_in.title
            yield StoodIn(self._stood_in)
            self.views.begin_anew()

    def end_stand_in(self) -> Iterator[Event]:
        self.stand_in.end()
        yield from self.tell_stand_in()

    def shown(self, layer: str = SHOWN_LAYERS[0]) -> Method:
        """What the artist sees: the present method's picture, or what stands in for it."""
        return self.stand_in.instead_of(self.trainer.method, self.trainer.job, layer)

    def measure(self, trained_s: float) -> Generator[Event, None, bool]:
        """Goes on with measuring the matches, and says whether there are new ones; that they can not be had, once.

        Args:
            trained_s: seconds of training since the last call.
        """
        if self._matches is None:
            return False
        try:
            if self._matches.advance(trained_s):
                self.trainer.measures = self._matches.latest
                return True
        except Exception as error:
            self._matches = None
            text = message_for("Style match and content match are not measured", error, self._device)
            empty_cache(self._device.torch)
            yield Warned(text, "matches")
        return False

    def load(self, job: Job, reread: bool = False) -> Iterator[Event]:
        """See `commands.Load`."""
        trainer = self.trainer
        yield from trainer.check()
        if not reread and job.method == trainer.job.method and trainer.method.try_update(job):
            same = trainer.method.settings == job.settings
            trainer.method.settings = job.settings
            self._go_on_with(trainer.method, job)
            yield from self._begin("rebuilt", None, [], touched=trainer.method.touched if same else None)
            return
        state, unfit = trainer.method.state(), list[str]()

        def take_over(method: Method) -> None:
            if job.method == trainer.job.method and (trainer.step or trainer.method.borrowed):
                unfit.extend(method.restore(state, strict=False))

        left: Path | None = None
        if job.method != trainer.job.method:
            left = yield from self._keep_present("method")
        method = yield from self._built_beside(job, state, take_over)
        if job.method != trainer.job.method:
            self._keeper.begin_anew()
            trainer.begin_anew()
            self.stand_in.begin(job)
        elif unfit:
            if trainer.has_method:  # where it had to be let go, it was saved before
                left = yield from self._keep_present("rebuild")
            trainer.dirty = True  # what goes on is not what was kept
        self._go_on_with(method, job)
        yield from self._begin("rebuilt", None, unfit, left)
        yield from self.tell_stand_in()

    def restore(self, command: Restore) -> Iterator[Event]:
        """See `commands.Restore`."""
        folder = command.snapshot
        snapshot = snapshots.read(folder)
        state = snapshots.load_state(snapshot)
        left = yield from self._keep_present(command.reason)
        trainer = self.trainer
        before = trainer.method.state()
        if trainer.trains_as(trainer.method, snapshot.job):
            try:
                trainer.method.restore(state)
            except Exception:
                trainer.method.restore(before)
                raise
            trainer.method.settings = snapshot.job.settings
            self._go_on_with(trainer.method, snapshot.job)
        else:
            method = yield from self._built_beside(snapshot.job, before, lambda method: method.restore(state))
            self._go_on_with(method, snapshot.job)
        self._go_on_from(snapshot)
        yield from self._begin("restored", snapshot, [], left)
        yield from self.end_stand_in()

    def begin_from(self, project: Path) -> Iterator[Event]:
        """Another project's networks in place of the present ones; kept at once, so that they are found again."""
        trainer = self.trainer
        state = borrowed.state_of(project, trainer.job.method)
        left = yield from self._keep_present("before")
        before = trainer.method.state()
        method = yield from self._built_beside(trainer.job, before, lambda new: borrowed.take(new, state, project))
        trainer.begin_anew()
        self._keeper.begin_anew()
        self._go_on_with(method, trainer.job)
        yield from self._begin("rebuilt", None, [], left)
        yield from self.end_stand_in()
        yield from self._keeper.keep(trainer, "kept", f"From {project_folder(project.absolute()).name}"[:60])

    def _keep_present(self, reason: Reason) -> Generator[Event, None, Path | None]:
        """Has the present in a snapshot before it is left; returns its folder. Raises NoRoomError, GaveUpError.

        None where nothing was learned yet, so that leaving it loses nothing.
        """
        if not self.trainer.step and self._keeper.parent is None:
            return None
        kept = self._keeper.kept(self.trainer)
        if kept is not None:
            return kept
        yield from self.trainer.check()
        yield from self._keeper.keep(self.trainer, reason)
        assert self._keeper.parent is not None
        return self._keeper.project / snapshots.FOLDER / self._keeper.parent

    def _begun_with(self, method: Method, project: Path) -> Warned:
        """Lets a method begin with the networks of another project, and says whether it does."""
        try:
            borrowed.begin_with(method, project)
        except TesseraError as error:
            return Warned(f"{error} It begins without it.", "start")
        return Warned(f"It begins with what was learned in {project}.", "start")

    def _built_beside(
        self, job: Job, present: State, take_over: Callable[[Method], object]
    ) -> Generator[Event, None, Method]:
        """See `rebuilding`; views and measures begin anew where the present method had to be let go."""
        waiting: list[RenderView] = []
        measures = self._matches is not None

        def let_go() -> None:
            waiting.extend(self.views.let_go())
            self.stand_in.let_go()
            self._matches = None

        trainer = self.trainer
        try:
            return (yield from built_beside(trainer, job, take_over, present, self._keeper, self._device, let_go))
        finally:
            self.views.take_back(waiting)
            if measures and self._matches is None and trainer.has_method:  # the present one is there again
                self._measure_anew()

    def _measure_anew(self) -> None:
        trainer = self.trainer
        self._matches = MatchMeter(trainer.method, trainer.job, beside=self._beside) if self._measured else None

    def _go_on_with(self, method: Method, job: Job) -> None:
        other = not self.trainer.has_method or method is not self.trainer.method
        self.trainer.exchange(method, job)
        self._measure_anew()
        self.views.begin_anew()
        if other:  # the same one keeps its memory, and giving some back takes longer than to paint a stroke
            empty_cache(self._device.torch)

    def _go_on_from(self, snapshot: snapshots.Snapshot, supersedes: bool = False) -> None:
        self.trainer.go_on_from(snapshot.step, snapshot.elapsed_s, snapshot.terms)
        self._keeper.go_on_from(snapshot, supersedes)

    def _begin(
        self,
        reason: Literal["built", "rebuilt", "restored"],
        snapshot: snapshots.Snapshot | None,
        unfit: list[str],
        left: Path | None = None,
        touched: Box | None = None,
    ) -> Iterator[Event]:
        trainer = self.trainer
        canvas_size, leader = trainer.method.canvas_size, self.leader
        device = self._device.title if leader is None else leader.title
        resized = () if snapshot is None else resized_since(snapshot, trainer.job, canvas_size)
        notes, folder = (*trainer.method.notes, *resized), None if snapshot is None else snapshot.folder
        yield Began(trainer.step, trainer.job, canvas_size, device, folder, reason, left, touched, notes)
        yield from trainer.warnings()
        yield from map(Warned, resized)
        if leader is not None and (alone := leader.why_alone(trainer.method)):
            yield Warned(alone, "devices")
        if unfit:
            yield Warned("A part of what was learned does not fit the new settings or images; it starts afresh.", "fit")
