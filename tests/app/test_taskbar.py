"""How far a long job is can be read from another window: in the title, and told to the desktop's dock."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.export.queue import ExportQueue
from app.session_events import SessionEvents
from app.taskbar import Taskbar, tell_dock
from app.widgets import program_icon
from engine.box import Size
from engine.messages.exports import ExportRequest
from engine.plans.plan import Plan, Run
from engine.stop_rule import StopRule
from engine.training import trainer
from tests.app.studio import Studio


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


def _is_bar(icon: QIcon, across: float) -> bool:
    """Whether the bar on an icon reaches so far."""
    image = icon.pixmap(64, 64).toImage()
    return image.pixelColor(round(across * (image.width() - 1)), round(0.83 * image.height())).name() == "#7fe08f"


def test_the_bar_on_the_icon_is_as_long_as_the_share_at_each_size(qapp: QApplication) -> None:
    plain = program_icon.icon()
    assert sorted(size.width() for size in plain.availableSizes()) == sorted(program_icon.SIDES_PX)
    for share in (0.0, 0.25, 0.5, 1.0):
        icon = program_icon.icon(share)
        for across in (0.1, 0.2, 0.4, 0.6, 0.9):
            assert _is_bar(icon, across) == (across < share)
            assert not _is_bar(plain, across)


def test_every_window_has_the_icon_and_it_is_drawn_anew_for_each_per_cent_alone(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_icon.show()
    window, owner = QWidget(), QObject()
    qtbot.addWidget(window)
    window.show()
    drawn: list[float | None] = []
    show = program_icon.show
    monkeypatch.setattr(program_icon, "show", lambda share=None: (drawn.append(share), show(share)))
    taskbar = Taskbar(ExportQueue(lambda _command: True, SessionEvents(owner), owner), owner)
    for thousandth in range(1001):
        taskbar.set_plan(thousandth / 1000)
        if thousandth == 500:
            assert _is_bar(window.windowIcon(), 0.4)
            assert not _is_bar(window.windowIcon(), 0.6)
    assert len(drawn) == 101
    taskbar.set_plan(None)
    assert drawn[-1] is None
    assert not _is_bar(window.windowIcon(), 0.1)
    assert window.windowIcon().pixmap(64, 64).toImage() == program_icon.icon().pixmap(64, 64).toImage()


def test_where_no_desktop_listens_nothing_happens(qapp: object) -> None:
    tell_dock(0.5)
    tell_dock(None)
