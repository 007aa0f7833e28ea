"""The program with the toy method, until somebody ends it: `python -m tests.app.ended_program FOLDER STATION`.

Says "ready" when it is where the test wants it. It keeps its things where XDG_DATA_HOME and XDG_CONFIG_HOME say.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from app import window
from app.main_window import MainWindow
from engine.box import Size
from engine.messages.events import Event, Kept, Stepped
from engine.messages.exports import ExportRequest, Progressed
from tests.app.toys import register, write_image


def train(shown: MainWindow, folder: Path) -> None:
    """Says "ready" in the middle of a training."""
    shown.document.add("style", [write_image(folder / "style.png")])
    shown.training_actions.train()
    shown.training.events.on(Stepped, lambda _event: print("ready", flush=True))


def ask(shown: MainWindow, folder: Path) -> None:
    """Says "ready" while a file is painted, and a box asks whether to close all the same."""
    shown.document.add("style", [write_image(folder / "style.png")])
    shown.training_actions.train()

    def follow(event: Event) -> None:
        match event:
            case Stepped():
                shown.training.keep()
            case Kept() if not shown.exports.running:
                shown.exports.start(ExportRequest(folder / "large.png", Size(8000, 8000)))
            case Progressed() if not any(box.isVisible() for box in shown.findChildren(QMessageBox)):
                shown.close()
                print("ready", flush=True)

    shown.training.events.on(Event, follow)


STATIONS = {"train": train, "ask": ask}


def main(folder: Path, station: str) -> int:
    patch = pytest.MonkeyPatch()
    register(patch)
    build = MainWindow.build

    def built(self: MainWindow) -> None:
        build(self)
        STATIONS[station](self, folder)

    patch.setattr(MainWindow, "build", built)
    return window.run([])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
