"""Pictures that are asked for: whose turn it is, what replaces them, and that they come after methods were let go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import snapshots
from engine.box import Box, Size
from engine.device import choose
from engine.errors import OutOfMemoryError
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.messages.commands import FitToImages, Keep, Load, RenderView, Requester, Retune, Stop
from engine.messages.events import Began, Event, Failed, FittedToImages, Retuned, Stepped, ViewRendered
from engine.nn.parts import in_parts
from engine.options import RenderMode
from engine.preview import views
from engine.threads import Threads
from engine.training.meters import Budget
from engine.training.session import Session
from engine.training.showing import Showing
from tests.engine import toy
from tests.engine.sessions import of, play, trained

pytestmark = pytest.mark.usefixtures("toy_that_reports_each_step")

BOX = Box(0, 0, 64, 64)


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


def showing_of(present: toy.Toy) -> tuple[Showing, Callable[[], ViewRendered]]:
    """The views of a method that is trained, and what paints their next piece."""
    showing, threads = Showing(choose("cpu"), lambda: False, lambda _: present), Threads(choose("cpu"), fixed=True)

    def piece() -> ViewRendered:
        (event,) = showing.paint(threads, 0, at_leisure=False)
        assert isinstance(event, ViewRendered)
        return event

    return showing, piece


def test_after_a_setting_was_turned_no_part_of_the_picture_before_it_is_left(tmp_path: Path) -> None:
    """A slider that jumped left tiles of two pictures side by side; one that is dragged may not keep all away."""
    size = Size(1500, 1500)
    showing, piece = showing_of(toy.Toy(toy.job(tmp_path, canvas_size=size), torch.device("cpu")))
    showing.ask(RenderView(size.box, size))
    before = [piece() for _ in range(2)]
    showing.turn()
    after = [piece()]
    while showing:
        showing.turn()
        after.append(piece())
    assert after[0].box.contains(before[0].box)
    assert sum(event.box.area for event in after) == size.area
    assert after[-1].done


def test_while_a_slider_is_dragged_each_picture_is_of_one_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a method can paint all of it coarsely; the tiles that follow a rest are of one value, too."""
    size = Size(1500, 1500)
    present = toy.Toy(toy.job(tmp_path, canvas_size=size), torch.device("cpu"))
    monkeypatch.setattr(toy.Toy, "coarse", lambda self, _reduction, _mode=None: self.renderer(RenderMode()))
    showing, piece = showing_of(present)
    showing.ask(RenderView(size.box, size))
    piece()
    for _ in range(5):
        showing.turn()
        assert piece().box.contains(size.box)
        piece()  # one of the tiles, before the hand goes on
    rest = []
    showing.turn()
    while showing:
        rest.append(piece())
    assert rest[0].box.contains(size.box)
    assert sum(event.box.area for event in rest[1:]) == size.area
    assert rest[-1].done


@pytest.mark.parametrize("under_way", [True, False])
def test_what_a_turned_setting_does_is_shown_although_pictures_had_their_share_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, under_way: bool
) -> None:
    monkeypatch.setattr(Budget, "allows", property(lambda _self: False))
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")
    look = RenderView(BOX, BOX.size, ticket=4)
    if under_way:
        session.post(look)
    turned_at = []

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 5:
            session.post(Retune({"rate": 0.2}))
        if isinstance(event, Retuned):
            turned_at.append(event.step)
            if not under_way:
                session.post(look)
        if isinstance(event, ViewRendered) or (isinstance(event, Stepped) and event.step == 50):
            session.post(Stop(keep=False))

    shown = answers(play(session, react), 4)
    assert [piece.done for piece in shown] == [True]
    assert shown[0].step - turned_at[0] <= 2


def answers(events: list[Event], ticket: int) -> list[ViewRendered]:
    return [event for event in of(events, ViewRendered) if event.ticket == ticket]


