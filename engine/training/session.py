"""The only training loop: obeys commands between two steps, and tells what happens as events.

The window, the command line and the tests run this same generator. A step and its failures are trainer.py's, what is
trained and what takes its place exchange.py's, pictures showing.py's, when they are painted turns.py's, snapshots
autosave.py's, exports exporting.py's.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cards import unused_card
from engine.copying import bring_snapshots
from engine.device import empty_cache, is_lost, several
from engine.errors import NoRoomError, OutOfMemoryError
from engine.job import Job
from engine.messages.commands import (
    Command,
    CountImages,
    CountPieces,
    EndBy,
    FindPiece,
    FitToImages,
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
    Ended,
    Event,
    Failed,
    FittedToImages,
    ImagesCounted,
    Paused,
    PieceFound,
    PiecesCounted,
    Relocated,
    Resumed,
    Retuned,
    Warned,
)
from engine.messages.exports import ExportRequest, Inspect, Inspected
from engine.messages.mailbox import Mailbox
from engine.moments import BEST_OF, MomentRule
from engine.preview import usage
from engine.stop_rule import Limit, StopRule
from engine.threads import Threads
from engine.training.autosave import Autosaver
from engine.training.beside import Beside
from engine.training.exchange import Exchange
from engine.training.exporting import Exporting
from engine.training.limits import Limits
from engine.training.trainer import GaveUpError, Trainer, message_for
from engine.training.turns import PictureTurns

if TYPE_CHECKING:
    from engine.training.leader import Leader

STYLE_MATCH = BEST_OF["style"]
_WAIT_FOR_PICTURES = Load, Restore, StartFrom, ExportRequest
"""Commands that may change what is painted from beside the steps, or want all cores: they wait for what is there."""
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
        measured: measure `declarations.MATCHES` now and then; reports and snapshots hold them.
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
        self._takes_any, devices = device == "auto", several(device)
        self._device = devices[0]
        self._limits = Limits(StopRule(steps, minutes, stall_minutes))
        self._limit: Limit | None = None
        self._mailbox = Mailbox()
        self._commands: deque[Command] = deque()
        self._keeper = Autosaver(folder, previews, rule)
        self._piece_counter = usage.PieceCounter()
        self._fixed_threads = fixed_threads
        self._threads: Threads
        self._beside = Beside()
        self._exchange = Exchange(
            devices,
            self._keeper,
            lambda: self._mailbox.replaces_pictures,
            measured=measured,
            leader=leader,
            beside=self._beside,
        )
        self._views = self._exchange.views
        self._turns = PictureTurns(self._views, self._beside)
        self._exporting = Exporting(self._exchange, self._keeper, self._device, self._mailbox, self._commands)
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
            self._beside.end()
            if self._exchange.leader is not None:
                self._exchange.leader.end()

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
                yield from self._exchange.tell_stand_in()  # it ends by itself where it can not be had
        except GaveUpError as error:
            failure = str(error)
        except Exception as error:  # a card tells of a failed kernel whenever something waits for it
            failure = message_for("The training can not go on", error, self._device)
        if failure:
            yield from self._give_up(failure)
        yield Ended(self._trainer.step, self._limit)

    def _build(self) -> Iterator[Event]:
        self._threads = Threads(self._device, self._fixed_threads)
        yield from self._exchange.build(self._job, self._threads, self._snapshot, self._start_from)
        self._share_cores()
        if self._takes_any and self._device.key == "cpu" and (why := unused_card()):
            yield Warned(f"{why} Until then it trains on the CPU.", "devices")

    def _share_cores(self) -> None:
        self._beside.allowed = self._threads.leaves_a_core and self._exchange.leader is None

    @property
    def _trainer(self) -> Trainer:
        return self._exchange.trainer

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
        step, before_s = trainer.step, trainer.clock.seconds
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
        if trainer.step <= step:  # it diverged, and went back
            self._views.begin_anew()
        if self._views:
            trainer.finish_step()
        trained_s = trainer.clock.seconds - before_s
        self._limits.trained(trained_s)
        measured = yield from self._exchange.measure(trained_s)
        if measured and STYLE_MATCH in trainer.measures:
            self._limits.measured(trainer.measures[STYLE_MATCH])
        yield from self._turns.take(self._threads, trainer.step, trained_s)
        if self._exchange.stand_in.is_over(trainer.step, trainer.measures):
            yield from self._exchange.end_stand_in()
        yield from self._keeper.save_by_itself(trainer)

    def _finish(self, limit: Limit) -> Iterator[Event]:
        step = self._trainer.step
        yield from self._trainer.check()
        if self._trainer.step < step:  # it diverged at the last moment, and went back
            return
        yield from self._end(Stop(), "final")
        if self._over:
            self._limit = limit

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
        if isinstance(command, _WAIT_FOR_PICTURES):
            self._beside.settle()
        match command:
            case Retune():
                yield from self._retune(command)
            case Load():
                yield from self._exchange.load(command.job, command.reread)
            case RenderView():
                self._views.ask(command)
            case Pause():
                yield from self._trainer.report()
                self._paused = True
                self._views.begin_anew()  # what is under way may be of an earlier step
                yield Paused(self._trainer.step)
            case Resume():
                self._paused = self._stop_refused = False
                yield Resumed(self._trainer.step)
            case Keep():
                yield from self._trainer.check()
                yield from self._keeper.keep(self._trainer, command.reason, command.name)
            case Restore():
                yield from self._exchange.restore(command)
            case StartFrom():
                yield from self._exchange.begin_from(command.project)
            case ExportRequest():
                yield from self._exporting.run(command, self._threads)
            case Inspect():
                findings = tuple(self._exporting.planned(command.export, self._threads).inspect(command.probe))
                yield Inspected(command.export, findings, command.probe)
            case FindPiece():
                yield PieceFound(command, self._exchange.shown().piece_at(command.row, command.column))
            case CountImages():
                yield ImagesCounted(tuple(usage.image_shares(self._exchange.shown())))
            case CountPieces():
                pieces = self._piece_counter.counted(self._exchange.shown())
                yield PiecesCounted(tuple(pieces), self._trainer.step)
            case FitToImages():
                yield FittedToImages(self._views.fitting(self._trainer.method, command.free, self._threads))
            case Relocate():
                bring_snapshots(self._keeper.project, command.folder)
                self._keeper.relocate(command.folder)
                yield Relocated(command.folder)
            case Share():
                self._threads.limit(command.threads)
                self._share_cores()
                self._turns.set_share(command.previews)
                elapsed_s = self._trainer.clock.seconds
                self._keeper.set_intervals(command.autosave_s, command.moments_minutes, elapsed_s)
            case EndBy():
                self._limits = Limits(command.rule)
            case Stop():
                yield from self._stop(command)

    def _retune(self, command: Retune) -> Iterator[Event]:
        job, names, rebuild = self._trainer.retuned(command.values)
        if rebuild:
            yield from self._exchange.load(job)
        elif names:
            self._trainer.retune(job)
            self._views.turn()
            yield Retuned(self._trainer.step, names)

    def _stop(self, command: Stop) -> Iterator[Event]:
        if command.keep and self._trainer.dirty:
            yield from self._trainer.check()
        yield from self._end(command, "stopped")

    def _end(self, command: Stop, reason: Reason) -> Iterator[Event]:
        """Keeps what was learned, and ends; where there is no room for it, it waits for another word first."""
        refused = ""
        if command.keep and self._trainer.dirty:
            try:
                yield from self._keeper.keep(self._trainer, reason)
            except NoRoomError as error:
                refused = str(error)
        if refused and not self._stop_refused:
            self._stop_refused = self._paused = True
            yield Failed(f"{refused} Stopping once more ends without keeping anything.", command=command)
            yield Paused(self._trainer.step)
        else:
            self._over = True
