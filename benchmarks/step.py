"""`python -m benchmarks.step`: time, by phase, and peak memory of a training step of FAMOS."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, islice
from statistics import median
from typing import Any

from benchmarks import common
from benchmarks.memory import PeakMemory, mebibytes
from engine.methods.famos.method import Famos
from engine.methods.famos.settings import FamosSettings

BATCH = "batch"
FORWARD = "generator forward"
JUDGE = "discriminator"
LEARN = "generator losses and backward"
UPDATE = "update"
PHASES: tuple[str, ...] = (BATCH, FORWARD, JUDGE, LEARN, UPDATE)


class Phases:
    """Seconds of each phase of one step. A phase inside another is taken out of it.

    Args:
        wait: returns when the device has done all that was asked of it.
        clock: seconds from any moment.
    """

    def __init__(self, wait: Callable[[], None], clock: Callable[[], float] = time.perf_counter) -> None:
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self._wait, self._clock = wait, clock
        self._running: list[str] = []
        self._since = 0.0

    def _book(self) -> None:
        """The time since the last change belongs to the phase that runs."""
        self._wait()
        now = self._clock()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        self._book()
        self._running.append(phase)
        try:
            yield
        finally:
            self._book()
            self._running.pop()

    def go_over(self, phase: str) -> None:
        """What is left of the phase that runs is another one."""
        self._book()
        self._running[-1] = phase

    def wrap(self, owner: Any, name: str, phase: str) -> None:
        """Counts a method of one object as a phase."""
        plain = getattr(owner, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            with self.during(phase):
                return plain(*arguments, **options)

        setattr(owner, name, timed)


def watch(method: Famos, phases: Phases) -> None:
    """From now on the method's steps are booked; a step runs inside `phases.during(LEARN)`."""
    phases.wrap(method.batches, "draw", BATCH)
    phases.wrap(method, "_generate", FORWARD)
    phases.wrap(method, "_train_discriminator", JUDGE)
    phases.wrap(method.discriminator_optimizer, "step", UPDATE)
    # After its Adam only the moving average is left of a step.
    method.optimizer.register_step_pre_hook(lambda *_: phases.go_over(UPDATE))


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures; times in seconds, memory in bytes. Raises TesseraError."""
    device = common.prepared(arguments)
    with common.workshop() as folder:
        job = common.job(arguments, folder)
        common.import_the_rest()
        memory = PeakMemory(device)
        idle = memory.now_bytes
        method = Famos(job, device.torch)
        if arguments.no_mix_kernel:
            method._mix_kernel = None
        built, peak_building = memory.now_bytes, memory.peak_bytes
        memory.restart()
        lazy = _penalty_period(method.settings)
        ordinary = (number for number in count(1) if lazy < 2 or number % lazy)
        for number in islice(ordinary, arguments.warm_up):
            method.step(number)
        seconds = [_seconds(method, number) for number in islice(ordinary, arguments.steps)]
        step_s = median(seconds)
        penalty_s = min(_seconds(method, number) for number in (0, lazy)) if lazy > 1 else None
        peak = memory.peak_bytes
        split = list(_by_phase(method, islice(ordinary, arguments.steps)))
    return {
        "sizes": {name: getattr(job.settings, name) for name in common.PEER_SIZES},
        **common.machine(device),
        "mix_kernel": method._mix_kernel is not None,
        "bfloat16": method._bfloat16,
        "step_s": step_s,
        "steps_s": seconds,
        "penalty_every_steps": lazy or None,
        "penalty_step_s": penalty_s,
        "mean_step_s": step_s if penalty_s is None else step_s + (penalty_s - step_s) / lazy,
        "phases_s": {phase: median(one[phase] for one in split) for phase in PHASES},
        "idle_bytes": idle,
        "built_bytes": built,
        "peak_building_bytes": peak_building,
        "peak_bytes": peak,
        "peak_over_idle_bytes": peak - idle,
        "peak_over_built_bytes": peak - built,
    }


def _penalty_period(settings: FamosSettings) -> int:
    """Every how many steps the discriminator's lazy penalty is taken; 0 for never. WGAN-GP's is in every step."""
    if settings.adversarial == "wgan_gp" or not settings.r1_weight:
        return 0
    return settings.r1_every_steps


def _seconds(method: Famos, number: int) -> float:
    common.wait(method.device)
    began = time.perf_counter()
    method.step(number)
    common.wait(method.device)
    return time.perf_counter() - began


def _by_phase(method: Famos, numbers: Iterator[int]) -> Iterator[dict[str, float]]:
    """Seconds by phase of further steps. Apart from the other times: waiting at each border costs a GPU time."""
    phases = Phases(lambda: common.wait(method.device))
    watch(method, phases)
    for number in numbers:
        phases.seconds = dict.fromkeys(PHASES, 0.0)
        with phases.during(LEARN):
            method.step(number)
        yield phases.seconds


def show(result: Mapping[str, Any]) -> str:
    sizes, total = result["sizes"], sum(result["phases_s"].values())
    title = (
        f"FAMOS step: N {sizes['templates']}, ngf {sizes['generator_width']}, ndf {sizes['discriminator_width']}, "
        f"batch {sizes['batch']}, patch {sizes['patch']}, {sizes['adversarial']}, "
        f"{'bfloat16' if result['bfloat16'] else 'float32'}, "
        f"{'compiled' if result['mix_kernel'] else 'plain'} mixture; {result['device']}, {result['threads']} threads"
    )
    rows = [(phase, f"{seconds:.3f} s", f"{seconds / total:.0%}") for phase, seconds in result["phases_s"].items()]
    rows.append(("step (median)", f"{result['step_s']:.3f} s", f"{1 / result['step_s']:.2f} steps/s"))
    if result["penalty_step_s"] is not None:
        rows.append((f"with R1, each {result['penalty_every_steps']}th", f"{result['penalty_step_s']:.3f} s", ""))
        rows.append(("step (mean, R1 in it)", f"{result['mean_step_s']:.3f} s", ""))
    rows += [
        ("peak memory over idle", mebibytes(result["peak_over_idle_bytes"]), ""),
        ("peak memory over built", mebibytes(result["peak_over_built_bytes"]), ""),
        ("memory idle, built", mebibytes(result["idle_bytes"]), mebibytes(result["built_bytes"])),
    ]
    return common.table(title, rows)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.step", description=__doc__)
    common.add_sizes(parser)
    common.add_common(parser)
    common.add_threads(parser)
    parser.add_argument("--steps", type=int, default=5, metavar="N", help="whose median is taken; 5 unless given")
    parser.add_argument("--warm-up", type=int, default=2, metavar="N", help="steps before them; 2 unless given")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
