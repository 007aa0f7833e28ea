"""The only training loop: obeys commands between two steps, and tells what happens as events.

The window, the command line and the tests run this same generator. A step and its failures are trainer.py's, pictures
preview/views.py's, snapshots autosave.py's.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine import snapshots
from engine.box import Box
from engine.copying import bring_snapshots
from engine.device import empty_cache, is_lost, several
from engine.errors import NoRoomError, OutOfMemoryError, TesseraError
from engine.export.painting import Present
from engine.export.run import ExportRun
from engine.job import Job
from engine.messages.commands import (
    Command,
    CountImages,
    CountPieces,
    EndBy,
    FindPiece,
    Keep,
    Load,
    Pause,
    Reason,
    Relocate,
    RenderView,
    Restore,
    Resume,
    Retune,
    Share,
    StartFrom,
    Stop,
)
from engine.messages.events import (
    Began,
    Ended,
    Event,
    Failed,
    ImagesCounted,
    Paused,
    PieceFound,
    PiecesCounted,
    Relocated,
    Resumed,
    Retuned,
    StoodIn,
    Warned,
)
from engine.messages.exports import CancelExport, ExportRequest, Inspect, Inspected
from engine.messages.mailbox import Mailbox
from engine.method import Method, State
from engine.moments import BEST_OF, MomentRule
from engine.preview import usage
from engine.project import project_folder
from engine.stop_rule import Limit, StopRule
from engine.threads import Threads
from engine.training import borrowed
from engine.training.autosave import Autosaver
from engine.training.limits import Limits
from engine.training.matches import MatchMeter
from engine.training.meters import Budget
from engine.training.rebuilding import built, built_beside
from engine.training.showing import Showing
from engine.training.stand_in import SHOWN_LAYERS, StandIn
from engine.training.trainer import GaveUpError, Trainer, message_for

if TYPE_CHECKING:
    from engine.training.leader import Leader

STYLE_MATCH = BEST_OF["style"]
_RESTS_AFTER_S = 10.0
"""So long after the last picture, memory that is free goes back to the system."""


class Session:
    """One training, from `run` to `Ended`. The thread that runs it calls `device.prepare_thread` before.

    Args:
        job: what to train.
        folder: the project's; snapshots are kept below it.
        device: key of a device, or "auto"; several, as "cuda:0,cuda:1", share the steps.
        snapshot: folder of one to start from; what does not fit `job` starts afresh.
        start_from: another project, whose networks are begun with; where they can not be had, that is said.
        paused: serve `RenderView` and `ExportRequest`, and do not train before a `Resume`.
        steps, minutes, stall_minutes: when it ends by itself, see `StopRule`.
        previews: paint a small picture for each snapshot.
        rule: which moments it keeps by itself, besides autosaves.
        measured: measure `method.MATCHES` now and then; reports and snapshots hold them.
        fixed_threads: compute with as many threads as it was prepared with, so that results are equal bit for bit.
        leader: of devices that share the steps, where their processes are there already; it is ended with the session.

    Raises:
        BadSettingError: there is no such device, or no such way to end.
    """

    def __init__(
        self,
        job: Job,
        folder: Path,
        *,
        device: str = "auto",
        snapshot: Path | None = None,
        start_from: Path | None = None,
        paused: bool = False,
        steps: int | None = None,
        minutes: float | None = None,
        stall_minutes: float | None = None,
        previews: bool = True,
        rule: MomentRule | None = None,
        measured: bool = False,
        fixed_threads: bool = False,
        leader: Leader | None = None,
    ) -> None:
        self._job, self._snapshot, self._start_from = job, snapshot, start_from
        self._devices = several(device)
        self._device = self._devices[0]
        self._leader = leader
        self._limits = Limits(StopRule(steps, minutes, stall_minutes))
        self._limit: Limit | None = None
        self._mailbox = Mailbox()
        self._commands: deque[Command] = deque()
        self._keeper = Autosaver(folder, previews, rule)
        self._budget = Budget()
        self._piece_counter = usage.PieceCounter()
        self._stand_in, self._stood_in = StandIn(self._device), ""
        self._measured, self._fixed_threads = measured, fixed_threads
        self._threads: Threads
        self._matches: MatchMeter | None = None
        self._trainer: Trainer
        self._views = Showing(self._device, lambda: self._mailbox.replaces_pictures, self._shown)
        self._paused = paused
        self._over = False
        self._stop_refused = False

    def post(self, command: Command) -> None:
        """Hands a command over, from any thread; returns at once."""
        self._mailbox.post(command)

    def run(self) -> Iterator[Event]:
        """Trains until a limit, a `Stop` or a fatal failure; the last event is always `Ended`. To be iterated once."""
        try:
            yield from self._run()
        finally:
            if self._leader is not None:
                self._leader.end()

    def _run(self) -> Iterator[Event]:
        failure = ""
        try:
            yield from self._build()
        except Exception as error:
            failure = message_for("The training could not begin", error, self._device)
        if failure:
            yield Failed(failure, fatal=True)
            yield Ended(0)
            return
        if self._paused:
            yield Paused(self._trainer.step)
        try:
            while not self._over:
                yield from self._serve()
                yield from self._turn()
                yield from self._tell_stand_in()  # it ends by itself where it can not be had
        except GaveUpError as error:
            failure = str(error)
        except Exception as error:  # a card tells of a failed kernel whenever something waits for it
            failure = message_for("The training can not go on", error, self._device)
        if failure:
            yield from self._give_up(failure)
        yield Ended(self._trainer.step, self._limit)

    # ------------------------------------------------------------ building

    def _build(self) -> Iterator[Event]:
        snapshot = state = None
        if self._snapshot is not None:
            snapshot = snapshots.read(self._snapshot)
            state = snapshots.load_state(snapshot)
        self._threads = Threads(self._device, self._fixed_threads)
        if self._leader is None and len(self._devices) > 1:
            from engine.training.leader import led  # brings torch.distributed along

            self._leader = led(self._devices)
        method = built(self._job, self._device)
        self._trainer = Trainer(method, self._job, self._device, self._threads, self._leader)
        unfit: list[str] = []
        if snapshot is not None and state is not None:
            unfit = method.restore(state, strict=self._trainer.trains_as(method, snapshot.job))
            self._go_on_from(snapshot, supersedes=True)
        self._measure_anew()
        told = [] if self._start_from is None else [self._begun_with(method, self._start_from)]
        yield from self._begin("built" if snapshot is None else "restored", self._snapshot, unfit)
        yield from told
        if snapshot is None and self._start_from is None:
            self._stand_in.begin(self._job)
            yield from self._tell_stand_in()

    def _tell_stand_in(self) -> Iterator[Event]:
        """Says that another method's picture is shown, or no more, where that was said otherwise before."""
        if self._stand_in.title != self._stood_in:
            self._stood_in = self._stand_in.title
            yield StoodIn(self._stood_in)
            self._views.begin_anew()

    def _end_stand_in(self) -> Iterator[Event]:
        self._stand_in.end()
        yield from self._tell_stand_in()

    def _shown(self, layer: str = SHOWN_LAYERS[0]) -> Method:
        """What the artist sees: the present method's picture, or what stands in for it."""
        return self._stand_in.instead_of(self._trainer.method, self._trainer.job, layer)

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
        """See `rebuilding`; views under way begin anew where the present method had to be let go."""
        waiting: list[RenderView] = []

        def let_go() -> None:
            waiting.extend(self._views.let_go())
            self._stand_in.let_go()

        trainer = self._trainer
        try:
            return (yield from built_beside(trainer, job, take_over, present, self._keeper, self._device, let_go))
        finally:
            self._views.take_back(waiting)

    def _measure_anew(self) -> None:
        trainer = self._trainer
        self._matches = MatchMeter(trainer.method, trainer.job) if self._measured else None

    def _exchange(self, method: Method, job: Job) -> None:
        other = not self._trainer.has_method or method is not self._trainer.method
        self._trainer.exchange(method, job)
        self._measure_anew()
        self._views.begin_anew()
        if other:  # the same one keeps its memory, and giving some back takes longer than to paint a stroke
            empty_cache(self._device.torch)

    def _go_on_from(self, snapshot: snapshots.Snapshot, supersedes: bool = False) -> None:
        self._trainer.go_on_from(snapshot.step, snapshot.elapsed_s, snapshot.terms)
        self._keeper.go_on_from(snapshot, supersedes)

    def _begin(
        self,
        reason: Literal["built", "rebuilt", "restored"],
        snapshot: Path | None,
        unfit: list[str],
        left: Path | None = None,
        touched: Box | None = None,
    ) -> Iterator[Event]:
        trainer = self._trainer
        canvas_size, leader = trainer.method.canvas_size, self._leader
        device = self._device.title if leader is None else leader.title
        notes = tuple(trainer.method.notes)
        yield Began(trainer.step, trainer.job, canvas_size, device, snapshot, reason, left, touched, notes)
        yield from trainer.warnings()
        if leader is not None and (alone := leader.why_alone(trainer.method)):
            yield Warned(alone, "devices")
        if unfit:
            yield Warned("A part of what was learned does not fit the new settings or images; it starts afresh.", "fit")

    # ------------------------------------------------------------ the loop

    def _serve(self) -> Iterator[Event]:
        """Obeys what was posted; waits for it where there is nothing else to do."""
        idle = self._paused and not self._views and not self._commands
        posted = self._mailbox.take(_RESTS_AFTER_S if idle else 0)
        if idle and not posted:
            empty_cache(self._device.torch)  # nobody works here now, and other programs may have the memory
            posted = self._mailbox.take(math.inf)
        self._commands.extend(posted)
        while self._commands and not self._over:
            command = self._commands.popleft()
            failure = ""
            try:
                yield from self._obey(command)
            except GaveUpError:
                raise
            except Exception as error:
                failure = message_for(f"{type(command).__name__} did not work", error, self._device)
                if is_lost(error):
                    raise GaveUpError(failure) from None
            if failure:  # outside the except block, so that the failed attempt's tensors are free
                empty_cache(self._device.torch)
                yield Failed(failure, command=command)
            self._commands.extend(self._mailbox.take())

    def _turn(self) -> Iterator[Event]:
        """One step of training, or while paused one piece of a picture."""
        if self._over:
            return
        if self._paused:
            if self._views:
                yield from self._views.paint(self._threads, self._trainer.step, at_leisure=True)
        elif (limit := self._limits.reached(self._trainer.step)) is not None:
            yield from self._finish(limit)
        else:
            yield from self._train()

    def _train(self) -> Iterator[Event]:
        trainer = self._trainer
        before_s = trainer.clock.seconds
        failure = ""
        try:
            yield from trainer.advance()
        except OutOfMemoryError as error:
            failure = str(error)
        if failure:
            empty_cache(self._device.torch)
            self._paused = True
            yield Warned(failure, "memory")
            yield Paused(trainer.step)
            return
        if self._views:
            trainer.finish_step()
        trained_s = trainer.clock.seconds - before_s
        self._limits.trained(trained_s)
        self._budget.earn(trained_s)
        if self._views and self._budget.allows:
            started = time.perf_counter()
            yield from self._views.paint(self._threads, trainer.step, at_leisure=False)
            self._budget.spend(time.perf_counter() - started)
        yield from self._measure(trained_s)
        if self._stand_in.is_over(trainer.step, trainer.measures):
            yield from self._end_stand_in()
        yield from self._keeper.save_by_itself(trainer)

    def _measure(self, trained_s: float) -> Iterator[Event]:
        """Goes on with measuring the matches; where they can not be had, that is said once."""
        if self._matches is None:
            return
        try:
            if self._matches.advance(trained_s):
                self._trainer.measures = self._matches.latest
                if STYLE_MATCH in self._matches.latest:
                    self._limits.measured(self._matches.latest[STYLE_MATCH])
        except Exception as error:
            self._matches = None
            text = message_for("Style match and content match are not measured", error, self._device)
            empty_cache(self._device.torch)
            yield Warned(text, "matches")

    def _finish(self, limit: Limit) -> Iterator[Event]:
        step = self._trainer.step
        yield from self._trainer.check()
        if self._trainer.step < step:  # it diverged at the last moment, and went back
            return
        self._over, self._limit = True, limit
        if self._trainer.dirty:
            try:
                yield from self._keeper.keep(self._trainer, "final")
            except NoRoomError as error:
                yield Failed(str(error), fatal=True)

    def _give_up(self, message: str) -> Iterator[Event]:
        """Training can not go on: what was good is kept."""
        good = self._trainer.good
        if good is not None and good.step > 0:
            try:
                yield from self._keeper.keep(self._trainer, "stopped", moment=good)
            except Exception as error:
                message = f"{message} {message_for('It could not be kept', error, self._device)}"
        yield Failed(message, fatal=True)

    # ------------------------------------------------------------ commands

    def _obey(self, command: Command) -> Iterator[Event]:
        match command:
            case Retune():
                yield from self._retune(command)
            case Load():
                yield from self._load(command.job, command.reread)
            case RenderView():
                self._views.ask(command)
            case Pause():
                yield from self._trainer.report()
                self._paused = True
                yield Paused(self._trainer.step)
            case Resume():
                self._paused = False
                yield Resumed(self._trainer.step)
            case Keep():
                yield from self._trainer.check()
                yield from self._keeper.keep(self._trainer, command.reason, command.name)
            case Restore():
                yield from self._restore(command)
            case StartFrom():
                yield from self._begin_from(command.project)
            case ExportRequest():
                yield from self._export(command)
            case Inspect():
                findings = tuple(self._exporting(command.export).inspect(command.probe))
                yield Inspected(command.export, findings, command.probe)
            case FindPiece():
                yield PieceFound(command, self._shown().piece_at(command.row, command.column))
            case CountImages():
                yield ImagesCounted(tuple(usage.image_shares(self._shown())))
            case CountPieces():
                pieces = self._piece_counter.counted(self._shown())
                yield PiecesCounted(tuple(pieces), self._trainer.step)
            case Relocate():
                bring_snapshots(self._keeper.project, command.folder)
                self._keeper.relocate(command.folder)
                yield Relocated(command.folder)
            case Share():
                self._threads.limit(command.threads)
                self._budget.set_share(command.previews)
                elapsed_s = self._trainer.clock.seconds
                self._keeper.set_intervals(command.autosave_s, command.moments_minutes, elapsed_s)
            case EndBy():
                self._limits = Limits(command.rule)
            case Stop():
                yield from self._stop(command)

    def _retune(self, command: Retune) -> Iterator[Event]:
        job, names, rebuild = self._trainer.retuned(command.values)
        if rebuild:
            yield from self._load(job)
        elif names:
            self._trainer.retune(job)
            yield Retuned(self._trainer.step, names)

    def _load(self, job: Job, reread: bool = False) -> Iterator[Event]:
        trainer = self._trainer
        yield from trainer.check()
        if not reread and job.method == trainer.job.method and trainer.method.try_update(job):
            same = trainer.method.settings == job.settings
            trainer.method.settings = job.settings
            self._exchange(trainer.method, job)
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
            self._stand_in.begin(job)
        elif unfit:
            if trainer.has_method:  # where it had to be let go, it was saved before
                left = yield from self._keep_present("rebuild")
            trainer.dirty = True  # what goes on is not what was kept
        self._exchange(method, job)
        yield from self._begin("rebuilt", None, unfit, left)
        yield from self._tell_stand_in()

    def _keep_present(self, reason: Reason) -> Generator[Event, None, Path | None]:
        """Has the present in a snapshot before it is left; returns its folder. Raises NoRoomError, GaveUpError.

        None where nothing was learned yet, so that leaving it loses nothing.
        """
        if not self._trainer.step and self._keeper.parent is None:
            return None
        kept = self._keeper.kept(self._trainer)
        if kept is not None:
            return kept
        yield from self._trainer.check()
        yield from self._keeper.keep(self._trainer, reason)
        assert self._keeper.parent is not None
        return self._keeper.project / snapshots.FOLDER / self._keeper.parent

    def _restore(self, command: Restore) -> Iterator[Event]:
        folder = command.snapshot
        snapshot = snapshots.read(folder)
        state = snapshots.load_state(snapshot)
        left = yield from self._keep_present(command.reason)
        trainer = self._trainer
        before = trainer.method.state()
        if trainer.trains_as(trainer.method, snapshot.job):
            try:
                trainer.method.restore(state)
            except Exception:
                trainer.method.restore(before)
                raise
            trainer.method.settings = snapshot.job.settings
            self._exchange(trainer.method, snapshot.job)
        else:
            method = yield from self._built_beside(snapshot.job, before, lambda method: method.restore(state))
            self._exchange(method, snapshot.job)
        self._go_on_from(snapshot)
        yield from self._begin("restored", folder, [], left)
        yield from self._end_stand_in()

    def _begin_from(self, project: Path) -> Iterator[Event]:
        """Another project's networks in place of the present ones; kept at once, so that they are found again."""
        trainer = self._trainer
        state = borrowed.state_of(project, trainer.job.method)
        left = yield from self._keep_present("before")
        before = trainer.method.state()
        method = yield from self._built_beside(trainer.job, before, lambda new: borrowed.take(new, state, project))
        trainer.begin_anew()
        self._keeper.begin_anew()
        self._exchange(method, trainer.job)
        yield from self._begin("rebuilt", None, [], left)
        yield from self._end_stand_in()
        yield from self._keeper.keep(trainer, "kept", f"From {project_folder(project.absolute()).name}"[:60])

    def _exporting(self, command: ExportRequest) -> ExportRun:
        trainer = self._trainer
        present = Present(
            trainer.method, trainer.job, trainer.step, trainer.clock.seconds, trainer.terms, self._keeper.kept(trainer)
        )
        shown = self._shown(command.layer)
        if shown is not trainer.method and self._stand_in.job is not None:
            present = Present(shown, self._stand_in.job, 0, 0.0, {}, None)
        return ExportRun(command, present, self._keeper.project, self._device, self._threads)

    def _export(self, command: ExportRequest) -> Iterator[Event]:
        yield from self._exporting(command).run(self._export_is_unwanted, self._export_is_kept)
        for cancel in [waiting for waiting in self._commands if isinstance(waiting, CancelExport)][:1]:
            self._commands.remove(cancel)

    def _export_is_unwanted(self) -> bool:
        self._commands.extend(self._mailbox.take())
        return any(isinstance(command, CancelExport | Stop) for command in self._commands)

    def _export_is_kept(self) -> bool:
        """A session that ends leaves what was painted; who cancels says whether it is wanted."""
        for command in self._commands:
            if isinstance(command, CancelExport):
                return command.keep
        return True

    def _stop(self, command: Stop) -> Iterator[Event]:
        refused = ""
        if command.keep and self._trainer.dirty:
            yield from self._trainer.check()
            try:
                yield from self._keeper.keep(self._trainer, "stopped")
            except NoRoomError as error:
                refused = str(error)
        if refused and not self._stop_refused:
            self._stop_refused = self._paused = True
            yield Failed(f"{refused} Stopping once more ends without keeping anything.", command=command)
            yield Paused(self._trainer.step)
        else:
            self._over = True
