"""A method while it learns: steps, reports, and the way back when it diverges. Commands are session.py's."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.declarations import MATCHES
from engine.device import Device, is_lost, is_out_of_memory, lost_message, memory_used_bytes
from engine.errors import DivergedError, OutOfMemoryError, TesseraError
from engine.files import unusable
from engine.job import Job
from engine.messages.events import Event, Stepped, Warned
from engine.method import Method, State
from engine.settings import differing
from engine.threads import Threads
from engine.training.meters import Clock, Meter

REPORT_S = 0.25
REMEMBER_S = 5.0
REMEMBER_COST = 20.0
"""Between two copies of a good state, training goes on for so many seconds, and for so many times what a copy costs."""
MOST_FAILURES = 5


class GaveUpError(TesseraError):
    """Training can not go on; `Trainer.good` is the last good moment."""


@dataclass(frozen=True)
class Moment:
    """A state with the step and the seconds of training that led to it."""

    state: State
    step: int
    elapsed_s: float


class Leader(Protocol):
    """Leads other devices that share the steps, see leader.py."""

    @property
    def failure(self) -> str: ...  # a sentence, once one of them is lost

    def refresh(self) -> None: ...  # the method is another one, or in another state

    def step(self, method: Method, job: Job, number: int) -> dict[str, Tensor]: ...


class Trainer:
    """One method's training.

    Attributes:
        step: number of steps done; the next one is seeded by it.
        clock: seconds of training.
        terms: means of the last report, with the measures.
        measures: what was measured of the picture last, by key of `declarations.MATCHES`; part of each report.
        dirty: whether a step was done since the last snapshot.
        good: the last moment known to be sound; None before the first step.
        failures: how often in a row it diverged.
    """

    def __init__(
        self, method: Method, job: Job, device: Device, threads: Threads | None = None, leader: Leader | None = None
    ) -> None:
        """
        Args:
            leader: of the devices that share the steps; None where this one trains alone.
        """
        self.method, self.job, self.device = method, job, device
        self._leader = leader
        self._step = nullcontext if threads is None else threads.step
        self.step = 0
        self.clock = Clock()
        self.terms: dict[str, float] = {}
        self.measures: dict[str, float] = {}
        self.dirty = False
        self.good: Moment | None = None
        self.failures = 0
        self._meter = Meter()
        self._told = 0
        self._rewind(0.0)

    def exchange(self, method: Method, job: Job) -> None:
        """Another method, or the same one in another state, from here on."""
        if not self.has_method or method is not self.method:
            self._told = 0
        self.method, self.job = method, job
        self._meter.clear()
        self._refresh_others()
        self.failures, self.good = 0, None

    def release_method(self) -> None:
        """Lets the method go, so that another one finds its memory free; one has to be put in its place."""
        del self.method
        self._refresh_others()

    def _refresh_others(self) -> None:
        """What goes on is not what the other devices have."""
        if self._leader is not None:
            self._leader.refresh()

    @property
    def has_method(self) -> bool:
        return hasattr(self, "method")

    def go_on_from(self, step: int, elapsed_s: float, terms: Mapping[str, float]) -> None:
        """The counts of a snapshot whose state was restored."""
        self.step, self.terms, self.dirty = step, dict(terms), False
        self.measures = {term.key: terms[term.key] for term in MATCHES if term.key in terms}
        self._rewind(elapsed_s)

    def begin_anew(self) -> None:
        """The counts of a training that has not begun: another method's."""
        self.go_on_from(0, 0.0, {})

    def _rewind(self, elapsed_s: float) -> None:
        self.clock = Clock(elapsed_s)
        self._reported_s = self._report_due_s = elapsed_s  # the first step is reported at once
        self._remember_due_s = elapsed_s + REMEMBER_S

    def retuned(self, values: Mapping[str, Any]) -> tuple[Job, tuple[str, ...], bool]:
        """The job with some settings changed, the names of those that differ, and whether it needs a rebuild.

        Raises:
            BadSettingError: one sentence.
        """
        present = self.job.settings
        known = type(present).model_fields
        # what is in force already is not named anew: a snapshot holds the settings that were ever chosen
        settings = present.with_values({n: v for n, v in values.items() if n not in known or getattr(present, n) != v})
        changed = differing(present, settings)
        job = self.job.model_copy(update={"settings": settings})
        return job, tuple(spec.name for spec in changed), any(not spec.knob.live for spec in changed)

    def retune(self, job: Job) -> None:
        """Puts live settings in force; `job` comes from `retuned`."""
        self.method.settings, self.job = job.settings, job

    def trains_as(self, method: Method, job: Job) -> bool:
        """Whether `job` differs from that of `method`, the present one, in live settings only."""
        if job.model_copy(update={"settings": self.job.settings}) != self.job:
            return False
        return not method.settings.needs_rebuild(job.settings)

    def advance(self) -> Iterator[Event]:
        """One step, and a report where one is due. The clock runs meanwhile.

        Raises:
            OutOfMemoryError: the step was not done. All is as before it; where a part of it had been done already, as
                it was at the last good moment.
            GaveUpError: there is no way to go on, or another device that shares the steps was lost.
        """
        if self.good is None:
            self.good = self._now()
        failure: TesseraError | None = None
        self.clock.start()
        try:
            with self._step():
                if self._leader is None:
                    terms = self.method.step(self.step)
                else:
                    terms = self._leader.step(self.method, self.job, self.step)
            self._meter.add(terms)
        except Exception as error:
            failure = self._classify_error(error)
        if failure is not None:  # outside the except block, so that the failed step's tensors are free
            self.clock.stop()
            self._keep_whole()
            if not isinstance(failure, DivergedError):
                self._meter.clear()
                if isinstance(failure, OutOfMemoryError) and self.method.half_done:
                    self._rewind_to(self.good)
                    raise OutOfMemoryError(f"{failure} It goes on from step {self.step:,}, where all was whole.")
                raise failure
            yield from self._go_back()
            return
        self.step += 1
        self.dirty = True
        self._keep_whole()
        if self.clock.seconds >= self._report_due_s:
            yield from self.report()
        self.clock.stop()

    def _keep_whole(self) -> None:
        """Where another device was lost, the present is the last good moment, unless a step was broken off in it.

        Raises GaveUpError there.
        """
        if self._leader is None or not self._leader.failure:
            return
        self.clock.stop()
        if not self.method.half_done:
            with suppress(RuntimeError):  # from this device, which may be what was lost
                now = self._now()
                self.good = now if _finite(now.state) else self.good
        raise GaveUpError(self._leader.failure)

    def finish_step(self) -> None:
        """Waits for what a GPU still has to do, on the account of training, before something else is timed."""
        self.clock.start()
        if self.device.torch.type == "cuda":
            torch.cuda.synchronize(self.device.torch)
        elif self.device.torch.type == "mps":
            torch.mps.synchronize()
        self.clock.stop()

    def report(self) -> Iterator[Event]:
        """Means since the last report; nothing where no step was done. Raises GaveUpError."""
        steps = self._meter.steps
        if not steps:
            return
        terms = self._meter.read()
        elapsed_s = self.clock.seconds
        seconds, self._reported_s = elapsed_s - self._reported_s, elapsed_s
        self._report_due_s = elapsed_s + REPORT_S
        if not all(map(math.isfinite, terms.values())):
            yield from self._go_back()
            return
        self.terms = terms = terms | self.measures
        memory = memory_used_bytes(self.device)
        speed = steps / max(seconds, 1e-9)
        yield Stepped(self.step, speed, elapsed_s, terms, memory, self.device.memory_total_bytes)
        yield from self.warnings()
        if elapsed_s >= self._remember_due_s:
            yield from self._remember()

    def check(self) -> Iterator[Event]:
        """Reports, and goes back where the present state is not sound: before it is kept. Raises GaveUpError."""
        yield from self.report()
        if self.good is not None and not _finite(self.method.state()):
            yield from self._go_back()

    def warnings(self) -> Iterator[Event]:
        """The method's sentences that were not told yet."""
        new = self.method.warnings[self._told :]
        self._told += len(new)
        for message in new:
            yield Warned(message, "method")

    def _now(self) -> Moment:
        return Moment(self.method.state(), self.step, self.clock.seconds)

    def _remember(self) -> Iterator[Event]:
        started = time.perf_counter()
        now = self._now()
        # Terms are measured before the update, so that only a look at the weights tells whether it went well.
        if not _finite(now.state):
            yield from self._go_back()
            return
        self.good, self.failures = now, 0
        self._remember_due_s = self.clock.seconds + max(REMEMBER_S, REMEMBER_COST * (time.perf_counter() - started))

    def _go_back(self) -> Iterator[Event]:
        """To the last good moment, and on from there more slowly."""
        assert self.good is not None
        broken_at, good = self.step, self.good
        self._meter.clear()
        self._rewind_to(good)
        self.failures += 1
        what = f"Training produced values that are not numbers by step {broken_at:,}"
        if self.failures >= MOST_FAILURES:
            raise GaveUpError(
                f"{what}, {self.failures} times in a row. Lower the learning rates or the weights of the losses, "
                f"and go on from the last good state, that of step {good.step:,}."
            )
        slowed = self.method.slow_down()
        self.good = Moment(self.method.state(), good.step, good.elapsed_s)  # which remembers that it is slower
        yield Warned(f"{what}. It goes on from step {good.step:,}, where all was well. {slowed}".strip(), "diverged")

    def _rewind_to(self, good: Moment) -> None:
        self.method.restore(good.state)
        self._refresh_others()
        self.step = good.step
        self._remember_due_s = self.clock.seconds + REMEMBER_S

    def _classify_error(self, error: Exception) -> TesseraError:
        if isinstance(error, DivergedError):
            return error
        message = message_for("The training can not go on", error, self.device)
        return OutOfMemoryError(message) if is_out_of_memory(error) else GaveUpError(message)


def message_for(what: str, error: Exception, device: Device) -> str:
    """An error for the artist: its own sentence where it has one, else `what` and the exception's text."""
    if isinstance(error, TesseraError):
        return str(error)
    if is_lost(error):
        return lost_message(error, device)
    if is_out_of_memory(error):
        return (
            f"{device.title} has too little memory for this. Lower the batch, the patch or the width of the networks, "
            "or close other programs that use it. Nothing is lost."
        )
    if isinstance(error, OSError) and error.filename:
        return unusable(error.filename, error)
    return f"{what}: {str(error) or type(error).__name__}."


def _finite(state: State) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in state.tensors.values() if tensor.is_floating_point())
