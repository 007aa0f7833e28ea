"""Work in the background: its ends are told in the window's thread, and waiting for it is safe at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QObject

from app.widgets import background
from app.widgets.background import Tasks


def ignore(_told: object) -> None: ...


def fail() -> None:
    raise ValueError("on purpose")


class Gate:
    """Work that goes on until it is let through, on whichever thread it runs."""

    def __init__(self) -> None:
        self.opened, self.over = threading.Event(), False

    def __call__(self) -> None:
        self.opened.wait()
        self.over = True


def test_a_task_that_is_gone_already_is_not_waited_for(qtbot) -> None:
    parent = QObject()
    task = background.run(parent, lambda: 1, ignore, ignore)
    qtbot.waitUntil(lambda: not shiboken6.isValid(task))
    background.wait_for(task)


def test_the_end_is_told_in_the_windows_thread(qtbot) -> None:
    owner, told = QObject(), []
    tasks = Tasks(owner)
    tasks.run(threading.get_ident, told.append, ignore)
    tasks.run(fail, ignore, lambda error: told.append((str(error), threading.get_ident())))
    qtbot.waitUntil(lambda: len(told) == 2)
    here = threading.get_ident()
    assert ("on purpose", here) in told
    assert here not in told, "the work itself was done elsewhere"


def test_who_waits_goes_on_when_all_are_over(qtbot) -> None:
    owner, gates = QObject(), [Gate(), Gate()]
    tasks = Tasks(owner)
    for gate in gates:
        tasks.run(gate, ignore, ignore)
    opening = threading.Timer(0.05, lambda: [gate.opened.set() for gate in gates])
    opening.start()
    tasks.wait()
    assert all(gate.over for gate in gates)
    opening.join()
    tasks.wait()  # its events have not arrived yet
    qtbot.waitUntil(lambda: not tasks.busy)
    tasks.wait()  # and what ran is taken away


def test_the_last_end_is_told_once_and_no_earlier(qtbot) -> None:
    owner, first, second, ended = QObject(), Gate(), Gate(), []
    tasks = Tasks(owner)
    tasks.all_ended.connect(lambda: ended.append(tasks.busy))
    arrived: list[object] = []
    tasks.run(first, arrived.append, ignore)
    tasks.run(second, arrived.append, ignore)
    first.opened.set()
    qtbot.waitUntil(lambda: len(arrived) == 1)
    assert tasks.busy
    assert not ended
    second.opened.set()
    qtbot.waitUntil(lambda: not tasks.busy)
    assert ended == [False]


@pytest.mark.parametrize("work", [lambda: 1, fail], ids=["done", "failed"])
def test_one_that_is_over_at_once_is_not_held(work: Callable[[], Any], qtbot) -> None:
    owner = QObject()
    tasks = Tasks(owner)
    task = tasks.run(work, ignore, ignore)
    task.wait()  # over before anything else is done here
    assert tasks.busy, "its end is not told yet"
    qtbot.waitUntil(lambda: not shiboken6.isValid(task))
    assert not tasks.busy


def test_what_is_told_may_begin_the_next(qtbot) -> None:
    owner, told = QObject(), []
    tasks = Tasks(owner)

    def go_on(result: int) -> None:
        tasks.run(lambda: result + 1, told.append, ignore)

    tasks.run(lambda: 1, go_on, ignore)
    qtbot.waitUntil(lambda: told == [2])
    qtbot.waitUntil(lambda: not tasks.busy)
