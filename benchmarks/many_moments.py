"""`python -m benchmarks.many_moments`: a project with 500 moments: what it takes to open, to add to, to scroll."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import common
from engine import snapshots
from engine.errors import TesseraError
from engine.job import Job, SourceImage
from engine.messages.events import Kept
from engine.method import State, method_class
from engine.project import save_job

PREVIEW_PX = (240, 320)
MOST_OPEN_S, MOST_STOP_MS, MOST_FRAME_MS = 2.0, 50.0, 1000 / 60
_TIMES = 9
_SCROLLS = 60
_PATIENCE_S = 120.0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Raises TesseraError: the project did not open."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with common.workshop() as folder:
        return use(folder, make(folder, arguments.moments), arguments.moments)


def make(folder: Path, count: int) -> Path:
    """A project with so many moments on two branches, tiny as to their weights; its folder."""
    style = common.made_picture(folder / "style.png", 96, 128, seed=1)
    famos = method_class("famos")
    images = (SourceImage(path=str(style)),)
    job = Job(method="famos", settings=famos.Settings(), sources={"style": images, "content": images})
    project = folder / "many"
    save_job(project, job)
    picture = np.random.default_rng(1).integers(0, 255, (*PREVIEW_PX, 3), dtype=np.uint8)
    parents: list[str] = []
    for number in range(count):
        parent = parents[-2] if number % 50 == 49 else parents[-1] if parents else None
        parents.append(_keep(project, job, picture, number, parent).folder.name)
    return project


def _keep(project: Path, job: Job, picture: np.ndarray, number: int, parent: str | None) -> snapshots.Snapshot:
    state = State({"weights": torch.zeros(16)}, {})
    terms = {"style_match": number / 10, "content_match": 50.0}
    reason = "kept" if number % 5 == 0 else "minutes"
    return snapshots.keep(
        project, state, picture, job=job, step=100 * number, elapsed_s=60.0 * number, terms=terms, reason=reason,
        parent=parent, line=(),
    )  # fmt: skip


def use(folder: Path, project: Path, count: int) -> dict[str, Any]:
    """Opens it in the window as an artist does, has one more kept by a training, and scrolls."""
    from PySide6.QtCore import QEventLoop, QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from app.main_window import MainWindow
    from app.preferences import Preferences
    from app.window import load_engine

    load_engine()
    qt = QApplication.instance() or QApplication([])
    preferences = Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    window = MainWindow(preferences, folder / "data")
    window.show()

    def wait(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    wait(0.5)
    window.files.known.add(project)
    opening_s = _seconds(lambda: (window.files.open_path(project), wait(0.0)))
    if len(window.strip.tiles) != count:
        raise TesseraError(f"The window shows {len(window.strip.tiles)} of {count} moments.")
    wait(1.0)
    job = snapshots.listing(project)[0].job
    picture = np.zeros((*PREVIEW_PX, 3), np.uint8)
    kept_ms = []
    for number in range(count, count + _TIMES):
        newest = _keep(project, job, picture, number, None)  # as the session's thread does
        event = Kept(newest.folder, newest.step, "", "kept")
        kept_ms.append(1000 * _seconds(lambda event=event: (window.training.events.deliver(event), wait(0.0))))
    saved_ms = [1000 * _seconds(window.document.save) for _ in range(_TIMES)]
    bar = window.strip.scroll_area.horizontalScrollBar()
    frames_ms = []
    for number in range(_SCROLLS):
        bar.setValue(bar.maximum() * number // _SCROLLS)
        frames_ms.append(1000 * _seconds(lambda: window.strip.scroll_area.viewport().repaint()))
    window.close()
    window.deleteLater()
    wait(0.0)
    assert qt
    return {
        "moments": count,
        "open_s": round(opening_s, 2),
        "kept_stops_ms": round(sorted(kept_ms)[_TIMES // 2], 1),
        "saving_stops_ms": round(max(saved_ms), 1),
        "frame_ms": round(sorted(frames_ms)[int(0.95 * _SCROLLS)], 1),
    }


def _seconds(act: Callable[[], object]) -> float:
    """What the processor works on it in the window's thread: what other programs take meanwhile is not counted."""
    began = time.thread_time()
    act()
    return time.thread_time() - began


def show(result: Mapping[str, Any]) -> str:
    return common.table(
        f"A project with {result['moments']} moments",
        [
            ("opens within", f"{result['open_s']:.2f} s", f"of {MOST_OPEN_S:.0f} s"),
            ("one more stops the window for", f"{result['kept_stops_ms']:.0f} ms", f"of {MOST_STOP_MS:.0f} ms"),
            ("saving stops the window for", f"{result['saving_stops_ms']:.0f} ms", f"of {MOST_STOP_MS:.0f} ms"),
            ("95 in 100 frames of scrolling", f"{result['frame_ms']:.1f} ms", f"of {MOST_FRAME_MS:.1f} ms"),
        ],
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.many_moments", description=__doc__)
    parser.add_argument("--moments", type=int, default=500, metavar="N", help="500 unless given")
    return common.main(parser, measure, show, argv)


if __name__ == "__main__":
    sys.exit(main())
