"""The meters while it trains: in reports and snapshots, within their share of the time, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import snapshots
from engine.declarations import MATCHES
from engine.errors import BadImageError
from engine.messages.commands import Restore, Stop
from engine.messages.events import Kept, Paused, Stepped, Warned
from engine.moments import MomentRule, best
from engine.training import autosave, matches, trainer
from engine.training.session import Session
from tests.engine import toy
from tests.engine.sessions import full_disk, of, play, same, trained


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
    monkeypatch.setattr(matches, "EVERY_S", 0.0)
    monkeypatch.setattr(matches, "SHARE", 0.9)


def with_content(folder: Path):
    job = toy.job(folder)
    return job.model_copy(update={"sources": {**job.sources, "content": job.sources["style"]}})


def test_reports_and_snapshots_hold_what_was_measured(tmp_path: Path) -> None:
    session = Session(with_content(tmp_path), tmp_path, device="cpu", measured=True)

    def react(event) -> None:
        if isinstance(event, Stepped) and "style_match" in event.terms:
            session.post(Stop())

    events = play(session, react)
    kept = snapshots.read(of(events, Kept)[-1].snapshot)
    for terms in (of(events, Stepped)[-1].terms, kept.terms):
        assert all(0 <= terms[term.key] <= 100 for term in MATCHES)
    later = play(Session(kept.job, tmp_path, device="cpu", snapshot=kept.folder, steps=kept.step + 1, measured=True))
    assert of(later, Stepped)[0].terms["style_match"] == kept.terms["style_match"], "known until it is measured again"


def test_a_method_without_content_is_measured_by_its_style(tmp_path: Path) -> None:
    meter = matches.MatchMeter(toy.Toy(toy.job(tmp_path), trainer.torch.device("cpu")), toy.job(tmp_path))
    while not meter.advance(1.0):
        pass
    assert set(meter.latest) == {"style_match"}


def test_measuring_does_not_change_what_is_learned(tmp_path: Path) -> None:
    measured = trained(tmp_path, 20, measured=True)
    assert same(measured, trained(tmp_path, 20))


def test_measuring_keeps_to_its_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(matches, "SHARE", 0.03)
    monkeypatch.setattr(matches, "AT_ONCE_S", 0.5)
    monkeypatch.setattr(matches.time, "perf_counter", lambda: now)
    job = toy.job(tmp_path, canvas_size=toy.Size(600, 600))
    meter = matches.MatchMeter(toy.Toy(job, trainer.torch.device("cpu")), job)
    view, painted = matches.view, 0.0

    def slow(*what):
        nonlocal now
        for tile in view(*what):
            now += 0.5
            yield tile

    monkeypatch.setattr(matches, "view", slow)
    steps = 4000
    for _ in range(steps):
        before = now
        meter.advance(0.1)
        painted += now - before
    assert painted / (painted + 0.1 * steps) == pytest.approx(0.03, rel=0.2)


def test_where_it_can_not_be_measured_that_is_said_once_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise BadImageError("gone.png is no longer there.")

    monkeypatch.setattr(matches, "read_image", fail)
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=30, measured=True))
    assert [event.kind for event in of(events, Warned)] == ["matches"]
    assert of(events, Stepped)[-1].step == 30


def test_the_best_match_so_far_is_kept_and_the_former_best_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    monkeypatch.setattr(autosave, "AUTOSAVE_COST", 0.0)
    scores = iter([10.0, 30.0, 20.0, 30.5, 60.0])
    monkeypatch.setattr(matches.MatchMeter, "advance", lambda meter, _s: meter.latest.update(_next(scores)) or True)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6, measured=True, rule=MomentRule(0.0))
    events = play(session)
    for_style = [event for event in of(events, Kept) if event.reason == "style"]
    assert len(for_style) == 3, "10, 30 and 60: not 20, and not 30.5, which is hardly better"
    left = [s.terms["style_match"] for s in snapshots.listing(tmp_path) if s.reason == "style"]
    assert left == [60.0]


def test_of_matches_that_can_not_be_better_the_one_that_learned_for_longest_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A texture of peppers matched by 100 at step 56, as ribbons, and that stayed the best match for ever."""
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.0)
    monkeypatch.setattr(autosave, "AUTOSAVE_COST", 0.0)
    scores = iter([40.0, 99.5, 100.0, 90.0, 100.0, 100.0])
    monkeypatch.setattr(matches.MatchMeter, "advance", lambda meter, _s: meter.latest.update(_next(scores)) or True)
    play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=6, measured=True, rule=MomentRule(0.0)))
    left = [(s.step, s.terms["style_match"]) for s in snapshots.listing(tmp_path) if s.reason == "style"]
    assert left == [(6, 100.0)]
    assert best(snapshots.listing(tmp_path), "toy")["style_match"].step == 6


def _next(scores) -> dict[str, float]:
    return {"style_match": next(scores, 60.0)}


def test_moments_are_kept_by_the_clock(tmp_path: Path) -> None:
    rule = MomentRule(minutes=1e-9, best=False)
    events = play(Session(toy.job(tmp_path), tmp_path, device="cpu", steps=4, rule=rule))
    reasons = [event.reason for event in of(events, Kept)]
    assert reasons.count("minutes") == 4
    listed = snapshots.listing(tmp_path)
    assert [s.parent for s in listed] == [None, *[s.folder.name for s in listed[:-1]]], "a chain"


def test_a_way_back_on_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    five = trained(tmp_path, 5)
    session = Session(five.job, tmp_path, device="cpu", snapshot=five.folder, steps=9)
    posted: list[int] = []

    def react(event) -> None:
        if isinstance(event, Stepped) and event.step == 7 and not posted:
            posted.append(7)
            monkeypatch.setattr(snapshots, "keep", full_disk)
            session.post(Restore(five.folder))
        if isinstance(event, Paused):  # at the limit: there is no room for the last step either
            session.post(Stop(keep=False))

    events = play(session, react)
    assert any("No space left" in getattr(event, "message", "") for event in events)
    assert [event.step for event in of(events, Stepped)] == [6, 7, 8, 9], "it stays where it is"
