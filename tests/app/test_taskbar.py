"""How far a long job is can be read from another window: in the title, and told to the desktop's dock."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject

from app.export.queue import ExportQueue
from app.session_events import SessionEvents
from app.taskbar import Taskbar, tell_dock
from engine.box import Size
from engine.messages.exports import ExportRequest
from engine.plans.plan import Plan, Run
from engine.stop_rule import StopRule
from engine.training import trainer
from tests.app.test_main_window import Studio, studio

__all__ = ["studio"]


def test_files_that_wait_count_and_are_told_before_a_plan(qapp: object) -> None:
    owner = QObject()
    events = SessionEvents(owner)
    queue = ExportQueue(lambda _command: True, events, owner)
    told: list[float | None] = []
    taskbar = Taskbar(queue, owner, told.append)
    assert taskbar.prefix == ""
    taskbar.set_plan(0.251)
    assert (told[-1], taskbar.prefix) == (0.25, "25 % · ")
    first, _second = (queue.add(ExportRequest(Path(f"{n}.png"), Size(64, 96))) for n in (1, 2))
    first.done, first.total = 30, 100
    queue.progressed.emit(first)
    assert (told[-1], taskbar.prefix) == (0.15, "15 % · ")
    for item in queue.items:
        item.state = "done"
    queue.changed.emit()
    assert told[-1] == 0.25
    count = len(told)
    taskbar.set_plan(0.2501)
    assert len(told) == count, "the same number is told once"
    taskbar.set_plan(None)
    assert (told[-1], taskbar.prefix) == (None, "")


def test_a_plan_is_in_the_title_and_its_end_is_told_once(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
    studio.drop_style()
    window = studio.window
    monkeypatch.setattr(window.notices, "_elsewhere", lambda: True)
    titles: list[str] = []
    window.windowTitleChanged.connect(titles.append)
    job, until = window.document.job, StopRule(steps=4)
    window.away.begin(Plan((Run("Eins", job, until), Run("Zwei", job, until))))
    studio.until(lambda: not window.away.running and not window.training.running)
    assert any(title.startswith("50 % · ") for title in titles)
    assert window.windowTitle() == f"{window.document.title} – Tessera"
    assert window.notices.told == ["While you were away: 2 of 2 trainings are done, each kept as a moment."]


def test_where_no_desktop_listens_nothing_happens(qapp: object) -> None:
    tell_dock(0.5)
    tell_dock(None)
