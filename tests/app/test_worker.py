"""The thread boundary: events arrive in the window's thread, and the thread ends when it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QThread

from app import crash
from app.worker import Worker
from engine import device
from engine.errors import DeviceError
from engine.messages.events import Began, Ended, Event, Failed, Kept, Stepped
from engine.training.session import Session
from tests.engine import toy


class Ear(QObject):
    """Hears events in the thread that it lives in."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.threads: set[QThread] = set()

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.threads.add(QThread.currentThread())

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events]


@pytest.fixture
def ear(qtbot, monkeypatch) -> Ear:
    toy.register(monkeypatch)
    return Ear()


def worker_of(session: Session, ear: Ear) -> Worker:
    worker = Worker(session, "cpu")
    worker.session_event.connect(ear.hear)
    return worker


def test_events_arrive_in_order_in_the_window_s_thread(ear: Ear, qtbot, tmp_path: Path) -> None:
    worker = worker_of(Session(toy.job(tmp_path), tmp_path / "p", device="cpu", steps=5), ear)
    with qtbot.waitSignal(worker.finished, timeout=60_000):
        worker.start()
    qtbot.waitUntil(lambda: Ended in ear.kinds(), timeout=20_000)
    assert ear.kinds()[0] is Began
    assert ear.kinds()[-1] is Ended
    assert isinstance(ended := ear.events[-1], Ended)
    assert ended.step == 5
    assert ear.threads == {QThread.currentThread()}


def test_stop_and_wait_keeps_and_ends(ear: Ear, qtbot, tmp_path: Path) -> None:
    worker = worker_of(Session(toy.job(tmp_path), tmp_path / "p", device="cpu"), ear)
    worker.start()
    qtbot.waitUntil(lambda: Stepped in ear.kinds(), timeout=60_000)
    worker.stop_and_wait()
    assert worker.isFinished()
    qtbot.waitUntil(lambda: Ended in ear.kinds(), timeout=20_000)
    kept = [event for event in ear.events if isinstance(event, Kept)]
    assert [event.reason for event in kept] == ["stopped"]


def test_a_session_that_can_not_begin_says_why(ear: Ear, qtbot, tmp_path: Path) -> None:
    worker = worker_of(Session(toy.job(tmp_path, sources={}), tmp_path / "p", device="cpu"), ear)
    with qtbot.waitSignal(worker.finished, timeout=60_000):
        worker.start()
    qtbot.waitUntil(lambda: Ended in ear.kinds(), timeout=20_000)
    failed = next(event for event in ear.events if isinstance(event, Failed))
    assert failed.fatal
    assert "Style" in failed.message


def test_a_card_that_refuses_its_thread_is_no_defect(ear: Ear, qtbot, tmp_path: Path, monkeypatch) -> None:
    """Another program may have it for itself."""
    said = "Another program has GPU 1 for itself. End that one, or train on the CPU."

    def refuse(*_, **__) -> None:
        raise DeviceError(said)

    monkeypatch.setattr(device, "prepare_thread", refuse)
    monkeypatch.setattr(crash, "data_folder", lambda: tmp_path / "data")
    worker = worker_of(Session(toy.job(tmp_path), tmp_path, device="cpu"), ear)
    with qtbot.waitSignal(worker.finished, timeout=60_000):
        worker.start()
    qtbot.waitUntil(lambda: Ended in ear.kinds(), timeout=20_000)
    assert ear.events == [Failed(said, fatal=True), Ended(0)]
    assert not (tmp_path / "data").exists()


def test_a_defect_is_recorded_and_told(ear: Ear, qtbot, tmp_path: Path, monkeypatch) -> None:
    session = Session(toy.job(tmp_path), tmp_path / "p", device="cpu")
    monkeypatch.setattr(session, "run", lambda: (_ for _ in ()).throw(KeyError("a defect")))
    monkeypatch.setattr(crash, "data_folder", lambda: tmp_path / "data")
    worker = worker_of(session, ear)
    with qtbot.waitSignal(worker.finished, timeout=60_000):
        worker.start()
    qtbot.waitUntil(lambda: Ended in ear.kinds(), timeout=20_000)
    report = next((tmp_path / "data" / "crashes").glob("crash-*.txt"))
    assert "a defect" in report.read_text()
    failed = next(event for event in ear.events if isinstance(event, Failed))
    assert str(report) in failed.message
