"""Runs functions in threads of their own and hands their results back to the window's thread. Not for training."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, QThread, Signal

TELL_S = 0.1
"""A task that counts tells its figures no more often."""


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


class CountedTask(Task):
    """A task that says how far it is, and can be cancelled.

    Args:
        function: is given what to call with (done, total); that answers whether to go on.
    """

    progressed = Signal(object, object)
    """Done and total, whole numbers that may be larger than Qt's."""

    def __init__(self, function: Callable[[Callable[[int, int], bool]], Any], parent: QObject | None = None) -> None:
        super().__init__(lambda: function(self._count), parent)
        self._told = time.monotonic()
        self._cancelled = False

    def cancel(self) -> None:
        """The function hears of it when it counts next."""
        self._cancelled = True

    def _count(self, done: int, total: int) -> bool:
        now = time.monotonic()
        if now - self._told >= TELL_S:
            self._told = now
            self.progressed.emit(done, total)
        return not self._cancelled


def wait_for(task: Task) -> None:
    """Until it has ended. It may be gone already, before who began it hears so: both are told by events that wait."""
    if shiboken6.isValid(task):
        task.wait()


def run(
    parent: QObject,
    function: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[BaseException], None],
) -> Task:
    """Starts `function`; `done(result)` or `failed(error)` is called later, in the window's thread.

    The task belongs to `parent`, which is to wait for it before it goes away.
    """
    return begin(Task(function, parent), done, failed)


def begin(task: Task, done: Callable[[Any], None], failed: Callable[[BaseException], None]) -> Task:
    """The same for a task that was made already."""
    task.finished_with.connect(done)
    task.failed_with.connect(failed)
    task.finished.connect(task.deleteLater)
    task.start()
    return task


class Tasks(QObject):
    """The tasks that a part of the window has begun and which still run, so that it can wait for them before it goes.

    Args:
        parent: the part; tasks go with it, so that it is to `wait` before that.

    Signals:
        all_ended: a task has ended, and none runs any more.
    """

    all_ended = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._running: list[Task] = []

    @property
    def busy(self) -> bool:
        """Whether the end of any was not told yet."""
        return bool(self._running)

    def run(
        self, function: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[BaseException], None]
    ) -> Task:
        """Starts `function`; `done(result)` or `failed(error)` is called later, in the window's thread."""
        task = Task(function, self)
        self._running.append(task)
        task.finished.connect(lambda: self._ended(task))  # before it begins: it may end at once
        return begin(task, done, failed)

    def wait(self) -> None:
        """Until all have ended; what they tell arrives afterwards, if at all."""
        for task in list(self._running):
            wait_for(task)

    def _ended(self, task: Task) -> None:
        self._running.remove(task)
        if not self._running:
            self.all_ended.emit()
