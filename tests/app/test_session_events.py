"""Events reach those who registered for them, in order, and a faulty listener keeps nobody else from hearing."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PySide6.QtCore import QObject

from app.session_events import CANVAS, LOUPE, SessionEvents
from engine.box import Box, Size
from engine.messages.commands import Requester
from engine.messages.events import Ended, Event, Paused, ViewRendered


def view(requester: Requester) -> ViewRendered:
    return ViewRendered(np.zeros((1, 1, 3), np.uint8), Box(0, 0, 1, 1), Size(1, 1), "result", 1, 1, requester, True)


def test_a_listener_hears_its_type_and_listeners_hear_in_the_order_of_registration(qtbot) -> None:
    events, heard = SessionEvents(), []
    events.on(Paused, lambda event: heard.append(("first", event)))
    events.on(Event, lambda event: heard.append(("all", event)))
    events.on(Paused, lambda event: heard.append(("last", event)))
    events.deliver(Paused(1))
    events.deliver(Ended(2))
    assert heard == [("first", Paused(1)), ("all", Paused(1)), ("last", Paused(1)), ("all", Ended(2))]


def test_a_view_reaches_only_who_asked_for_it(qtbot) -> None:
    events = SessionEvents()
    heard: list[tuple[str, Requester]] = []
    events.on_view(CANVAS, lambda event: heard.append(("canvas", event.requester)))
    events.on_view(LOUPE, lambda event: heard.append(("loupe", event.requester)))
    for requester in (LOUPE, CANVAS, Requester("nobody")):
        events.deliver(view(requester))
    assert heard == [("loupe", LOUPE), ("canvas", CANVAS)]


def test_an_exception_is_told_and_the_others_hear_the_event(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(error))
    events, heard = SessionEvents(), []

    def fail(_event: Paused) -> None:
        raise ValueError("a defect")

    events.on(Paused, fail)
    events.on(Paused, heard.append)
    events.deliver(Paused(1))
    assert heard == [Paused(1)]
    assert [str(error) for error in told] == ["a defect"]


def test_a_listener_is_forgotten_with_its_owner(qtbot) -> None:
    events, heard, owner = SessionEvents(), [], QObject()
    events.on(Paused, heard.append, owner)
    owner.deleteLater()
    qtbot.waitUntil(lambda: not events._listeners, timeout=20_000)
    events.deliver(Paused(1))
    assert not heard
