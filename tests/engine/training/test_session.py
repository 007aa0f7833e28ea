"""The loop: what it tells while it trains, pauses and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import snapshots
from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.messages.commands import Keep, Pause, RenderView, Resume, Stop
from engine.messages.events import Began, Ended, Event, Failed, Kept, Paused, Resumed, Stepped
from engine.training import trainer
from engine.training.session import Session
from tests.engine import toy
from tests.engine.sessions import of, play, same, trained

pytestmark = pytest.mark.usefixtures("toy_that_reports_each_step")


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
