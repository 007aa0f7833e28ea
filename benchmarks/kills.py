"""`python -m benchmarks.kills`: the window is killed at random moments while it trains and saves; what is lost?

Each time the project that the last one left is opened again, so that what was half written then is there. Saving is
made to happen all the time, so that most moments are in the middle of it; the real interval is added to what was lost.
Needs `fork`, which Windows does not have.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from benchmarks import common
from engine import device, snapshots
from engine.errors import TesseraError
from engine.opening import open_project
from engine.training.autosave import AUTOSAVE_S

MOST_LOST_S = 60.0
_SAVE_EVERY_S = 0.2
"""Of training, between two autosaves of the window that is killed."""
_BEGINS_WITHIN_S = 300.0
_LEFT = 5
"""Snapshots for the next start."""
_SMALL = {"templates": 5, "generator_width": 4, "discriminator_width": 4, "patch": 32, "batch": 1}
_SMALL |= {"depth": 2, "discriminator_depth": 2}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """What each kill left. Raises TesseraError: a project did not open, or too much was lost."""
    _load()
    chance = random.Random(arguments.seed)
    lost: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        common.made_picture(folder / "style.png", 96, 128, seed=arguments.seed)
        for number in range(1, arguments.moments + 1):
            trained_s = _killed(folder, chance.uniform(0.0, arguments.within))
            lost.append(trained_s - _left(folder, number))
        halves = [path for path in _project(folder).rglob(".*") if path.is_dir() or path.suffix == ".json"]
        kept = len(snapshots.listing(_project(folder)))
    most = max(lost) + AUTOSAVE_S - _SAVE_EVERY_S
    if most > MOST_LOST_S:
        raise TesseraError(f"Up to {most:.1f} s of training would be lost.")
    return {
        "moments": arguments.moments,
        "opened": len(lost),
        "lost_s": [round(each, 2) for each in lost],
        "saved_every_s": _SAVE_EVERY_S,
        "most_lost_s": round(most, 1),
        "snapshots": kept,
        "halves": len(halves),
    }


def _load() -> None:
    """What each window would load for itself, and torch only with the first optimiser."""
    import app.main_window
    from app.window import load_engine

    assert app.main_window
    load_engine()
    torch.optim.Adam([torch.zeros(1)])


def _killed(folder: Path, after_s: float) -> float:
    """Runs the window until so long after its first report; the seconds of training that it had told of then.

    It is a copy of this process, which has loaded torch already; so twenty starts take no minutes.
    """
    told = folder / "said.txt"
    told.write_text("")
    child = os.fork()
    if child == 0:
        with told.open("w", buffering=1) as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            try:
                train(folder)
            except Exception:
                traceback.print_exc()
            finally:  # never out of this function, where the folder would be removed
                os._exit(1)
    try:
        began, first = time.monotonic(), None
        while first is None or time.monotonic() < first + after_s:
            ended, _status = os.waitpid(child, os.WNOHANG)
            if ended or time.monotonic() > began + _BEGINS_WITHIN_S:
                raise TesseraError(f"The window did not train: {told.read_text()[-2000:]}")
            if first is None and _seconds(told) is not None:
                first = time.monotonic()
            time.sleep(0.002)
    finally:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return _seconds(told) or 0.0


def _seconds(told: Path) -> float | None:
    """The last whole figure in a file that is being written."""
    lines = [line for line in told.read_text().split("\n")[:-1] if line.startswith("trained ")]
    return float(lines[-1].split()[1]) if lines else None


def _left(folder: Path, number: int) -> float:
    """Opens what was left; the seconds of training in its newest snapshot. Raises TesseraError: not all is whole."""
    project = _project(folder)
    job, sentences = open_project(project)
    if sentences or not job.sources:
        raise TesseraError(f"After kill {number} the project was not whole: {' '.join(sentences)}")
    kept = snapshots.listing(project)
    for snapshot in kept:
        snapshots.load_state(snapshot)
    for snapshot in kept[:-_LEFT]:  # so that the next start shows no hundreds
        snapshots.remove(snapshot)
    return max((snapshot.elapsed_s for snapshot in kept), default=0.0)


def _project(folder: Path) -> Path:
    (project,) = (folder / "data" / "projects").iterdir()
    return project


# ---------------------------------------------------------------- the window that is killed


def train(folder: Path) -> int:
    """Goes on with the project in a folder, or begins one; saves all the time, until it is killed."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from app.main_window import MainWindow
    from app.preferences import Preferences
    from engine.messages.events import Failed, Stepped
    from engine.training import autosave

    autosave.AUTOSAVE_S = _SAVE_EVERY_S
    device.prepare_thread = lambda *_what, **_how: None  # stepping back on a busy machine would take for ever
    qt = QApplication([])
    preferences = Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    window = MainWindow(preferences, folder / "data")
    document = window.document
    if preferences.last_project is None:
        document.set_method("famos")
        document.set_values(_SMALL, "small")
        document.add("style", [folder / "style.png"])
        document.add("content", [folder / "style.png"])
    else:
        window.files.open_path(preferences.last_project)
    window.training.events.on(Stepped, lambda event: print(f"trained {event.elapsed_s:.3f}", flush=True))
    for problem in (document.problem, window.training.problem):
        problem.connect(lambda text: print("problem:", text, flush=True))
    window.training.events.on(Failed, lambda event: print("failed:", event.message, flush=True))
    window.show()

    values = itertools.cycle((20.0, 30.0))

    def change() -> None:
        document.set("content_weight", next(values))
        document.save()

    saving = QTimer(window, interval=50)
    saving.timeout.connect(change)
    saving.start()
    keeping = QTimer(window, interval=400)
    keeping.timeout.connect(window.training.keep)
    keeping.start()
    window.training_actions.train()
    return qt.exec()


def show(result: Mapping[str, Any]) -> str:
    return common.table(
        "Killed while it trains and saves",
        [
            ("moments", "", "", f"{result['moments']}"),
            ("opened whole", "", "", f"{result['opened']}"),
            (
                "lost, at most",
                "",
                "",
                f"{max(result['lost_s']):.2f} s where it is saved every {result['saved_every_s']} s",
            ),
            ("with the real interval", "", "", f"{result['most_lost_s']:.1f} s"),
            ("snapshots at the end", "", "", f"{result['snapshots']}"),
            ("half-written left behind", "", "", f"{result['halves']}"),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.kills", description=__doc__)
    parser.add_argument("--moments", type=int, default=20, metavar="N", help="20 unless given")
    parser.add_argument("--within", type=float, default=3.0, metavar="S", help="of each start; 3 s unless given")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
