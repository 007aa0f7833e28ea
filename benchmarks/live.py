"""`python -m benchmarks.live --style CITY --content PORTRAIT`: how soon Live shows images, and follows sliders.

The window is the real one, in this process; images are dropped into its document, and each change is timed until the
first picture that knows it, and until all of the canvas on screen is sharp. While a slider is dragged, a timer of 16 ms
tells how free the window's thread is.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer

from app.main_window import MainWindow
from app.preferences import Preferences
from benchmarks.window_hand import Ticks
from benchmarks.window_home import at_home
from engine.images.find import find_images
from engine.messages.events import Event, Failed, FittedToImages, Retuned, ViewRendered
from engine.settings import differing

PATIENCE_S = 120.0
DRAG_S, DRAG_EVERY_MS = 3.0, 40
CHANGES: tuple[tuple[str, Any], ...] = (
    ("content_weight", 100.0),
    ("variation_weight", 0.7),
    ("entropy_weight", 2.0),
    ("temperature", 0.2),
    ("repaint_bound", 0.1),
    ("set_seed", 5),
    ("style_scale", 0.4),
)


class Watch:
    """Times pictures from one change to the next."""

    def __init__(self, window: MainWindow) -> None:
        self._began = time.perf_counter()
        self.first_s = self.sharp_s = self.fitted_s = 0.0
        self.retuned = False
        self.failed = ""
        window.training.events.on(Event, self._on_event)

    def start(self) -> None:
        self._began, self.retuned = time.perf_counter(), False
        self.first_s = self.sharp_s = self.fitted_s = 0.0

    def _on_event(self, event: Event) -> None:
        passed_s = time.perf_counter() - self._began
        if isinstance(event, Failed):
            self.failed = event.message
        elif isinstance(event, FittedToImages):
            self.fitted_s = passed_s
        elif isinstance(event, Retuned):
            self.retuned = True
        elif isinstance(event, ViewRendered) and event.image.size:
            self.first_s = self.first_s or passed_s
            if event.done:
                self.sharp_s = passed_s


def until(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Lets the window live until then. Raises TimeoutError."""
    loop, end = QEventLoop(), time.monotonic() + patience_s
    timer = QTimer(interval=10)
    timer.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > end else None)
    timer.start()
    loop.exec()
    if not condition():
        raise TimeoutError("no picture came")


def measure(styles: Sequence[Path], content: Path, folder: Path, rounds: int) -> dict[str, Any]:
    window = MainWindow(Preferences(), folder)
    window.resize(1500, 950)
    window.show()
    watch = Watch(window)
    rows: dict[str, list[tuple[float, float]]] = {}

    def timed(name: str, change: Callable[[], object]) -> None:
        watch.start()
        change()
        until(lambda: watch.sharp_s or watch.failed)
        if watch.failed:
            raise RuntimeError(watch.failed)
        rows.setdefault(name, []).append((round(watch.first_s, 2), round(watch.sharp_s, 2)))

    document = window.document
    timed("first image", lambda: document.add("style", styles))
    until(lambda: watch.fitted_s)
    plain = document.settings
    timed("second image", lambda: document.add("content", [content]))
    until(lambda: watch.fitted_s)
    names = document.method.fitted_by_picture
    if fitted := [spec.name for spec in differing(plain, document.settings) if spec.name in names]:
        until(lambda: watch.retuned and watch.sharp_s > watch.fitted_s)
    rows["fitted to both"] = [(round(watch.fitted_s, 2), round(max(watch.fitted_s, watch.sharp_s), 2))]
    for _ in range(rounds):
        for name, value in CHANGES:
            before = getattr(document.settings, name)
            timed(name, lambda name=name, value=value: document.set(name, value))
            timed(name, lambda name=name, before=before: document.set(name, before))
    result = {
        "fitted": {name: getattr(document.settings, name) for name in fitted},
        "seconds to the first and to the sharp picture": rows,
        "drag": _dragged(window),
    }
    window.close()
    until(lambda: window.training.state == "idle")
    return result


def _dragged(window: MainWindow) -> dict[str, Any]:
    """Content, moved a little all the time: how late the window's timer was, and how many pictures were seen."""
    slider = window.panel.knob("content_weight").slider  # type: ignore[attr-defined]
    ticks, seen, end = Ticks(window), [0], time.monotonic() + DRAG_S
    window.training.events.on(ViewRendered, lambda _event: seen.__setitem__(0, seen[0] + 1))
    mover = QTimer(interval=DRAG_EVERY_MS)
    mover.timeout.connect(lambda: slider.setValue(slider.value() + 3))
    ticks.start()
    mover.start()
    until(lambda: time.monotonic() > end)
    mover.stop()
    late = ticks.stop()
    return {"timer_ms": late, "pictures": seen[0], "seconds": DRAG_S}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description="How soon Live shows a change.")
    parser.add_argument("--style", type=Path, nargs="+", required=True)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args(argv)
    with at_home() as (_application, folder):
        styles, _ = find_images(arguments.style)
        print(json.dumps(measure(styles, arguments.content, folder, arguments.rounds), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
