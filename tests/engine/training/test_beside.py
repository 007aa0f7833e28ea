"""What is painted while steps go on: that of its step, and nothing that is learned notices it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from engine import snapshots
from engine.box import Box, Size
from engine.device import choose
from engine.errors import OutOfMemoryError
from engine.fields.artwork import Artwork
from engine.images.quantise import to_uint8
from engine.messages.commands import Command, Keep, Load, Pause, RenderView, Restore, Retune, Stop
from engine.messages.events import Began, Ended, Event, Failed, Kept, Paused, Retuned, Stepped, ViewRendered
from engine.method import Method, method_class
from engine.threads import Threads
from engine.training import beside as module
from engine.training.beside import Beside
from engine.training.matches import MatchMeter
from engine.training.meters import Budget
from engine.training.session import Session
from engine.training.showing import Showing
from tests.engine import famos_jobs, magic_jobs, toy
from tests.engine.sessions import of, play

CPU = torch.device("cpu")
SIZE = Size(300, 300)
"""Of four tiles on screen."""
LOOK = RenderView(SIZE.box, SIZE, ticket=1)


@pytest.fixture
def beside() -> Iterator[Beside]:
    made = Beside()
    made.allowed = True
    yield made
    made.end()


@pytest.fixture
def spare_core(monkeypatch: pytest.MonkeyPatch, toy_that_reports_each_step: None) -> None:
    """Sessions have a core that no step takes, and no other program wants it."""
    monkeypatch.setattr(Threads, "leaves_a_core", property(lambda _threads: True))
    monkeypatch.setattr(module, "LEAST_SHARE", 0.0)


def is_beside() -> bool:
    return threading.current_thread().name.startswith("beside")


def painters() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("beside")]


class Held:
    """Painting beside the steps begins, says so, and waits to be let on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let_on = threading.Event(), threading.Event()
        paint = toy.Toy.paint

        def held(method: toy.Toy, box: Box, canvas_size: Size) -> dict[str, torch.Tensor]:
            if is_beside():
                self.begun.set()
                assert self.let_on.wait(60)
            return paint(method, box, canvas_size)

        monkeypatch.setattr(toy.Toy, "paint", held)

    def meanwhile(self, event: Event, session: Session, *commands: Command) -> None:
        """Posts them after the first step that was done while it paints, and lets it on."""
        if isinstance(event, Stepped) and self.begun.is_set() and not self.let_on.is_set():
            for command in commands:
                session.post(command)
            self.let_on.set()


# ---------------------------------------------------------------- the other thread


def test_work_is_done_in_another_thread_with_one_of_torchs_and_the_steps_keep_theirs(beside: Beside) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert beside.begin(lambda: (is_beside(), torch.get_num_threads())).result() == (True, 1)
        torch.mm(torch.rand(300, 300), torch.rand(300, 300))
        assert torch.get_num_threads() == 2
        assert beside.begin(torch.get_num_threads).result() == 1
    finally:
        torch.set_num_threads(before)


def test_what_it_raises_is_raised_where_the_result_is_asked_for(beside: Beside) -> None:
    def fail() -> None:
        raise OutOfMemoryError("There is no room.")

    work = beside.begin(fail)
    with pytest.raises(OutOfMemoryError, match="no room"):
        work.result()
    assert beside.begin(lambda: 3).result() == 3


def test_once_it_has_settled_nothing_is_under_way(beside: Beside) -> None:
    let_on, done = threading.Event(), list[int]()
    work = beside.begin(lambda: let_on.wait(60) and done.append(1))
    assert not beside.is_free
    assert not work.done
    let_on.set()
    beside.settle()
    assert beside.is_free
    assert work.done
    assert done == [1]


def test_its_thread_ends_with_it_and_what_was_under_way_is_done_then() -> None:
    beside, done = Beside(), list[int]()
    beside.begin(partial(done.append, 1))
    beside.end()
    assert done == [1]
    assert not painters()


