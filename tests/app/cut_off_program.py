"""A window that trains until it is killed, for the test of what is left then.

Run as `python -m tests.app.cut_off_program FOLDER`; says "kept" once it trains on beyond a snapshot.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.preferences import Preferences
from engine.messages.events import Event, Kept, Stepped
from tests.app.toys import register, write_image


def main(folder: Path) -> int:
    register(pytest.MonkeyPatch())
    app = QApplication([])
    window = MainWindow(
        Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)), folder / "data"
    )
    window.document.add("style", [write_image(folder / "style.png")])
    kept: list[Event] = []

    def listen(event: Event) -> None:
        match event:
            case Kept():
                kept.append(event)
            case Stepped() if kept:
                print("kept", flush=True)
            case Stepped():
                window.training.keep()

    window.training.events.on(Event, listen)
    window.show()
    window.training_actions.train()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
