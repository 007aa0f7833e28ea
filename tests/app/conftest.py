"""Windows of tests go in the thread of the tests, as the program's do in the window's; walks start the program."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document import Document
from app.main_window import MainWindow
from app.preferences import Preferences
from tests.app.studio import PATIENCE_MS, Studio
from tests.app.toys import register
from tests.app.walker import Open, Walker, display


@pytest.fixture(autouse=True, scope="session")
def _what_is_imported_stays() -> Iterator[None]:
    """To look through all classes takes a quarter of a second."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def _the_clipboard_is_left_empty() -> Iterator[None]:
    """Without a screen it outlives Python, and what Python laid into it would end the process by a fault."""
    yield
    if QGuiApplication.instance() is not None:
        QGuiApplication.clipboard().clear()


@pytest.fixture(autouse=True, scope="module")
def _old_circles(_what_is_imported_stays: None) -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _circles_are_collected_here() -> Iterator[None]:
    """And not by a thread that reads images, beside a repaint of a later test."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Open]:
    """Starts the program on a display of its own, at home in the test's folder."""
    walkers: list[Walker] = []
    with display() as name:

        def start(*words: str) -> Walker:
            walkers.append(Walker(name, tmp_path, tmp_path / "stations", *words))
            return walkers[-1]

        yield start
        for walker in walkers:
            walker.give_up()


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """The window of a new project, whose method is the toy."""
    register(monkeypatch)
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    window = MainWindow(preferences, tmp_path / "data")
    window.show()
    qtbot.waitExposed(window)
    studio = Studio(window, qtbot, tmp_path)
    yield studio
    window.close_anyway()  # not qtbot.addWidget, which deletes windows without asking whether they want to close
    qtbot.waitUntil(lambda: not window.training.running, timeout=PATIENCE_MS)
    window.deleteLater()
    # at once: what collects garbage in the thread of a later test would end it there, in the middle of a repaint
    QApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def document(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    """A new project without a window, whose method is the toy."""
    register(monkeypatch)
    return Document(tmp_path / "data")
