"""One who plays with the window: opens it, does one thing after another, and hears of all that goes wrong.

What can be done is monkey_actions.py's, what is answered monkey_answers.py's, and how long it plays monkey.py's.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from PySide6.QtCore import (
    QCoreApplication,
    QEventLoop,
    QMessageLogContext,
    QSettings,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from app import collecting, crash
from app.main_window import MainWindow
from app.preferences import Preferences
from app.widgets import theme, words
from app.window import load_engine
from benchmarks import common
from benchmarks.monkey_actions import MOVES, Moves
from benchmarks.monkey_answers import Answers
from engine import device, heap
from engine.errors import TesseraError
from engine.opening import open_project

_PATIENCE_S = 120.0
_REST_S = 0.3
_WAITS = 0.6
"""How often an artist waits for a training that begins or ends, instead of doing something else."""
_LAST = 25
"""Actions that are told where something went wrong."""
_NOISE = ("This plugin does not support",)
"""What Qt says of a screen that is not there, and of nothing else."""


class Monkey:
    """One application, and the windows that it closes and opens again."""

    def __init__(self, folder: Path, seed: int, small: Mapping[str, Mapping[str, Any]]) -> None:
        load_engine()
        torch.optim.Adam([torch.zeros(1)])
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        self.done: deque[str] = deque(maxlen=_LAST)
        self.windows = 0
        self._folder, self._saved = folder, []
        self._chance = random.Random(seed)
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
        qInstallMessageHandler(self._on_qt)
        self._qt = QApplication.instance() or QApplication([])
        assert isinstance(self._qt, QApplication)
        self._qt.setQuitOnLastWindowClosed(False)
        sys.excepthook = self._on_exception
        crash.data_folder = lambda: folder / "data"
        words.show_in_folder = lambda _path: None  # no file manager comes up
        device.prepare_thread = lambda *_what, **_how: None  # stepping back on a busy machine would take for ever
        store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        self._preferences = Preferences(store)
        theme.apply(self._qt, "light")
        images = [
            common.made_picture(folder / f"picture {number}.png", height, width, seed=number)
            for number, (height, width) in enumerate(((96, 128), (128, 96), (70, 90), (64, 64)))
        ]
        images.append(folder / "gone.png")
        self.answers = Answers(
            random.Random(seed + 1), folder / "saved", self.projects, self._saved.append, parent=self._qt
        )
        (folder / "saved").mkdir()
        self._preferences.set_last_folder("export", folder / "saved")
        self._preferences.set_last_folder("projects", folder / "saved")
        gc.collect()
        gc.freeze()  # as the program does, but before its window, since this one goes
        collecting.Collector(self._qt)
        self.window = self._opened()
        self._moves = Moves(self._chance, lambda: self.window, images, self.projects, small)
        self._names, self._weights = list(MOVES), list(MOVES.values())

    def act(self) -> str:
        """Does one thing, and gives the program a moment; where the window has closed, it is opened again."""
        moved = False
        name = ""
        while not moved:  # what can not be done now is no action
            (name,) = self._chance.choices(self._names, self._weights)
            self.done.append(name)
            try:
                moved = getattr(self._moves, name)()
            except Exception as error:  # in the window's own code, or in what plays with it
                self._on_exception(type(error), error, error.__traceback__)
                return name
        self.counts[name] += 1
        self._wait(self._chance.choice((0.0, 0.0, 0.01, 0.03, 0.1)))
        self._until(lambda: not self.answers.wanted, "the questions are answered")
        if self._chance.random() < _WAITS:
            self._until(lambda: self.window.training.state not in ("starting", "stopping"), "it has begun or ended")
        if not self.window.isVisible():
            self.window = self._opened()
            if self._chance.random() < 0.7 and self._preferences.last_project is not None:
                self.window.files.open_path(self._preferences.last_project)
        self._moves.make_small()
        self._look_for_reports()
        return name

    def projects(self) -> list[Path]:
        """Those that were saved or exist without a name, and packed ones."""
        places = [*(self._folder / "data" / "projects").glob("*"), *(self._folder / "saved").glob("*")]
        return sorted(p for p in places if (p / "project.json").is_file() or p.suffix == ".tessera")

    def memory_at_rest_mb(self) -> float:
        """The memory of the process when nothing runs and the windows beside the main one are closed."""
        self._rest()
        gc.collect()
        heap.give_back()
        return self.memory_mb()

    def memory_mb(self) -> float:
        """The memory of the process as it is."""
        return device.memory_used_bytes(device.choose("cpu")) / 1e6

    def end(self) -> None:
        """Closes the window; then each project has to open whole."""
        if not self.wrong:
            self._rest()
            self._close()
            for project in self.projects():
                if project.is_dir():
                    try:
                        _job, sentences = open_project(project)
                    except TesseraError as error:
                        sentences = (str(error),)
                    self.wrong += [f"{project.name}: {sentence}" for sentence in sentences]
        else:
            self.window.training.wait()
        self._look_for_reports()
        # without a screen Qt's clipboard outlives Python, and what Python laid into it would end the process by a fault
        QGuiApplication.clipboard().clear()

    # ------------------------------------------------------------ how

    def _opened(self) -> MainWindow:
        self.windows += 1
        former = getattr(self, "window", None)
        if former is not None:
            former.deleteLater()
            self._wait(0.0)
        window = MainWindow(self._preferences, self._folder / "data")
        window.show()
        return window

    def _rest(self) -> None:
        window, training = self.window, self.window.training
        for item in list(window.exports.queue.items):
            if not item.over:
                window.exports.queue.cancel(item)
        self._until(lambda: not window.exports.running, "no export runs")
        window.masks.close()
        for other in self._others():
            other.close()
        window.files.jobs.wait()
        self._wait(_REST_S)
        self._until(lambda: training.state not in ("starting", "stopping"), "the training has begun or ended")
        training.stop()
        self._until(lambda: not training.running or training.state == "live", "the training has ended")
        self._until(lambda: not self.answers.wanted, "the questions are answered")
        window.messages.messages.clear()
        self._wait(_REST_S)

    def _close(self) -> None:
        self.window.close()
        self._until(lambda: not self.window.isVisible(), "the window is closed")
        self.window.deleteLater()
        self._wait(0.0)

    def _others(self) -> list[QWidget]:
        return [w for w in QApplication.topLevelWidgets() if w.isVisible() and w.isWindow() and w is not self.window]

    def _wait(self, seconds: float) -> None:
        """In an event loop as the program has it; without one, Qt deletes nothing later."""
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                state = self.window.training.state
                self.wrong.append(f"It did not come to pass that {what}; the training is {state}.")
                return
            self._wait(0.005)

    def _look_for_reports(self) -> None:
        for report in (self._folder / "data" / "crashes").glob("crash-*.txt"):
            self.wrong.append(report.read_text(encoding="utf-8"))
            report.unlink()

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.wrong.append("".join(traceback.format_exception(kind, error, trace)))

    def _on_qt(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        serious = kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg)
        if serious and not text.startswith(_NOISE):
            where = "".join(traceback.format_stack(limit=12))
            self.wrong.append(f"Qt says: {text} ({context.file}:{context.line})\n{where}")
