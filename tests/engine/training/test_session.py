"""The loop: what each command does, what is kept, and what happens when something goes wrong."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine import snapshots
from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.export import unfinished
from engine.fields.artwork import Artwork
from engine.files import no_room
from engine.images.quantise import to_uint8
from engine.images.read import read_image
from engine.messages.commands import Keep, Load, Pause, RenderView, Requester, Restore, Resume, Retune, Share, Stop
from engine.messages.events import (
    Began,
    Ended,
    Event,
    Failed,
    Kept,
    Paused,
    Resumed,
    Retuned,
    Stepped,
    ViewRendered,
    Warned,
)
from engine.messages.exports import CancelExport, ExportCancelled, Exported, ExportRequest, Progressed
from engine.moments import MomentRule
from engine.nn.parts import in_parts
from engine.preview import views
from engine.training import autosave, trainer
from engine.training.session import Session
from tests.engine import toy

E = TypeVar("E", bound=Event)


@pytest.fixture
def _remembers_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "REMEMBER_S", 0.0)
    monkeypatch.setattr(trainer, "REMEMBER_COST", 0.0)


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)  # each step is reported


def of(events: Iterable[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def play(session: Session, react: Callable[[Event], None] = lambda event: None) -> list[Event]:
    events = []
    for event in session.run():
        events.append(event)
        react(event)
        assert len(events) < 5000, "the session does not end"
    assert isinstance(events[-1], Ended)
    assert len(of(events, Ended)) == 1
    return events


def trained(folder: Path, steps: int, **options: Any) -> snapshots.Snapshot:
    """The final snapshot of a session."""
    events = play(Session(options.pop("job", None) or toy.job(folder), folder, device="cpu", steps=steps, **options))
    return snapshots.read(of(events, Kept)[-1].snapshot)


def weights(snapshot: snapshots.Snapshot) -> dict[str, torch.Tensor]:
    return snapshots.load_state(snapshot).tensors


def same(a: snapshots.Snapshot, b: snapshots.Snapshot) -> bool:
    first, second = weights(a), weights(b)
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


# ---------------------------------------------------------------- training


def test_a_session_tells_its_story_in_order(tmp_path: Path) -> None:
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=5))
    assert [type(event) for event in events] == [Began, *[Stepped] * 5, Kept, Ended]
    began = of(events, Began)[0]
    assert (began.step, began.canvas_size, began.reason) == (0, Size(70, 90), "built")
    assert [event.step for event in of(events, Stepped)] == [1, 2, 3, 4, 5]
    assert of(events, Kept)[0].reason == "final"
    assert of(events, Ended)[0].step == 5


def test_reports_grow_in_time_and_shrink_in_distance(tmp_path: Path) -> None:
    reports = of(play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=40)), Stepped)
    times = [report.elapsed_s for report in reports]
    assert times == sorted(times)
    assert reports[-1].terms["distance"] < reports[0].terms["distance"] / 2
    assert all(report.steps_per_s > 0 and report.memory_total_bytes > 0 for report in reports)


def test_a_report_covers_all_steps_since_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 1e9)
    first, rest = of(play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)), Stepped)
    assert (first.step, rest.step) == (1, 6)
    assert rest.terms["rare"] == pytest.approx((1 + 3 + 5) / 3)  # only odd steps have it


def test_the_limit_in_minutes_ends_a_session(tmp_path: Path) -> None:
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", minutes=1e-9))
    assert of(events, Ended)[0].step == 1
    assert of(events, Kept)[0].reason == "final"


def test_resume_equals_uninterrupted_bit_for_bit(tmp_path: Path) -> None:
    whole = trained(tmp_path, 20)
    half = trained(tmp_path, 9)
    resumed = trained(tmp_path, 20, job=half.job, snapshot=half.folder)
    assert same(whole, resumed)
    assert not same(whole, half)
    assert (resumed.step, resumed.parent) == (20, half.folder.name)
    assert resumed.elapsed_s > half.elapsed_s


def test_looking_and_keeping_do_not_change_what_is_learned(tmp_path: Path) -> None:
    undisturbed = trained(tmp_path, 12)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=12)

    def react(event: Event) -> None:
        if isinstance(event, Stepped):
            session.post(RenderView(Box(0, 0, 70, 90), Size(35, 45)))
            if event.step in (3, 7):
                session.post(Keep())
                session.post(Pause())
                session.post(Resume())

    disturbed = of(play(session, react), Kept)[-1]
    assert same(undisturbed, snapshots.read(disturbed.snapshot))


def test_a_session_that_can_not_be_built_fails_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"")
    broken = toy.job(tmp_path).sources["style"][0].model_copy(update={"path": str(tmp_path / "broken.png")})
    events = play(Session(toy.job(tmp_path, sources={"style": (broken,)}), tmp_path, device="cpu"))
    assert [type(event) for event in events] == [Failed, Ended]
    assert of(events, Failed)[0].fatal
    assert "broken.png is empty" in of(events, Failed)[0].message


def test_an_unknown_device_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match="abacus"):
        Session(toy.job(tmp_path), tmp_path, device="abacus")


# ---------------------------------------------------------------- settings and images


def test_retune_is_in_force_from_the_next_step(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)
    session.post(Retune({"weight": 0.0}))
    session.post(Retune({"rate": 0.5}))  # joins the one that still waits
    events = play(session)
    retuned = of(events, Retuned)
    assert (retuned[0].step, set(retuned[0].names)) == (0, {"weight", "rate"})
    distances = {report.terms["distance"] for report in of(events, Stepped)}
    assert len(distances) == 1, "nothing is learned with a weight of 0"
    assert snapshots.read(of(events, Kept)[0].snapshot).job.stored()["settings"] == {"rate": 0.5, "weight": 0.0}


def test_two_sliders_moved_quickly_are_both_in_force(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 2:
            for value in (0.2, 0.3, 0.4):
                session.post(Retune({"rate": value}))
                session.post(Retune({"weight": 10 * value}))

    events = play(session, react)
    assert [set(retuned.names) for retuned in of(events, Retuned)] == [{"rate", "weight"}]
    settings = snapshots.read(of(events, Kept)[0].snapshot).job.settings
    assert settings == toy.ToySettings(rate=0.4, weight=4.0)


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_slider_is_never_lost_to_a_load_that_fails_or_overtakes(tmp_path: Path, order: str) -> None:
    gone = toy.job(tmp_path).sources["style"][0].model_copy(update={"path": str(tmp_path / "gone.png")})
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)
    commands = [Retune({"rate": 0.4}), Load(toy.job(tmp_path, sources={"style": (gone,)}))]
    for command in commands if order == "before" else reversed(commands):
        session.post(command)
    events = play(session)
    assert "gone.png" in of(events, Failed)[0].message
    assert snapshots.read(of(events, Kept)[0].snapshot).job.settings == toy.ToySettings(rate=0.4)


def test_a_wrong_value_changes_nothing(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3)
    command = Retune({"weight": 99.0})
    session.post(command)
    events = play(session)
    failed = of(events, Failed)[0]
    assert (failed.fatal, failed.command) == (False, command)
    assert "weight" in failed.message
    assert "9" in failed.message
    assert not of(events, Retuned)
    assert of(events, Ended)[0].step == 3


def test_the_present_values_are_no_change(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    session.post(Retune({"weight": 1.0}))
    assert not of(play(session), Retuned)


@pytest.mark.parametrize("by", ["load", "retune"])
def test_a_rebuild_keeps_what_fits_and_says_what_does_not(tmp_path: Path, by: str) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=8)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 4:
            plain = toy.job(tmp_path, settings=toy.ToySettings(kind="plain"))
            session.post(Load(plain) if by == "load" else Retune({"colors": 7}))

    events = play(session, react)
    rebuilt = of(events, Began)[1]
    assert (rebuilt.reason, rebuilt.step) == ("rebuilt", 4)
    assert bool(of(events, Warned)) is (by == "retune")
    before, after = of(events, Stepped)[3:5]
    if by == "load":  # the same colours go on
        assert after.terms["distance"] < before.terms["distance"]
    else:
        kept = of(events, Kept)
        assert [event.reason for event in kept] == ["rebuild", "final"], "what did not fit is kept as it was"
        assert [len(weights(snapshots.read(event.snapshot))["colors"]) for event in kept] == [4, 7]


def test_images_that_can_not_be_read_leave_the_old_ones_at_work(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=5)
    gone = toy.job(tmp_path).sources["style"][0].model_copy(update={"path": str(tmp_path / "gone.png")})
    session.post(Load(toy.job(tmp_path, sources={"style": (gone,)})))
    events = play(session)
    assert "gone.png" in of(events, Failed)[0].message
    assert not of(events, Failed)[0].fatal
    assert of(events, Ended)[0].step == 5


def test_going_back_to_a_snapshot_continues_exactly(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=12)
    kept: list[Path] = []

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 5 and not kept:
            session.post(Keep("five"))
        if isinstance(event, Kept) and event.reason == "kept":
            kept.append(event.snapshot)
            session.post(Retune({"weight": 3.0}))
        if isinstance(event, Stepped) and event.step == 9 and len(kept) == 1:
            kept.append(kept[0])
            session.post(Restore(kept[0]))

    events = play(session, react)
    restored = of(events, Began)[1]
    assert (restored.reason, restored.step, restored.snapshot) == ("restored", 5, kept[0])
    assert snapshots.read(kept[0]).name == "five"
    assert same(trained(tmp_path, 12), snapshots.read(of(events, Kept)[-1].snapshot))


def test_what_an_image_lacks_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "glass.png"
    Image.new("RGBA", (30, 20), (200, 100, 50, 128)).save(path)
    glass = toy.job(tmp_path).sources["style"][0].model_copy(update={"path": str(path)})
    five = trained(tmp_path, 5, job=toy.job(tmp_path, sources={"style": (glass,)}))
    session = Session(five.job, tmp_path, device="cpu", snapshot=five.folder, steps=6)
    session.post(Restore(five.folder))
    session.post(Load(five.job))
    events = play(session)
    assert [event.reason for event in of(events, Began)] == ["restored", "restored", "rebuilt"]
    told = [events.index(event) for event in of(events, Warned) if "glass.png is transparent" in event.message]
    assert len(told) == 2, "once for each time that it was read"


def test_going_back_across_a_rebuild(tmp_path: Path) -> None:
    five = trained(tmp_path, 5)
    session = Session(toy.job(tmp_path, settings=toy.ToySettings(colors=2)), tmp_path, device="cpu", steps=9)
    session.post(Restore(five.folder))
    events = play(session)
    assert of(events, Began)[1].job == five.job
    assert same(trained(tmp_path, 9), snapshots.read(of(events, Kept)[-1].snapshot))


def test_a_damaged_snapshot_is_named_and_training_goes_on(tmp_path: Path) -> None:
    five = trained(tmp_path, 5)
    (five.folder / "state.safetensors").write_bytes(b"short")
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3)
    session.post(Restore(five.folder))
    events = play(session)
    assert five.folder.name in of(events, Failed)[0].message
    assert of(events, Ended)[0].step == 3


# ---------------------------------------------------------------- pictures


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


# ---------------------------------------------------------------- pausing, keeping, ending


def test_pause_and_resume(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=4, paused=True)
    session.post(Keep())
    session.post(Resume())
    events = play(session)
    assert [type(event) for event in events[:4]] == [Began, Paused, Kept, Resumed]
    assert [event.step for event in of(events, Kept)] == [0, 4]


def test_stop_keeps_what_is_not_kept_yet(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 3:
            session.post(Stop())

    events = play(session, react)
    kept = of(events, Kept)[0]
    assert (kept.step, kept.reason) == (3, "stopped")
    again = Session(toy.job(tmp_path), tmp_path, device="cpu", snapshot=kept.snapshot, paused=True)
    again.post(Stop())
    assert not of(play(again), Kept), "nothing was learned since"


def test_stop_without_keeping(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")
    session.post(Stop(keep=False))
    assert not of(play(session), Kept)
    assert not snapshots.listing(tmp_path)


def test_a_snapshot_has_a_picture(tmp_path: Path) -> None:
    preview = read_image(trained(tmp_path, 2, job=toy.job(tmp_path, canvas_size=Size(700, 1400))).preview)
    assert tuple(preview.pixels.shape) == (3, 320, 640)
    assert not trained(tmp_path, 2, previews=False).preview.exists()


def test_the_picture_of_a_wall_is_painted_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "PREVIEW_CANVAS_PX", 20_000)
    painted: list[Size] = []
    paint = toy.Toy.paint

    def watched(self: toy.Toy, box: Box, canvas: Size) -> dict[str, torch.Tensor]:
        painted.append(canvas)
        return paint(self, box, canvas)

    monkeypatch.setattr(toy.Toy, "paint", watched)
    final = trained(tmp_path, 1, job=toy.job(tmp_path, canvas_size=Size(200_000, 100_000)))
    assert set(painted) == {Size(200, 100)}
    assert tuple(read_image(final.preview).pixels.shape) == (3, 200, 100)


def test_only_the_newest_autosave_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")
    found: list[list[str]] = []

    def react(event: Event) -> None:
        if isinstance(event, Kept) and event.reason == "autosave":
            found.append([snapshot.reason for snapshot in snapshots.listing(tmp_path)])
            session.post(Keep() if len(found) == 1 else Stop(keep=len(found) > 2))

    play(session, react)
    assert found == [["autosave"], ["kept", "autosave"]]


def test_how_it_shares_and_saves_can_be_changed_while_it_trains(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", rule=MomentRule(0.0, best=False))
    threads = torch.get_num_threads()
    kept: list[str] = []

    def react(event: Event) -> None:
        if isinstance(event, Began):
            session.post(Share(threads=1, autosave_s=0.0))
        elif isinstance(event, Kept):
            kept.append(event.reason)
            if event.reason == "autosave":
                assert torch.get_num_threads() == 1
                session.post(Share(threads=1, autosave_s=1e9, moments_minutes=1e-9))
            else:
                session.post(Stop(keep=False))

    try:
        play(session, react)
    finally:
        torch.set_num_threads(threads)
    assert kept == ["autosave", "minutes"]


def test_every_autosave_has_its_picture_however_slow_painting_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    monkeypatch.setattr(autosave, "QUICK_PREVIEW_S", 1e-9)
    monkeypatch.setattr(autosave, "LEAST_PREVIEW_PX", 1600)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")
    sizes: list[int] = []

    def react(event: Event) -> None:
        if isinstance(event, Kept) and event.reason == "autosave":
            with Image.open(event.snapshot / snapshots.PREVIEW) as picture:
                sizes.append(picture.width * picture.height)
            if len(sizes) == 3:
                session.post(Stop(keep=False))

    play(session, react)
    assert all(size <= 1600 for size in sizes[1:]), "it is painted smaller where the last one took long"
    assert sizes[0] > sizes[1]


def test_an_autosave_deletes_none_of_another_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    first = trained(tmp_path, 3)

    def branch() -> Path:
        """Trains on from the first moment, and is cut off after an autosave."""
        session = Session(first.job, tmp_path, device="cpu", snapshot=first.folder)
        saved: list[Path] = []

        def react(event: Event) -> None:
            if isinstance(event, Kept):
                saved.append(event.snapshot)
                session.post(Stop(keep=False))

        play(session, react)
        return saved[0]

    one, other = branch(), branch()
    left = {snapshot.folder: snapshot.reason for snapshot in snapshots.listing(tmp_path)}
    assert left == {first.folder: "final", one: "autosave", other: "autosave"}


def test_an_autosave_is_not_needed_after_a_good_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=4))
    assert "autosave" in [kept.reason for kept in of(events, Kept)]
    assert [snapshot.reason for snapshot in snapshots.listing(tmp_path)] == ["final"]


def full_disk(*_args: object, **_options: object) -> None:
    raise no_room(Path("snapshots"), OSError(errno.ENOSPC, "No space left on device"))


def test_a_full_disk_warns_once_and_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    monkeypatch.setattr(snapshots, "keep", full_disk)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 6:
            session.post(Keep())
            session.post(Stop(keep=False))

    events = play(session, react)
    assert [warned.kind for warned in of(events, Warned)] == ["autosave"]
    assert "No space left" in of(events, Failed)[0].message
    assert of(events, Ended)[0].step == 6


def test_stopping_on_a_full_disk_loses_nothing_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = snapshots.keep
    monkeypatch.setattr(snapshots, "keep", full_disk)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 2:
            session.post(Stop())
        if isinstance(event, Paused):
            monkeypatch.setattr(snapshots, "keep", write)  # the artist makes room
            session.post(Stop())

    events = play(session, react)
    assert isinstance(of(events, Failed)[0].command, Stop)
    assert of(events, Kept)[0].step == 2


def test_a_limit_on_a_full_disk_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "keep", full_disk)
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2))
    assert of(events, Failed)[0].fatal


# ---------------------------------------------------------------- when a step fails


@pytest.mark.usefixtures("_remembers_each_step")
def test_not_a_number_goes_back_slows_down_and_says_so(tmp_path: Path) -> None:
    toy.Toy.trouble[5] = "nan"
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=10))
    warned = of(events, Warned)[0]
    assert warned.kind == "diverged"
    assert "step 6" in warned.message
    assert "step 5," in warned.message
    assert "halved" in warned.message
    assert [report.step for report in of(events, Stepped)] == list(range(1, 11))
    final = snapshots.read(of(events, Kept)[0].snapshot)
    assert torch.isfinite(weights(final)["colors"]).all()
    assert snapshots.load_state(final).plain == {"s": 0.5}


def test_what_is_kept_is_sound_even_between_two_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 1e9)
    toy.Toy.trouble[3] = "nan"
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=4)
    events = play(session)
    assert [warned.kind for warned in of(events, Warned)] == ["diverged"]
    final = snapshots.read(of(events, Kept)[-1].snapshot)
    assert final.step == 4
    assert torch.isfinite(weights(final)["colors"]).all()


@pytest.mark.usefixtures("_remembers_each_step")
def test_broken_weights_behind_good_terms_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = toy.Toy.step

    def breaks_silently(self: toy.Toy, number: int) -> dict[str, torch.Tensor]:
        terms = step(self, number)
        if number == 3 and self.slow == 1.0:
            self.momentum = self.momentum * torch.inf
        return terms

    monkeypatch.setattr(toy.Toy, "step", breaks_silently)
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6))
    assert len(of(events, Warned)) == 1
    assert of(events, Ended)[0].step == 6


@pytest.mark.usefixtures("_remembers_each_step")
def test_endless_divergence_ends_with_the_last_good_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = toy.Toy.step

    def always_breaks(self: toy.Toy, number: int) -> dict[str, torch.Tensor]:
        terms = step(self, number)
        return {key: value * torch.nan for key, value in terms.items()} if number == 4 else terms

    monkeypatch.setattr(toy.Toy, "step", always_breaks)
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=9))
    assert len(of(events, Warned)) == trainer.MOST_FAILURES - 1
    assert of(events, Failed)[0].fatal
    assert of(events, Kept)[0].step == 4


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_out_of_memory_pauses_and_keeps_serving(tmp_path: Path, error: Exception) -> None:
    toy.Toy.trouble[3] = error
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6)

    def react(event: Event) -> None:
        if isinstance(event, Paused):
            session.post(Retune({"colors": 2}))
            session.post(Resume())

    events = play(session, react)
    warned = of(events, Warned)[0]
    assert warned.kind == "memory"
    assert "batch" in warned.message
    assert of(events, Paused)[0].step == 3
    assert of(events, Ended)[0].step == 6


@pytest.mark.usefixtures("_remembers_each_step")
def test_a_defect_keeps_the_last_good_state(tmp_path: Path) -> None:
    toy.Toy.trouble[7] = RuntimeError("a shape is wrong")
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=9))
    failed = of(events, Failed)[0]
    assert failed.fatal
    assert "a shape is wrong" in failed.message
    assert (of(events, Kept)[0].step, of(events, Kept)[0].reason) == (7, "stopped")


def test_a_defect_in_a_command_is_told_and_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy.Toy, "patches", lambda self: {"x": torch.zeros(3)})
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3)
    session.post(RenderView(Box(0, 0, 9, 9), Size(9, 9), layer="patches"))
    events = play(session)
    assert not of(events, Failed)[0].fatal
    assert of(events, Ended)[0].step == 3


def test_too_little_memory_for_a_picture_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def paint(self: toy.Toy, box: Box, canvas: Size) -> None:
        raise torch.OutOfMemoryError("no")

    monkeypatch.setattr(toy.Toy, "paint", paint)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    session.post(RenderView(Box(0, 0, 9, 9), Size(9, 9)))
    events = play(session)
    assert "too little memory" in of(events, Failed)[0].message
    assert [warned.kind for warned in of(events, Warned)] == ["preview"]
    assert of(events, Kept)[0].step == 2


# ---------------------------------------------------------------- export


def test_export_paints_the_artwork(tmp_path: Path) -> None:
    half = trained(tmp_path, 3)
    out = tmp_path / "große Mosaike" / "a.png"
    session = Session(half.job, tmp_path, device="cpu", snapshot=half.folder, paused=True)
    session.post(ExportRequest(out, Size(100, 130), tile_px=64))

    def react(event: Event) -> None:
        if isinstance(event, Exported):
            session.post(Stop())

    events = play(session, react)
    exported = of(events, Exported)[0]
    assert (exported.out, exported.size) == (out, Size(100, 130))
    assert exported.peak_memory_bytes > 0
    assert of(events, Progressed)
    method = toy.Toy(half.job, torch.device("cpu"))
    method.restore(snapshots.load_state(half))
    painted = to_uint8(Artwork(method, Size(100, 130)).at(Box(0, 0, 100, 130)))
    assert np.array_equal(read_image(out).pixels.permute(1, 2, 0).numpy(), painted)


def test_export_of_a_snapshot_leaves_the_training_alone(tmp_path: Path) -> None:
    other = trained(tmp_path, 3, job=toy.job(tmp_path, settings=toy.ToySettings(colors=9), canvas_size=Size(64, 80)))
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=5)
    session.post(ExportRequest(tmp_path / "a.tif", snapshot=other.folder, layer="mask", bits=16))
    events = play(session)
    assert of(events, Exported)[0].size == Size(64, 80)
    assert same(trained(tmp_path, 5), snapshots.read(of(events, Kept)[0].snapshot))


@pytest.mark.parametrize("by", [CancelExport(), Stop()])
def test_an_export_is_cancelled_between_tiles(tmp_path: Path, by: CancelExport | Stop) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=3)
    out = tmp_path / "out" / "a.png"
    session.post(ExportRequest(out, Size(640, 640), tile_px=64))

    def react(event: Event) -> None:
        if isinstance(event, Progressed) and event.done == 3:
            session.post(by)

    events = play(session, react)
    assert of(events, ExportCancelled)[0].out == out
    assert max(progress.done for progress in of(events, Progressed)) == 3
    kept = [] if isinstance(by, CancelExport) else ["a.png.unfinished"]
    assert [path.name for path in out.parent.iterdir()] == kept
    assert [begun.folder.name for begun in unfinished.listing(tmp_path)] == kept
    assert of(events, Ended)[0].step == (0 if isinstance(by, Stop) else 3)


def test_a_cancel_counts_for_one_export(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=1)
    for command in (
        CancelExport(),
        ExportRequest(tmp_path / "a.png"),
        CancelExport(),
        ExportRequest(tmp_path / "b.png"),
    ):
        session.post(command)
    events = play(session)
    assert [event.out.name for event in of(events, ExportCancelled)] == ["a.png"]
    assert [event.out.name for event in of(events, Exported)] == ["b.png"]


def test_an_export_that_can_not_be_is_refused(tmp_path: Path) -> None:
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    command = ExportRequest(tmp_path / "a.docx")
    session.post(command)
    events = play(session)
    assert of(events, Failed)[0].command == command
    assert ".png" in of(events, Failed)[0].message
    assert of(events, Ended)[0].step == 2
