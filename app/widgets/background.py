"""Runs one function in a thread of its own and hands its result back to the window's thread. Not for training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal


class Task(QThread):
    """`finished_with(result)` or `failed_with(exception)` arrive in the thread that made the task."""

    finished_with = Signal(object)
    failed_with = Signal(object)

    def __init__(self, function: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._function = function

    def run(self) -> None:
        try:
            result = self._function()
        except BaseException as error:  # whatever it is, it is told in the window's thread
            self.failed_with.emit(error)
        else:
            self.finished_with.emit(result)


def run(
    parent: QObject,
    function: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[BaseException], None],
) -> Task:
    """Starts `function`; `done(result)` or `failed(error)` is called later, in the window's thread.

    The task belongs to `parent`, which is to wait for it before it goes away.
    """
    task = Task(function, parent)
    task.finished_with.connect(done)
    task.failed_with.connect(failed)
    task.finished.connect(task.deleteLater)
    task.start()
    return task