def test_it_rests_where_other_programs_have_the_core_and_tries_again() -> None:
    now = 100.0
    beside = Beside(clock=lambda: now)
    assert not beside.works
    beside.allowed = True
    beside.tell(had_s=0.9, took_s=1.0)
    assert beside.works
    beside.tell(had_s=0.1, took_s=1.0)
    assert beside.works, "it read a file"
    beside.tell(had_s=0.9, took_s=1.0)
    beside.tell(had_s=0.1, took_s=1.0)
    beside.tell(had_s=0.1, took_s=1.0)
    assert not beside.works
    now += module.RESTS_S
    assert beside.works


def test_it_drops_no_cast_that_a_step_keeps(beside: Beside) -> None:
    """Gradients of one cast are added in bfloat16, those of two in float32: it would be learned otherwise."""
    weight, x = torch.rand(8, 8, requires_grad=True), torch.rand(8, 8)

    def paint() -> None:
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            torch.mm(x, x)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        first = x @ weight
        beside.begin(paint).result()
        second = x @ weight
    assert first.grad_fn is not None
    assert second.grad_fn is not None
    assert first.grad_fn.next_functions[1][0] is second.grad_fn.next_functions[1][0]


@pytest.mark.parametrize("build", [famos_jobs.job, magic_jobs.job])
def test_what_is_learned_is_the_same_to_the_bit_whatever_is_painted_meanwhile(
    build: Callable, tmp_path: Path, beside: Beside
) -> None:
    job = build(tmp_path, {"precision": "bfloat16"})
    plain, looked_at = (method_class(job.method)(job, CPU) for _ in range(2))

    def picture(still: Method) -> torch.Tensor:
        with torch.no_grad():
            return Artwork(still, still.canvas_size).at(Box(0, 0, 48, 48))

    for step in range(6):
        plain.step(step)
        still = looked_at.still()
        assert still is not None
        work = beside.begin(partial(picture, still))
        looked_at.step(step)
        work.wait()
    expected, found = plain.state().tensors, looked_at.state().tensors
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


# ---------------------------------------------------------------- sessions


def picture_at(folder: Path, step: int) -> torch.Tensor:
    """What a session of this job shows after so many steps: [h, w, 3]."""
    method = toy.Toy(toy.job(folder, canvas_size=SIZE), CPU)
    for number in range(step):
        method.step(number)
    with torch.no_grad():
        return torch.from_numpy(to_uint8(Artwork(method, SIZE).at(SIZE.box)))


def is_of_its_step(piece: ViewRendered, folder: Path) -> bool:
    rows, columns = piece.box.within(SIZE.box)
    return torch.equal(torch.from_numpy(piece.image), picture_at(folder, piece.step)[rows, columns])


@pytest.mark.usefixtures("spare_core")
def test_a_picture_is_whole_and_of_one_step_as_one_between_the_steps_would_be(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu")
    session.post(LOOK)

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop(keep=False))

    pieces = of(play(session, react), ViewRendered)
    assert len({piece.step for piece in pieces}) == 1
    assert sum(piece.box.area for piece in pieces) == SIZE.area
    assert all(is_of_its_step(piece, tmp_path) for piece in pieces)
    assert not painters()


@pytest.mark.usefixtures("spare_core")
def test_steps_go_on_while_a_picture_is_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, seen = Held(monkeypatch), list[int]()
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu")
    session.post(LOOK)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and held.begun.is_set():
            seen.append(event.step)
            if len(seen) == 3:
                held.let_on.set()
        if isinstance(event, ViewRendered):
            session.post(Stop(keep=False))

    pieces = of(play(session, react), ViewRendered)
    assert pieces[0].step < seen[2]
    assert is_of_its_step(pieces[0], tmp_path)


@pytest.mark.usefixtures("spare_core")
def test_a_newer_question_takes_the_place_of_what_is_being_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu")
    session.post(LOOK)

    def react(event: Event) -> None:
        held.meanwhile(event, session, RenderView(SIZE.box, SIZE, ticket=2))
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop(keep=False))

    pieces = of(play(session, react), ViewRendered)
    late = [piece.ticket for piece in pieces]
    assert late == sorted(late)
    assert sum(piece.box.area for piece in pieces if piece.ticket == 2) == SIZE.area


