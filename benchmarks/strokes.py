"""`python -m benchmarks.strokes --style A B --content C`: how soon a stroke on a map is seen.

The window is the real one, in this process. Strokes are drawn by mouse in the editor of each map over the living
result, and each is timed from the button's release until the last touched pixel is on the canvas, with the pixels that
were painted for it. Then the answers to a hovering pointer are timed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.masks.base_editor import BaseEditor
from app.masks.editor import MaskEditor
from app.preferences import Preferences
from benchmarks.live import until
from benchmarks.window_home import at_home
from engine.box import Size
from engine.images.find import find_images
from engine.messages.commands import FindPiece
from engine.messages.events import Event, Failed, PieceFound, ViewRendered

PLACES = ((0.2, 0.25), (0.6, 0.3), (0.45, 0.6), (0.3, 0.8), (0.7, 0.7), (0.5, 0.45))
"""Where strokes begin, as shares of the map's sides."""


class Watch:
    """What is painted from one stroke to the next."""

    def __init__(self, window: MainWindow) -> None:
        self.failed = ""
        self.start()
        window.training.events.on(Event, self._on_event)

    def start(self) -> None:
        self._began = self.last_heard = time.perf_counter()
        self.first_s, self.last_s, self.pixels, self.pieces = 0.0, 0.0, 0, 0
        self.done = False

    @property
    def quiet(self) -> bool:
        """Whether something was painted, and nothing more came for a while."""
        return bool(self.failed) or (self.done and time.perf_counter() - self.last_heard > 0.4)

    def _on_event(self, event: Event) -> None:
        now = time.perf_counter()
        if isinstance(event, Failed):
            self.failed = event.message
        elif isinstance(event, ViewRendered) and event.image.size:
            self.first_s = self.first_s or now - self._began
            self.last_s, self.last_heard = now - self._began, now
            self.done = event.done
            self.pieces += 1
            self.pixels += event.box.area


def stroke(editor: BaseEditor, place: tuple[float, float], length: float, watch: Watch) -> None:
    """One stroke of the mouse; what is painted of it is watched from its end on."""
    view, picture = editor.view, editor.picture
    points = [
        view.to_widget(picture.width * (place[0] + length * step), picture.height * place[1]).toPoint()
        for step in (0.0, 0.5, 1.0)
    ]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, points[0])
    for point in points[1:]:
        QTest.mouseMove(view, point)
    watch.start()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, points[-1])


def strokes(window: MainWindow, slot: str, watch: Watch, rounds: int, brush: float) -> dict[str, Any]:
    """Seconds and pixels of strokes on one map. Raises RuntimeError where something failed.

    Args:
        brush: its size, as a share of the map's longer side.
    """
    length = 0.06
    window.masks.open(slot)
    until(lambda: window.masks.editor is not None)
    editor = window.masks.editor
    assert editor is not None
    if isinstance(editor, MaskEditor):
        editor.regions.choose_row(1)
        editor.pieces.menu(0).actions()[0].trigger()
    watch.start()
    stroke(editor, (0.1, 0.1), 0.05, watch)
    until(lambda: watch.quiet, 600)  # the first asks the network for what it was not told yet
    editor.tools.set_brush(max(editor.picture.width, editor.picture.height) * brush)
    rows = []
    for index in range(rounds):
        if isinstance(editor, MaskEditor):
            editor.regions.choose_row(index // len(PLACES) % 2 ^ 1)
        stroke(editor, PLACES[index % len(PLACES)], length, watch)
        until(lambda: watch.quiet, 600)
        if watch.failed:
            raise RuntimeError(watch.failed)
        rows.append((watch.first_s, watch.last_s, watch.pixels, watch.pieces))
    editor.picture.stack.setClean()
    editor.close()
    until(lambda: window.masks.editor is None)
    first, last, pixels, pieces = (list(column) for column in zip(*rows, strict=True))
    return {
        "ms to the first touched pixels, median": round(1000 * statistics.median(first)),
        "ms to the last, median": round(1000 * statistics.median(last)),
        "ms to the last, least": round(1000 * min(last)),
        "pixels painted, median": int(statistics.median(pixels)),
        "answers, median": statistics.median(pieces),
    }


def hover(window: MainWindow, rounds: int) -> dict[str, Any]:
    """Milliseconds until the tray names the piece under the pointer, and until the session names its place."""
    view, answered = window.canvas.view, list[PieceFound]()
    window.training.events.on(PieceFound, answered.append)
    moves, asked = [], []
    for index in range(rounds):
        down, across = 0.1 + 0.07 * (index * 7 % 11), 0.2 + index % 5 / 8
        row, column = int(view.extent.height * down), int(view.extent.width * across)
        began = time.perf_counter()
        QTest.mouseMove(view.viewport(), view.mapFromScene(column, row))
        moves.append(1000 * (time.perf_counter() - began))
        answered.clear()
        began = time.perf_counter()
        window.training.post(FindPiece(row, column))
        while not answered and time.perf_counter() - began < 60:
            QApplication.processEvents()
        asked.append(1000 * (time.perf_counter() - began))
    rows = (("piece", moves), ("place", asked))
    return {name: {"median ms": round(statistics.median(ms), 2), "most ms": round(max(ms), 1)} for name, ms in rows}


def measure(styles: Sequence[Path], content: Path, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    rounds, side = arguments.rounds, arguments.side
    window = MainWindow(Preferences(), folder)
    window.resize(1500, 1150)
    window.show()
    watch = Watch(window)
    document = window.document
    document.set_method(arguments.method)
    document.add("style", styles)
    document.add("content", [content])
    document.set_frame(Size(side, side * 3 // 4), document.job.seed)
    if not document.method.is_instant(document.job.settings):
        window.training.start(paused=True)
    until(lambda: watch.quiet and window.canvas.view.extent.height == side, 600)
    maps = arguments.maps or [slot.map for slot in document.method.slots]
    slots = [slot.key for slot in document.method.slots if slot.map and slot.map in maps]
    result: dict[str, Any] = {"canvas": [side, side * 3 // 4], "on screen": round(window.canvas.view.zoom, 2)}
    for slot in slots[:1] if rounds < 2 else slots:
        result[slot] = strokes(window, slot, watch, rounds, arguments.brush)
    until(lambda: time.perf_counter() - watch.last_heard > 2)
    result["hover"] = hover(window, 40)
    window.close()
    until(lambda: window.training.state == "idle")
    return result


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.strokes", description="How soon a stroke is seen.")
    parser.add_argument("--style", type=Path, nargs="+", required=True)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--side", type=int, default=1000, help="height of the canvas in pixels")
    parser.add_argument("--method", default="magic", choices=("magic", "famos"))
    parser.add_argument("--maps", nargs="+", help="names of maps that are painted on; else all")
    parser.add_argument("--brush", type=float, default=0.04, help="as a share of the longer side; 2 covers everything")
    arguments = parser.parse_args(argv)
    with at_home() as (_application, folder):
        styles, _ = find_images(arguments.style)
        print(json.dumps(measure(styles, arguments.content, folder, arguments), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
