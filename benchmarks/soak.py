"""`python -m benchmarks.soak`: the window trains for an hour, with previews, autosaves and exports all the while.

At the end a step may not take longer than at the start, and the memory has to be flat. Steps are timed by what the
processor works on them in the training's own thread, on one core, so that other programs change little of it.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import statistics
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks import common
from engine import device, heap
from engine.box import Size
from engine.errors import TesseraError
from engine.messages.commands import Share
from engine.messages.events import Event, Failed, Kept
from engine.messages.exports import ExportRequest
from engine.method import Method, method_class

MOST_SLOWER, MOST_GROWTH_MB = 0.05, 25.0
BLOCK_STEPS = 64
"""Steps whose time is taken together: a multiple of what is only done now and then."""
SHARE = 0.15
"""Of the run, at its start and at its end, that are compared."""
WARM_UP = 0.1
"""Of the run, before the start that counts: what is loaded once is loaded then, and heaps find their size."""
LAYOUT = {"templates": 12, "generator_width": 16, "discriminator_width": 16, "patch": 64, "batch": 2, "depth": 3}
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Pace:
    """How often something happens, in seconds. Whatever is 0 happens all the time."""

    autosave_s: float = 20.0
    export_s: float = 30.0
    look_s: float = 4.0
    sample_s: float = 5.0


@dataclass(frozen=True)
class Sample:
    """What the process held so many seconds after the training began.

    Args:
        blocks: of memory that Python has in use. Its objects can not be listed while another thread makes some.
    """

    at_s: float
    memory_mb: float
    blocks: int


class StepClock:
    """Processor seconds of a method's steps, in blocks; those of the session's thread."""

    def __init__(self, kind: type[Method]) -> None:
        self.blocks = array("d")
        self.steps = 0
        self._kind, self._plain, self._now_s = kind, kind.step, 0.0

    def __enter__(self) -> StepClock:
        plain, clock = self._plain, self

        def timed(method: Method, step: int) -> Any:
            began = time.thread_time()
            terms = plain(method, step)
            clock.add(time.thread_time() - began)
            return terms

        self._kind.step = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *_about: object) -> None:
        self._kind.step = self._plain  # type: ignore[method-assign]

    def add(self, seconds: float) -> None:
        self.steps += 1
        self._now_s += seconds
        if self.steps % BLOCK_STEPS == 0:
            self.blocks.append(self._now_s / BLOCK_STEPS)
            self._now_s = 0.0


class Soak:
    """One window that trains. Needs a QApplication.

    Attributes:
        seen: how often each kind of event came, by its name.
    """

    def __init__(self, folder: Path, method: str, values: Mapping[str, Any], pace: Pace) -> None:
        from PySide6.QtCore import QSettings

        from app.main_window import MainWindow
        from app.preferences import Preferences

        self.seen: Counter[str] = Counter()
        self.samples: list[Sample] = []
        self._folder, self._pace = folder, pace
        self._numbers, self._zooms = itertools.count(), itertools.cycle((0.5, 2.0, 1.25, 0.8))
        self._due_s: dict[str, float] = {}
        """When each kind of thing is next, in seconds."""
        self._began_s = time.monotonic()
        self._failed = ""
        preferences = Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
        self.window = window = MainWindow(preferences, folder / "data")
        window.training.follow(Share(threads=1, autosave_s=pace.autosave_s))
        window.training.events.on(Event, self._hear)
        window.training.problem.connect(self._fail)
        document = window.document
        if document.job.method != method:
            document.set_method(method)
        document.set_values(dict(values), "small")
        for slot in document.method.slots[:2]:
            picture = folder / f"{slot.key}.png"
            document.add(slot.key, [common.made_picture(picture, 192, 256, seed=len(slot.key))])
        window.show()

    def train(self, go_on: Callable[[Soak], bool]) -> None:
        """Until `go_on` is False. Raises TesseraError: it failed."""
        self.window.training_actions.train()
        self._until(lambda: self.seen["Stepped"] > 0)
        self._began_s = time.monotonic()
        while go_on(self):
            self._act()
            self._wait(0.01)
        self._until(lambda: not self.window.exports.running)
        self.window.close()
        self._until(lambda: not self.window.training.running)
        self.window.deleteLater()
        self._wait(0.0)

    @property
    def saved(self) -> int:
        """How many snapshots were kept."""
        return sum(count for name, count in self.seen.items() if name.startswith("Kept"))

    @property
    def seconds(self) -> float:
        """Since the training began."""
        return time.monotonic() - self._began_s

    def _act(self) -> None:
        if self._is_due("look", self._pace.look_s):
            self.window.canvas.view.zoom_by(next(self._zooms))
        if not self.window.exports.running and self._is_due("export", self._pace.export_s):
            number = next(self._numbers)
            out = self._folder / f"picture {number % 3}.png"
            out.unlink(missing_ok=True)
            self.window.exports.start(ExportRequest(out, Size(384 + 64 * (number % 2), 512)))
        if self._is_due("sample", self._pace.sample_s):
            gc.collect()
            heap.give_back()
            memory_mb = device.memory_used_bytes(device.choose("cpu")) / 1e6
            self.samples.append(Sample(self.seconds, memory_mb, sys.getallocatedblocks()))

    def _is_due(self, what: str, every_s: float) -> bool:
        due = self.seconds >= self._due_s.get(what, 0.0)
        if due:
            self._due_s[what] = self.seconds + every_s
        return due

    def _hear(self, event: Event) -> None:
        self.seen[f"Kept {event.reason}" if isinstance(event, Kept) else type(event).__name__] += 1
        if isinstance(event, Failed):
            self._fail(event.message)

    def _fail(self, text: str) -> None:
        self._failed = self._failed or text

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise TesseraError("The window did not train, or did not end.")
            self._wait(0.01)

    def _wait(self, seconds: float) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()
        if self._failed:
            raise TesseraError(self._failed)


def play(
    folder: Path, method: str, values: Mapping[str, Any], pace: Pace, go_on: Callable[[Soak], bool]
) -> dict[str, Any]:
    """Trains in an empty folder for as long as `go_on` says; what was seen, and how start and end compare.

    Raises:
        TesseraError: it failed.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from app import collecting
    from app.window import load_engine

    load_engine()
    torch.optim.Adam([torch.zeros(1)])
    heap.keep_freed()  # as the program does
    qt = QApplication.instance() or QApplication([])
    with StepClock(method_class(method)) as clock:
        soak = Soak(folder, method, values, pace)
        gc.freeze()  # as the program does: to look through what stays takes long
        collecting.Collector(qt)
        soak.train(go_on)
    assert qt
    first, last = _ends(list(clock.blocks))
    before, after = _ends(soak.samples)
    return {
        "minutes": round(soak.seconds / 60, 1),
        "steps": clock.steps,
        "previews": soak.seen["ViewRendered"],
        "saved": soak.saved,
        "exports": soak.seen["Exported"],
        "steps_per_s_first": round(1 / statistics.median(first), 2) if first else 0.0,
        "steps_per_s_last": round(1 / statistics.median(last), 2) if last else 0.0,
        "memory_mb": round(statistics.median(s.memory_mb for s in before), 1),
        "grown_mb": round(_grown([s.memory_mb for s in before], [s.memory_mb for s in after]), 1),
        "more_blocks": round(_grown([s.blocks for s in before], [s.blocks for s in after])),
    }