@pytest.mark.usefixtures("spare_core")
@pytest.mark.parametrize("command", [Stop(keep=True), Stop(keep=False)])
def test_a_session_ends_properly_while_a_picture_is_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Stop
) -> None:
    held = Held(monkeypatch)
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu")
    session.post(LOOK)

    def react(event: Event) -> None:
        held.meanwhile(event, session, command)

    events = play(session, react)
    assert not of(events, Failed)
    assert len(of(events, Kept)) == command.keep
    assert not painters()


@pytest.mark.usefixtures("spare_core")
def test_what_another_moment_is_gone_to_from_is_not_shown_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, moments = Held(monkeypatch), list[Path]()
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu", previews=False)
    session.post(Keep())

    def react(event: Event) -> None:
        match event:
            case Kept(reason="kept"):
                moments.append(event.snapshot)
            case Stepped() if event.step == 5 and not held.begun.is_set():
                session.post(LOOK)
            case Stepped():
                held.meanwhile(event, session, *(Restore(moment) for moment in moments))
            case ViewRendered(done=True):
                session.post(Stop(keep=False))

    events = play(session, react)
    gone = next(i for i, event in enumerate(events) if isinstance(event, Began) and event.reason == "restored")
    pieces = of(events[gone:], ViewRendered)
    assert pieces
    restored = snapshots.read(moments[0]).step
    assert all(restored <= piece.step and is_of_its_step(piece, tmp_path) for piece in pieces)
    assert sum(piece.box.area for piece in pieces) == SIZE.area


@pytest.mark.usefixtures("spare_core")
def test_a_pause_shows_the_step_it_came_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu")
    session.post(LOOK)

    def react(event: Event) -> None:
        match event:
            case Stepped():
                held.meanwhile(event, session, Pause())
            case ViewRendered(done=True):
                session.post(Stop(keep=False))

    events = play(session, react)
    at = of(events, Paused)[0].step
    after = of(events[events.index(of(events, Paused)[0]) :], ViewRendered)
    assert {piece.step for piece in after} == {at}
    assert sum(piece.box.area for piece in after) == SIZE.area
    assert all(is_of_its_step(piece, tmp_path) for piece in after)


@pytest.mark.usefixtures("spare_core")
def test_what_was_painted_of_a_method_that_is_let_go_is_gone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, still, stills, alive = Held(monkeypatch), toy.Toy.still, list[weakref.ref[toy.Toy]](), list[int]()

    def noted(method: toy.Toy) -> toy.Toy:
        made = still(method)
        stills.append(weakref.ref(made))
        return made

    monkeypatch.setattr(toy.Toy, "still", noted)
    job = toy.job(tmp_path, canvas_size=SIZE)
    session = Session(job, tmp_path, device="cpu", previews=False)
    session.post(LOOK)

    def react(event: Event) -> None:
        match event:
            case Stepped():
                other = job.model_copy(update={"settings": toy.ToySettings(colors=7)})
                held.meanwhile(event, session, Pause(), Load(other))
            case Began(reason="rebuilt"):
                alive.append(sum(made() is not None for made in stills))
                session.post(Stop(keep=False))

    play(session, react)
    assert stills
    assert alive == [0]


@pytest.mark.usefixtures("spare_core")
def test_pictures_keep_to_their_share_of_the_time_but_for_what_a_turned_setting_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "allows", property(lambda _self: False))
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu")
    session.post(LOOK)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 20:
            session.post(Retune({"rate": 0.2}))
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop(keep=False))

    events = play(session, react)
    turned = next(i for i, event in enumerate(events) if isinstance(event, Retuned))
    assert not of(events[:turned], ViewRendered)
    assert sum(piece.box.area for piece in of(events, ViewRendered)) == SIZE.area


