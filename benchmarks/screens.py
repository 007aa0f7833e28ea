"""`python -m benchmarks.screens OUT`: the window's main states as pictures, in both themes, several sizes and scales.

Nothing is measured: the pictures are to be looked at. They are painted without a display, each scale by a process of
its own, since Qt takes it at its start. Names are `STATE-WIDTHxHEIGHT@SCALE-THEME.png`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QWidget

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
STYLES, CONTENT = ("famos.jpg", "texture.jpg"), "magic.jpg"
SIZES: dict[str, tuple[tuple[int, int], ...]] = {
    "1": ((1024, 700), (1366, 768), (1920, 1080)),
    "1.5": ((1280, 720),),
    "2": ((960, 540), (1280, 800)),
}
"""Sizes of the window, in its own pixels, at each scale: screens of 1366 x 768, 1920 x 1080 and 2560 x 1600."""
THEMES = ("light", "dark")
PATIENCE_S = 120.0


def main() -> int:
    """Paints all of them, and prints the folder."""
    parser = argparse.ArgumentParser(prog="benchmarks.screens", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("--scale", choices=list(SIZES), help="this scale alone, in this process")
    parser.add_argument("--states", nargs="+", default=[], help="these states alone")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.scale is None:
        for scale in SIZES:
            words = [str(arguments.out), "--scale", scale]
            words += ["--states", *arguments.states] if arguments.states else []
            subprocess.run([sys.executable, "-m", "benchmarks.screens", *words], check=True)
        print(arguments.out)
        return 0
    os.environ |= {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": arguments.scale}
    with tempfile.TemporaryDirectory() as home:
        _Tour(arguments.out, arguments.scale, Path(home), set(arguments.states)).run()
    return 0


class _Tour:
    """One walk through the states, at one scale."""

    def __init__(self, out: Path, scale: str, home: Path, states: set[str]) -> None:
        from PySide6.QtCore import QSettings
        from PySide6.QtWidgets import QApplication

        from app.main_window import MainWindow
        from app.preferences import Preferences

        self._out, self._scale, self._states = out, scale, states
        self._app = QApplication([])
        preferences = Preferences(QSettings(str(home / "preferences.ini"), QSettings.Format.IniFormat))
        self._window = MainWindow(preferences, home)
        self._window.show()
        self._front: QWidget = self._window
        """What the pictures are of."""
        self._opened: QSize = self._window.size()
        """How large that opened by itself."""

    def run(self) -> None:
        for state, ready in self._stations():
            if not ready():
                raise SystemExit(f"the window did not come to the state {state}")
            if not self._states or state in self._states:
                self._paint(state)
        self._window.training.stop()
        self._until(lambda: self._window.training.state == "idle")
        self._window.close()
        self._app.processEvents()

    def _stations(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Names of the states in their order; what is done for one is done when it is asked for."""
        window, training = self._window, self._window.training
        now: Callable[[], bool] = lambda: True  # noqa: E731
        yield "empty", now
        window.files.take("style", [GALLERY.parent / "no such picture.png"])
        yield "error", lambda: self._until(lambda: bool(window.messages.messages))
        window.messages.dismiss()
        for name in STYLES:
            window.files.take("style", [GALLERY / name])
        window.files.take("content", [GALLERY / CONTENT])
        yield "live", lambda: self._until(lambda: training.state == "live") and self._rest(6)
        window.actions_by_name["train"].trigger()
        yield "training", lambda: self._until(lambda: training.state == "training") and self._rest(6)
        window.actions_by_name["keep"].trigger()
        yield "snapshots", lambda: self._until(lambda: bool(window.strip.tiles)) and self._rest(2)
        window.actions_by_name["train"].trigger()
        yield "paused", lambda: self._until(lambda: training.state == "paused") and self._rest(1)
        window.strip.select(0)
        yield "compare", lambda: self._rest(1)
        window.canvas.show_still(None)
        window.docks["curves"].show()
        yield "curves", lambda: self._rest(1)
        window.docks["curves"].hide()
        window.side.bring("pieces")
        yield "pieces", lambda: self._until(lambda: bool(window.tray.model.infos)) and self._choose_a_piece()
        window.side.bring("report")
        window.report.count_button.click()
        yield "report", lambda: self._rest(3)
        window.side.bring("settings")
        yield from self._dialogs()

    def _dialogs(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """What opens over the window."""
        from app.help_sheet import HelpSheet
        from app.preferences_dialog import PreferencesDialog
        from engine.export.print_sizes import PAPERS

        window = self._window
        window.methods.open_cards()
        yield "methods", lambda: self._show(window.methods.cards)
        window.methods.cards.close()
        window.exports.open()
        yield "export", lambda: self._show(window.exports.dialog)
        dialog = window.exports.dialog
        assert dialog is not None
        dialog.form.size_field.choose(next(paper for paper in PAPERS if paper.name == "A3"))
        dialog.form.fold.setChecked(True)
        yield "export-all", lambda: self._show(dialog)
        dialog.close()
        for state, kind in (("masks", "mask"), ("amounts", "amount")):
            window.masks.open(next(slot.key for slot in window.document.method.slots if slot.kind == kind))
            self._until(lambda: window.masks.editor is not None)
            yield state, lambda: self._show(window.masks.editor)
            if window.masks.editor is not None:
                window.masks.editor.close()
        yield "away", lambda: self._show(window.away.open())
        made = {"preferences": PreferencesDialog(window.preferences, window), "keys": HelpSheet(window)}
        for state, other in made.items():
            other.show()
            yield state, lambda other=other: self._show(other)
            other.close()

    def _choose_a_piece(self) -> bool:
        self._window.tray.choose(self._window.tray.model.infos[0].index)
        return self._rest(1)

    def _show(self, front: QWidget | None) -> bool:
        """Has the next picture taken of this."""
        self._front = front or self._window
        self._opened = self._front.size()
        return front is not None and self._rest(1)

    def _until(self, condition: Callable[[], bool]) -> bool:
        end = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < end:
            self._rest(0.02)
        return condition()

    def _rest(self, seconds: float) -> bool:
        """Lets the window do what it has to."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._app.processEvents()
            time.sleep(0.005)
        return True

    def _paint(self, state: str) -> None:
        from PySide6.QtWidgets import QDialog

        window, front = self._window, self._front
        curves, panel = window.docks["curves"].isVisible(), window.side.front
        for theme in THEMES:
            window.set_theme(theme)
            for width, height in SIZES[self._scale]:
                window.resize(width, height)
                window.reset_layout()  # as at a first start on such a screen
                window.docks["curves"].setVisible(curves)
                window.side.bring(panel)
                if isinstance(front, QDialog):
                    front.resize(self._opened.expandedTo(front.sizeHint()).boundedTo(window.size()))
                self._rest(0.3)
                front.grab().save(str(self._out / f"{state}-{width}x{height}@{self._scale}-{theme}.png"))
        self._front = window


if __name__ == "__main__":
    sys.exit(main())
