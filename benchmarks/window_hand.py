"""Uses the program's window and measures: first paint, ticks of a timer, and when a slider's value is in a step."""

from __future__ import annotations

import json
import sys
import time
import traceback
from types import TracebackType
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from engine.messages.events import Began, Event, Failed, Resumed, ViewRendered

TICK_MS = 16
MOVE_S = 1.0
KNOB = "content_weight"


class Hand(QObject):
    """Waits for the main window's first paint, then drops images, trains, moves a slider, stops and prints.

    Args:
        order: see `window.measure`.
        splash_s: when the splash was there, in seconds from the start of the process.
    """

    def __init__(self, app: QApplication, order: dict[str, Any], splash_s: float) -> None:
        super().__init__(app)
        self._app, self._order = app, order
        self._settle_ms = round(order["settle"] * 1000)
        self._result: dict[str, Any] = {"splash_s": splash_s}
        self._window: MainWindow
        self._ticks = Ticks(self)
        self._steps: list[tuple[float, float]] = []
        self._moves: list[tuple[int, float]] = []
        self._views = 0
        self._mover = QTimer(self, interval=round(MOVE_S * 1000))
        self._mover.timeout.connect(self._move)
        app.installEventFilter(self)
        sys.excepthook = self._break  # nobody is here to read the program's own message

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, MainWindow):
            self._app.removeEventFilter(self)
            self._window = watched
            self._result["window_s"] = time.monotonic() - self._order["started"]
            QTimer.singleShot(0, self._drop)
        return False

    def _drop(self) -> None:
        if not self._window.built:  # a frame so far: the engine is still being loaded
            QTimer.singleShot(TICK_MS, self._drop)
            return
        self._result["ready_s"] = time.monotonic() - self._order["started"]
        document = self._window.document
        document.set_method("famos")
        for slot, paths in self._order["sources"].items():
            document.add(slot, paths)
        for name, value in self._order["settings"].items():
            document.set(name, value)
        self._window.training.device_key = self._order["device"]
        self._window.training.events.on(Event, self._on_event)
        self._window.training.problem.connect(self._fail)
        QTimer.singleShot(self._settle_ms, self._ticks.start)
        QTimer.singleShot(2 * self._settle_ms, self._train)

    def _train(self) -> None:
        if not self._window.actions_by_name["train"].isEnabled():  # what is shown at once is still being built
            QTimer.singleShot(TICK_MS, self._train)
            return
        self._result["ticks_idle_ms"] = self._ticks.stop()
        self._window.training_actions.train()

    def _on_event(self, event: Event) -> None:
        match event:
            case Began() | Resumed() if self._window.training.state == "training":
                self._watch_steps()
                QTimer.singleShot(self._settle_ms, self._begin)
            case ViewRendered():
                self._views += 1
            case Failed():
                self._fail(event.message)

    def _watch_steps(self) -> None:
        """Notes, in the engine's thread, when each step begins and with which value of the knob."""
        worker = self._window.training._worker
        assert worker is not None
        method, steps = worker._session._trainer.method, self._steps
        plain = method.step

        def noted(step: int) -> Any:
            steps.append((time.monotonic(), getattr(method.settings, KNOB)))
            return plain(step)

        method.step = noted  # type: ignore[method-assign]

    def _begin(self) -> None:
        """First nobody touches anything, as mostly."""
        self._first_step = len(self._steps)
        QTimer.singleShot(round(self._order["seconds"] * 1000), self._begin_to_move)

    def _begin_to_move(self) -> None:
        self._result["steps_untouched_per_s"] = self._steps_per_s()
        self._ticks.start()
        self._mover.start()
        self._views, self._first_step = 0, len(self._steps)
        QTimer.singleShot(round(self._order["seconds"] * 1000), self._end)

    def _steps_per_s(self) -> float:
        return (len(self._steps) - self._first_step) / self._order["seconds"]

    def _move(self) -> None:
        """As the artist does: by the slider in the panel."""
        knob = self._window.panel.knob(KNOB)
        slider = knob.slider  # type: ignore[attr-defined]
        slider.setValue(slider.value() + (40 if len(self._moves) % 2 else -40))
        # Steps that began before the slider has let go can not know of it.
        self._moves.append((len(self._steps), float(knob.value())))

    def _end(self) -> None:
        self._mover.stop()
        self._result["ticks_training_ms"] = self._ticks.stop()
        self._result["views"] = self._views
        self._result["steps_per_s"] = self._steps_per_s()
        QTimer.singleShot(self._settle_ms, self._finish)

    def _finish(self) -> None:
        late = [self._late(begun, value) for begun, value in self._moves if begun < len(self._steps)]
        self._result["slider"] = {
            "moves": len(late),
            "in_the_next_step": late.count(0),
            "latest_steps": max(late, default=0),
        }
        print(json.dumps(self._result), flush=True)
        training = self._window.training
        training.state_changed.connect(lambda state: self._window.close() if state == "idle" else None)
        training.stop(keep=False)

    def _late(self, begun: int, value: float) -> int:
        """How many further steps began without a value that was set when `begun` steps had."""
        after = [seen for _, seen in self._steps[begun:]]
        return after.index(value) if value in after else len(after)

    def _break(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._fail("".join(traceback.format_exception(kind, error, trace)))

    def _fail(self, sentence: str) -> None:
        print(sentence, file=sys.stderr, flush=True)
        self._window.training.wait()
        self._app.exit(1)


class Ticks(QObject):
    """A timer of the window's thread, and how late it is."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._times: list[float] = []

    def start(self) -> None:
        self._times = []
        self._timer.start()

    def _tick(self) -> None:
        self._times.append(time.perf_counter())

    def stop(self) -> dict[str, float]:
        """Milliseconds between two ticks: half of them, 95 in 100, and all are at most so long."""
        self._timer.stop()
        gaps = sorted(b - a for a, b in zip(self._times, self._times[1:], strict=False))
        shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
        return {name: 1000 * gaps[min(len(gaps) - 1, int(share * len(gaps)))] for name, share in shares.items()}