def _ends(items: list[Any]) -> tuple[list[Any], list[Any]]:
    """Those of the start, once it is warm, and those of the end."""
    many = max(1, round(SHARE * len(items)))
    skipped = round(WARM_UP * len(items))
    return items[skipped : skipped + many], items[-many:]


def _grown(before: Sequence[float], after: Sequence[float]) -> float:
    return statistics.median(after) - statistics.median(before)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Raises TesseraError: it failed, became slower, or grew."""
    seconds = 60 * arguments.minutes
    with common.workshop() as folder:
        result = play(folder, "famos", LAYOUT, Pace(), lambda soak: soak.seconds < seconds)
    if result["steps_per_s_last"] < (1 - MOST_SLOWER) * result["steps_per_s_first"]:
        raise TesseraError(f"A step became slower: {result}")
    if result["grown_mb"] > MOST_GROWTH_MB:
        raise TesseraError(f"The memory grew: {result}")
    return result | common.machine(device.choose("cpu"))


def show(result: Mapping[str, Any]) -> str:
    first, last = result["steps_per_s_first"], result["steps_per_s_last"]
    return common.table(
        f"Trained for {result['minutes']} minutes",
        [
            ("steps", f"{result['steps']:,}"),
            ("pieces of previews", f"{result['previews']:,}"),
            ("saved by itself", f"{result['saved']:,}"),
            ("exports", f"{result['exports']:,}"),
            ("steps for a second of one core, at the start", f"{first:.2f}"),
            ("at the end", f"{last:.2f} ({100 * (last / first - 1):+.1f} %)"),
            ("memory at the start", f"{result['memory_mb']:.0f} MB"),
            ("grown since", f"{result['grown_mb']:+.1f} MB"),
            ("more blocks of Python", f"{result['more_blocks']:+,}"),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M", help="60 unless given")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
