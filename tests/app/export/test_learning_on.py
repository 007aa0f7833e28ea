"""Learning on for a larger canvas: asked with its minutes, one step of undo, and the training goes on there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QMessageBox, QWidget

from app.export.learning_on import LearningOn
from app.session_events import SessionEvents
from engine.box import Size
from engine.job import Job
from engine.messages.events import Stepped
from engine.method import method_class

TRAINED, LARGER = Size(300, 200), Size(600, 400)


class Calls(list[str]):
    def named(self, name: str) -> Any:
        return lambda *_arguments, **_named: self.append(name)


@pytest.fixture
def made(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    calls, jobs, said = Calls(), [], []
    settings = method_class("famos").Settings.of({"content_scale": 0.5})
    document = SimpleNamespace(job=Job(method="famos", settings=settings), adopt=lambda job, _text: jobs.append(job))
    training = SimpleNamespace(running=True, events=SessionEvents())
    for name in ("keep", "rebuild", "resume", "start"):
        setattr(training, name, calls.named(name))
    snapshots = SimpleNamespace(newest=lambda: Path("snapshots/0001"))
    bar = SimpleNamespace(show_message=lambda text, *_more, **_named: said.append(text))
    parts: list[Any] = [document, training, snapshots, bar, window]
    learning = LearningOn(*parts)
    return SimpleNamespace(learning=learning, training=training, calls=calls, jobs=jobs, said=said, window=window)


def asked(made) -> QMessageBox:
    box = made.learning.ask(TRAINED, LARGER, made.window)
    assert box.isVisible()
    return box


def press(box: QMessageBox, text: str) -> None:
    next(button for button in box.buttons() if button.text() == text).click()


def test_it_asks_with_the_minutes_at_the_last_pace(made) -> None:
    box = asked(made)
    assert "400 × 600 px" in box.text()
    assert "about 1,200 steps" in box.text(), "no pace is known yet"
    press(box, "Cancel")
    assert not made.jobs
    assert not made.calls
    made.training.events.deliver(Stepped(1, 4.0, 1.0, {}))
    box = asked(made)
    assert "1,200 steps, about 5 minutes" in box.text()
    press(box, "Cancel")


def test_a_running_training_keeps_what_it_has_and_goes_on_there(made) -> None:
    press(asked(made), "Learn on")
    (job,) = made.jobs
    assert job.settings.content_scale == pytest.approx(1.0)
    assert made.calls == ["keep", "rebuild", "resume"]
    assert "Then export it as trained" in made.said[0]


def test_one_that_has_ended_begins_from_its_newest_moment(made) -> None:
    made.training.running = False
    press(asked(made), "Learn on")
    assert made.calls == ["start"]