@pytest.mark.parametrize("paused", [True, False])
def test_a_look_shows_the_pixels_that_are_painted(tmp_path: Path, paused: bool) -> None:
    half = trained(tmp_path, 3)
    session = Session(half.job, tmp_path, device="cpu", snapshot=half.folder, paused=paused)
    session.post(RenderView(Box(-10, 20, 60, 500), Size(900, 900), ticket=4))
    method = toy.Toy(half.job, torch.device("cpu"))
    method.restore(snapshots.load_state(half))

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop(keep=False))

    pieces = answers(play(session, react), 4)
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert sum(piece.box.area for piece in pieces) == 50 * 70
    if paused:
        for piece in pieces:
            assert np.array_equal(piece.image, to_uint8(Artwork(method, method.canvas_size).at(piece.box)))


def test_the_newest_look_wins(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path, canvas_size=Size(600, 600)), tmp_path, device="cpu", paused=True)
    session.post(RenderView(Box(0, 0, 600, 600), Size(600, 600), ticket=1))

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.ticket == 1:
            session.post(RenderView(Box(0, 0, 600, 600), Size(60, 60), ticket=2))
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop())

    events = play(session, react)
    assert len(answers(events, 1)) == 1
    assert answers(events, 2)[-1].done


@pytest.mark.parametrize("replaces", [True, False])
def test_a_picture_gives_way_to_what_replaces_it_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaces: bool
) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", paused=True)
    paint, posted = toy.Toy.paint, []

    def in_two_parts(self: toy.Toy, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        if not posted:
            newer = RenderView(Box(0, 0, 70, 90), Size(70, 90), ticket=2)
            posted.append(newer if replaces else Keep(name="kept meanwhile"))
            session.post(posted[0])
        in_parts(lambda x: x, (torch.zeros(2, 1),), 0, part_bytes=1)
        return paint(self, box, canvas_size)

    monkeypatch.setattr(toy.Toy, "paint", in_two_parts)
    session.post(RenderView(Box(0, 0, 70, 90), Size(70, 90), ticket=1))
    done = []

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.done:
            done.append(event.ticket)
            session.post(Stop())

    events = play(session, react)
    assert done == ([2] if replaces else [1])
    assert not of(events, Failed)


def test_views_of_several_requesters_are_painted_in_turn_and_none_is_lost(tmp_path: Path) -> None:
    canvas, loupe = Requester("canvas"), Requester("loupe")
    session = Session(toy.job(tmp_path, canvas_size=Size(600, 600)), tmp_path, device="cpu", paused=True)
    for requester in (canvas, loupe):
        session.post(RenderView(Box(0, 0, 600, 600), Size(600, 600), ticket=1, requester=requester))
    done: list[Requester] = []

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.done:
            done.append(event.requester)
            if len(done) == 2:
                session.post(Stop())

    pieces = of(play(session, react), ViewRendered)
    assert len(pieces) > 4
    assert {piece.requester for piece in pieces[::2]} == {canvas}
    assert {piece.requester for piece in pieces[1::2]} == {loupe}
    assert done == [canvas, loupe]


def test_the_strip_of_patches(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    session.post(RenderView(Box(0, 0, 10, 10), Size(10, 10), layer="patches"))
    strip = of(play(session), ViewRendered)[0]
    assert strip.done
    assert strip.canvas_size == Size(*strip.image.shape[:2]) == strip.box.size
    assert strip.image.shape == (4 * 8 + 3 * 4, 2 * 10 + 4, 3)


def test_nothing_to_show_is_answered_too(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", paused=True)
    session.post(RenderView(Box(900, 900, 10, 10), Size(10, 10), ticket=1))

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered):
            session.post(
                RenderView(Box(0, 0, 9, 9), Size(9, 9), layer="patches", ticket=2) if event.ticket == 1 else Stop()
            )

    events = play(session, react)
    assert [(view.image.size, view.done) for view in of(events, ViewRendered)] == [(0, True), (0, True)]


def test_an_unknown_layer_is_named(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    session.post(RenderView(Box(0, 0, 9, 9), Size(9, 9), layer="dreams"))
    failed = of(play(session), Failed)[0]
    assert "dreams" in failed.message
    assert "result, mask" in failed.message


def test_a_look_survives_a_rebuild(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path, canvas_size=Size(600, 600)), tmp_path, device="cpu", paused=True)
    session.post(RenderView(Box(0, 0, 600, 600), Size(600, 600)))

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and not event.done and len(seen) == 0:
            seen.append(event)
            session.post(Load(toy.job(tmp_path, canvas_size=Size(64, 64))))
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop())

    seen: list[Event] = []
    assert of(play(session, react), ViewRendered)[-1].canvas_size == Size(64, 64)


def test_previews_leave_training_most_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that tells 1 s for a step and 1 s for a piece, a fifth of the time means four steps for a piece."""
    now = [0.0]
    step, answer = toy.Toy.step, views.answer

    def slow_step(self: toy.Toy, number: int) -> dict[str, torch.Tensor]:
        now[0] += 1.0
        return step(self, number)

    def slow_answer(method: toy.Toy, look: RenderView) -> Iterable[views.Piece]:
        for piece in answer(method, look):
            now[0] += 1.0
            yield piece

    monkeypatch.setattr(toy.Toy, "step", slow_step)
    monkeypatch.setattr(views, "answer", slow_answer)
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    session = Session(toy.job(tmp_path, canvas_size=Size(900, 900)), tmp_path, device="cpu", steps=40)

    def react(event: Event) -> None:
        if isinstance(event, Began) or (isinstance(event, ViewRendered) and event.done):
            session.post(RenderView(Box(0, 0, 900, 900), Size(90, 90)))

    assert 8 <= len(of(play(session, react), ViewRendered)) <= 12


def test_a_picture_is_of_one_step_and_of_one_value(tmp_path: Path) -> None:
    """While a network is young its tiles showed their borders, each of another step; so they did under a slider."""
    size = Size(600, 600)
    look = RenderView(size.box, size, ticket=4)
    session = Session(toy.job(tmp_path, canvas_size=size), tmp_path, device="cpu")

    def react(event: Event) -> None:
        match event:
            case Stepped(step=3):
                session.post(look)
            case ViewRendered(done=False):
                session.post(Retune({"rate": 0.2}))
            case ViewRendered(done=True):
                session.post(Stop(keep=False))

    pieces = answers(play(session, react), 4)
    assert len(pieces) > 1
    assert len({piece.step for piece in pieces}) == 1


def test_a_picture_that_takes_long_does_not_keep_training_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.turns.WHOLE_PICTURE_S", 0.0)
    size = Size(600, 600)
    session = Session(toy.job(tmp_path, canvas_size=size), tmp_path, device="cpu")
    session.post(RenderView(size.box, size, ticket=4))

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop(keep=False))

    pieces = answers(play(session, react), 4)
    assert len({piece.step for piece in pieces}) == len(pieces) > 1


def test_fitting_gives_way_to_what_would_replace_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", paused=True)
    asked: list[Collection[str]] = []

    def fitting(_self: toy.Toy, free: Collection[str]) -> dict[str, float]:
        asked.append(free)
        if len(asked) == 1:
            session.post(Retune({"rate": 0.9}))
        in_parts(lambda x: x, (torch.zeros(2, 1),), 0, part_bytes=1)
        return {"rate": 0.4}

    def react(event: Event) -> None:
        if isinstance(event, FittedToImages):
            session.post(FitToImages(frozenset(("rate",))) if event.values is None else Stop())

    monkeypatch.setattr(toy.Toy, "fitting_picture", torch.no_grad()(fitting))
    session.post(FitToImages(frozenset(("rate",))))
    events = play(session, react)
    told = [event for event in events if isinstance(event, FittedToImages | Retuned)]
    assert told == [FittedToImages(None), Retuned(0, ("rate",)), FittedToImages({"rate": 0.4})]
    assert asked == [{"rate"}, {"rate"}]


def test_without_the_memory_to_look_nothing_is_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fitting(_self: toy.Toy, _free: Collection[str]) -> dict[str, float]:
        raise OutOfMemoryError("There is too little memory.")

    monkeypatch.setattr(toy.Toy, "fitting_picture", fitting)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", paused=True)
    session.post(FitToImages(frozenset(("rate",))))
    session.post(Stop())
    assert of(play(session), FittedToImages) == [FittedToImages({})]
