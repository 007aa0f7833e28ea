"""A rebuild on a card that holds one method at a time: the present one makes room, and comes back where it must."""

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import snapshots
from engine.box import Box, Size
from engine.job import Job
from engine.messages.commands import RenderView, Restore, Retune
from engine.messages.events import Began, Ended, Event, Failed, Kept, Stepped, ViewRendered
from engine.method import Method, method_class
from engine.training import matches, trainer
from engine.training.session import Session
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of, play
from tests.simulated_card.card import SimulatedCard

OTHER: dict[str, dict[str, Any]] = {"famos": {"templates": 6}, "magic": {"set_size": 6}}


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch, card: SimulatedCard) -> Callable:
    """Makes methods of a kind refuse to be built beside one that is alive, or where a condition says so."""
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)

    def make(key: str, too_large: Callable[[Job, int], bool] = lambda job, built: False) -> None:
        alive: weakref.WeakSet[Method] = weakref.WeakSet()
        kind, count = method_class(key), [0]
        really = kind.__init__

        def build(self: Method, job: Job, device: torch.device) -> None:
            if len(alive) or too_large(job, count[0]):
                raise torch.OutOfMemoryError("CUDA out of memory")
            count[0] += 1
            alive.add(self)
            really(self, job, device)

        monkeypatch.setattr(kind, "__init__", build)

    return make


def after(step: int, session: Session, *commands: Any) -> Callable[[Event], None]:
    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == step:
            for command in commands:
                session.post(command)

    return react


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("key", ["famos", "magic", "neural_style", "stylize"])
def test_the_present_method_makes_room(key: str, measured: bool, scarce: Callable, tmp_path: Path) -> None:
    """Also while it is looked at, and while its picture is measured."""
    scarce(key)
    session = Session(JOBS[key](tmp_path), tmp_path, device="cuda:0", steps=4, previews=False, measured=measured)
    view = RenderView(Box(0, 0, 40, 40), Size(40, 40))
    events = play(session, after(2, session, view, Retune(OTHER.get(key, {"filters": 5}))))
    assert not of(events, Failed)
    assert [began.reason for began in of(events, Began)] == ["built", "rebuilt"]
    assert of(events, Kept)[0].reason == "autosave", "what was learned is saved before it is let go"
    assert of(events, ViewRendered)
    assert of(events, Ended)[0].step == 4


def test_a_snapshot_of_other_sizes_makes_room_as_well(scarce: Callable, tmp_path: Path) -> None:
    other = JOBS["famos"](tmp_path, OTHER["famos"])
    kept = of(play(Session(other, tmp_path, device="cuda:0", steps=3, previews=False)), Kept)[-1].snapshot
    scarce("famos")
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=5, previews=False)
    events = play(session, after(1, session, Restore(kept)))
    assert not of(events, Failed)
    assert [began.step for began in of(events, Began)] == [0, 3]


def test_settings_that_are_too_large_bring_the_present_ones_back(scarce: Callable, tmp_path: Path) -> None:
    job = JOBS["famos"](tmp_path)
    straight = of(play(Session(job, tmp_path, device="cuda:0", steps=4, previews=False)), Kept)[-1].snapshot
    scarce("famos", lambda job, built: job.settings.templates == 6)
    session = Session(job, tmp_path, device="cuda:0", steps=4, previews=False)
    events = play(session, after(2, session, Retune(OTHER["famos"])))
    (failed,) = of(events, Failed)
    assert not failed.fatal
    assert "too little memory" in failed.message
    ours, theirs = (
        snapshots.load_state(snapshots.read(folder)).tensors for folder in (of(events, Kept)[-1].snapshot, straight)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs), "nothing was lost on the way"


def test_where_not_even_the_present_ones_can_be_had_again_they_are_saved(scarce: Callable, tmp_path: Path) -> None:
    scarce("famos", lambda job, built: built > 0)
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=4, previews=False)
    events = play(session, after(2, session, Retune(OTHER["famos"])))
    assert of(events, Failed)[0].fatal
    assert "last autosave" in of(events, Failed)[0].message
    assert of(events, Kept)[0].step == 2


class Circle:
    """Holds itself, as widgets of a window do."""

    def __init__(self) -> None:
        self._self = self


def test_room_is_made_without_a_look_at_the_circles_of_others(
    scarce: Callable, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Those of a window may only go in its own thread."""
    scarce("famos")
    gc.disable()
    request.addfinalizer(gc.enable)
    circle = weakref.ref(Circle())
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=4, previews=False)
    events = play(session, after(2, session, Retune(OTHER["famos"])))
    assert [began.reason for began in of(events, Began)] == ["built", "rebuilt"]
    assert circle() is not None


def test_measuring_goes_on_where_the_present_ones_come_back(
    scarce: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matches, "EVERY_S", 0.0)
    monkeypatch.setattr(matches, "AT_ONCE_S", 1000.0)
    scarce("famos", lambda job, built: job.settings.templates == 6)
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=60, previews=False, measured=True)
    events = play(session, after(2, session, Retune(OTHER["famos"])))
    refused = events.index(of(events, Failed)[0])
    measured = [e for e in of(events[refused:], Stepped) if "style_match" in e.terms]
    assert measured
