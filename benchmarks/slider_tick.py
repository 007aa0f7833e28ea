"""`python -m benchmarks.slider_tick`: what a tick of a slider costs while FAMOS trains, and what it validates.

Timed are its ways through the window, until it is posted, and through the session, until it is in force; counted is how
often all settings of the method are validated for it. Nothing is trained meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.preferences import Preferences
from benchmarks import common
from engine.job import Job
from engine.messages.commands import Command, Retune, Stop
from engine.messages.events import Paused, Retuned
from engine.settings import Settings
from engine.training.session import Session

KNOB = "content_weight"
WARM_UP = 20


class Wire:
    """In place of the thread that trains: keeps what the window posts."""

    def __init__(self) -> None:
        self.posted: list[Command] = []

    def post(self, command: Command) -> None:
        self.posted.append(command)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures; times in seconds, medians. Raises TesseraError."""
    arguments.preset = arguments.preset or ["Draft"]
    device = common.prepared(arguments)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert app
    with common.workshop() as folder:
        job = common.job(arguments, folder)
        rows, posted = _in_the_window(job, folder, arguments.ticks)
        rows["in the session, until it is in force"] = _in_the_session(job, folder, device.key, arguments.ticks)
    return {"presets": arguments.preset, **common.machine(device), "posted": posted, "rows": rows}


def _in_the_window(job: Job, folder: Path, ticks: int) -> tuple[dict[str, Any], list[str]]:
    """The window's share of a tick, parts of it, and the names of the settings that a tick posts."""
    preferences = Preferences(QSettings(str(folder / "preferences.ini"), QSettings.Format.IniFormat))
    window, wire = MainWindow(preferences, folder / "data"), Wire()
    document, training = window.document, window.training
    document.adopt(job, "")
    training._worker, training.built = wire, document.job  # type: ignore[assignment]
    slider = window.panel.knob(KNOB).slider  # type: ignore[attr-defined]
    middle = slider.maximum() // 2
    rows = {
        "in the window, until it is posted": _timed(lambda i: slider.setValue(middle + i % 100 + 1), ticks),
        "  of which: from the document on": _timed(lambda i: document.set(KNOB, 20.0 + i), ticks),
        "  of which: what the panel shows": _timed(lambda i: window.panel.set_values(document.settings), ticks),
    }
    last = wire.posted[-1]
    assert isinstance(last, Retune)
    training._worker = training.built = None
    window.close()
    return rows, list(last.values)


def _in_the_session(job: Job, folder: Path, device: str, ticks: int) -> dict[str, float]:
    """From the mailbox to settings in force, in a session that does nothing else."""
    session = Session(job, folder / "project", device=device, paused=True, previews=False)
    events = session.run()
    while not isinstance(next(events), Paused):
        pass

    def turn(index: int) -> None:
        session.post(Retune({KNOB: 20.0 + index}))
        while not isinstance(next(events), Retuned):
            pass

    row = _timed(turn, ticks)
    session.post(Stop(keep=False))
    for _ in events:
        pass
    return row


def _timed(tick: Callable[[int], object], ticks: int) -> dict[str, float]:
    """The median of many ticks, and how often settings are validated as a whole in one more."""
    took = []
    for index in range(WARM_UP + ticks):
        began = time.perf_counter()
        tick(index)
        took.append(time.perf_counter() - began)
    with _counted() as made:
        tick(WARM_UP + ticks)
    return {"median_s": statistics.median(took[WARM_UP:]), "validations": len(made)}


@contextmanager
def _counted() -> Iterator[list[type[Settings]]]:
    """The classes of all settings that are made from plain values meanwhile."""
    made: list[type[Settings]] = []
    plain = Settings.__init__

    def noted(settings: Settings, /, **values: Any) -> None:
        made.append(type(settings))
        plain(settings, **values)

    Settings.__init__ = noted  # type: ignore[method-assign]
    try:
        yield made
    finally:
        del Settings.__init__


def show(result: Mapping[str, Any]) -> str:
    names = ", ".join(result["posted"])
    return common.table(
        f"A slider's tick, FAMOS {', '.join(result['presets'])}; it posts {names}; {result['threads']} threads",
        [
            ("", "median", "validations"),
            *(
                (name, f"{row['median_s'] * 1e6:.0f} us", f"{row['validations']}")
                for name, row in result["rows"].items()
            ),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.slider_tick", description=__doc__)
    common.add_sizes(parser)
    common.add_common(parser)
    common.add_threads(parser)
    parser.add_argument("--ticks", type=int, default=200, metavar="N", help="200 unless given")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
