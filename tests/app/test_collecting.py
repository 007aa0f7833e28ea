"""What holds itself in circles goes in the window's thread, wherever it was made; lines of sources go as well."""

from __future__ import annotations

import gc
import inspect
import linecache
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.collecting import Collector


class Circle:
    """Holds itself, and tells in which thread it goes."""

    def __init__(self, gone: Callable[[int], object]) -> None:
        self._self = self
        self._gone = gone

    def __del__(self) -> None:
        self._gone(threading.get_ident())


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    before = gc.get_threshold()
    gc.enable()
    collector = Collector()
    yield collector
    collector.deleteLater()
    gc.set_threshold(*before)


def _elsewhere(work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def _many_objects() -> None:
    """More than Python makes before it collects."""
    kept = [[] for _ in range(50 * gc.get_threshold()[0])]
    del kept


def test_circles_go_in_the_thread_of_the_window_and_in_no_other(collector: Collector, qtbot: QtBot) -> None:
    gone: list[int] = []
    Circle(gone.append)
    _elsewhere(lambda: Circle(gone.append))
    _elsewhere(_many_objects)
    assert not gone
    _kept = [[] for _ in range(2 * gc.get_threshold()[0])]
    qtbot.waitUntil(lambda: len(gone) == 2)
    assert set(gone) == {threading.get_ident()}


def test_each_generation_has_its_turn_and_the_oldest_only_when_it_has_grown(collector: Collector) -> None:
    gc.collect()
    gc.set_threshold(1000, 2, 2)
    assert collector.collect() is None, "hardly anything was made"
    kept: list[list[list[int]]] = []
    assert [_turn(collector, kept) for _ in range(13)] == [0, 0, 0, 1] * 3 + [2]
    assert 2 not in {_turn(collector, []) for _ in range(26)}


def test_sources_that_were_read_are_not_kept(collector: Collector, qtbot: QtBot) -> None:
    """PySide reads that of each module that is imported beside it: 70 MB of lines for torch."""
    assert linecache.getlines(__file__)
    qtbot.waitUntil(lambda: not linecache.cache)
    assert inspect.getsource(_turn).startswith("def _turn"), "reports quote them as before"


def test_sources_stay_while_more_are_read(collector: Collector) -> None:
    """A thread that imports looks for what it has read just now."""
    linecache.clearcache()
    for file in (__file__, inspect.__file__, threading.__file__):
        linecache.getlines(file)
        collector.forget_sources()
        assert file in linecache.cache
    collector.forget_sources()
    assert not linecache.cache


def _turn(collector: Collector, kept: list[list[list[int]]]) -> int | None:
    kept.append([[] for _ in range(1100)])
    return collector.collect()