@pytest.mark.usefixtures("toy_that_reports_each_step")
def test_what_paints_is_copied_once_for_each_step_and_follows_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: Beside
) -> None:
    """What another method shows in place of the present one changes by no step, and remembers what it decided."""
    still, copies, painted_by = toy.Toy.still, list[toy.Toy](), list[float]()
    monkeypatch.setattr(toy.Toy, "still", lambda method: copies.append(method) or still(method))
    present = toy.Toy(toy.job(tmp_path, canvas_size=SIZE), CPU)
    paint = toy.Toy.paint

    def noted(method: toy.Toy, box: Box, canvas_size: Size) -> dict[str, torch.Tensor]:
        painted_by.append(method.settings.rate)
        return paint(method, box, canvas_size)

    monkeypatch.setattr(toy.Toy, "paint", noted)
    showing = Showing(choose("cpu"), lambda: False, lambda _layer: present, beside)
    for rate in (0.1, 0.2, 0.2):
        present.settings = toy.ToySettings(rate=rate)
        showing.ask(LOOK)
        assert showing.begin_beside(0)
        beside.settle()
        assert len(list(showing.arrived())) == 1
    assert painted_by == [0.1, 0.2, 0.2]
    assert len(copies) == 1
    present.step(0)
    showing.ask(LOOK)
    assert showing.begin_beside(1)
    assert len(copies) == 2


@pytest.mark.usefixtures("spare_core")
def test_what_can_not_be_painted_is_told_once_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise ValueError("the brush is dry")

    monkeypatch.setattr(toy.Toy, "paint", broken)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3000, previews=False)
    session.post(LOOK)

    def react(event: Event) -> None:
        if isinstance(event, Failed):
            session.post(Stop(keep=False))

    events = play(session, react)
    (failure,) = of(events, Failed)
    assert failure.command == LOOK
    assert "the brush is dry" in failure.message
    assert isinstance(events[-1], Ended)


@pytest.mark.usefixtures("spare_core")
def test_without_memory_for_a_step_and_a_picture_it_is_painted_between_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint, refused = toy.Toy.paint, list[int]()

    def crowded(method: toy.Toy, box: Box, canvas_size: Size) -> dict[str, torch.Tensor]:
        if is_beside():
            refused.append(1)
            raise OutOfMemoryError("There is no room for both.")
        return paint(method, box, canvas_size)

    monkeypatch.setattr(toy.Toy, "paint", crowded)
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu")
    session.post(LOOK)

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop(keep=False))

    events = play(session, react)
    assert not of(events, Failed)
    assert sum(piece.box.area for piece in of(events, ViewRendered)) == SIZE.area
    assert refused == [1]


@pytest.mark.usefixtures("spare_core")
def test_a_method_that_can_not_stand_still_is_painted_between_its_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy.Toy, "still", lambda _method: None)
    monkeypatch.setattr(module.Beside, "begin", lambda *_arguments: pytest.fail("it is painted beside a step"))
    session = Session(toy.job(tmp_path, canvas_size=SIZE), tmp_path, device="cpu", measured=True)
    session.post(LOOK)

    def react(event: Event) -> None:
        if isinstance(event, ViewRendered) and event.done:
            session.post(Stop(keep=False))

    assert sum(piece.box.area for piece in of(play(session, react), ViewRendered)) == SIZE.area


@pytest.mark.usefixtures("toy_that_reports_each_step")
def test_matches_measured_beside_the_steps_are_those_of_the_step_at_which_they_were_begun(
    tmp_path: Path, beside: Beside
) -> None:
    job = toy.job(tmp_path, canvas_size=SIZE)
    present, learns_on = (toy.Toy(job, CPU) for _ in range(2))
    between, at_side = MatchMeter(present, job), MatchMeter(learns_on, job, beside=beside)
    while not between.advance(1.0):
        pass
    step = 0
    while not at_side.advance(1.0):
        learns_on.step(step)
        step += 1
        beside.settle()
    assert step > 1
    assert at_side.latest == between.latest


@pytest.mark.usefixtures("toy_that_reports_each_step")
def test_without_memory_for_a_step_and_a_measurement_it_is_measured_between_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: Beside
) -> None:
    paint = toy.Toy.paint

    def crowded(method: toy.Toy, box: Box, canvas_size: Size) -> dict[str, torch.Tensor]:
        if is_beside():
            raise OutOfMemoryError("There is no room for both.")
        return paint(method, box, canvas_size)

    monkeypatch.setattr(toy.Toy, "paint", crowded)
    job = toy.job(tmp_path, canvas_size=SIZE)
    meter = MatchMeter(toy.Toy(job, CPU), job, beside=beside)
    while not meter.advance(1.0):
        beside.settle()
    assert meter.latest
