"""Pictures that were asked for come, also where all methods had to be let go meanwhile for want of memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import snapshots
from engine.box import Box
from engine.device import choose
from engine.messages.commands import RenderView, Requester
from engine.messages.events import Event, ViewRendered
from engine.threads import Threads
from engine.training.showing import Showing
from tests.engine import toy

BOX = Box(0, 0, 64, 64)


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)


def painted(showing: Showing) -> list[Event]:
    threads, events = Threads(choose("cpu"), fixed=True), list[Event]()
    while showing:
        events += showing.paint(threads, 0, at_leisure=True)
    return events


def test_what_was_let_go_begins_anew_that_of_a_snapshot_too(tmp_path: Path) -> None:
    job = toy.job(tmp_path)
    present = toy.Toy(job, torch.device("cpu"))
    moment = snapshots.keep(tmp_path / "p", present.state(), None, job=job, step=0, elapsed_s=0.0, terms={})
    showing = Showing(choose("cpu"), lambda: False, lambda _: present)
    requests = [
        RenderView(BOX, BOX.size, requester=Requester("present")),
        RenderView(BOX, BOX.size, requester=Requester("moment"), snapshot=moment.folder),
    ]
    for request in requests:
        showing.ask(request)
    assert showing.let_go() == requests
    assert not showing
    showing.take_back(requests)
    events = painted(showing)
    assert all(isinstance(event, ViewRendered) for event in events), events
    done = [event.requester for event in events if isinstance(event, ViewRendered) and event.done]
    assert sorted(done) == ["moment", "present"]
