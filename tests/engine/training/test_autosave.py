"""What a session keeps by itself, the pictures of it, and what happens on a full disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from engine import snapshots
from engine.box import Box, Size
from engine.images.read import read_image
from engine.messages.commands import Keep, Resume, Share, Stop
from engine.messages.events import Began, Ended, Event, Failed, Kept, Paused, Stepped, Warned
from engine.moments import MomentRule
from engine.training import autosave
from engine.training.session import Session
from tests.engine import toy
from tests.engine.sessions import full_disk, of, play, trained

pytestmark = pytest.mark.usefixtures("toy_that_reports_each_step")


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


def test_a_limit_on_a_full_disk_loses_nothing_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of training ended with a sentence, and were gone."""
    write = snapshots.keep
    monkeypatch.setattr(snapshots, "keep", full_disk)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu", steps=2)
    waited: list[Event] = []

    def react(event: Event) -> None:
        if isinstance(event, Paused):
            waited.append(event)
            if len(waited) == 2:
                monkeypatch.setattr(snapshots, "keep", write)  # the artist makes room
            session.post(Resume())

    events = play(session, react)
    assert [isinstance(failed.command, Stop) and not failed.fatal for failed in of(events, Failed)] == [True, True]
    assert [(kept.step, kept.reason) for kept in of(events, Kept)] == [(2, "final")]
    assert of(events, Ended)[0].limit == "steps"


def test_having_gone_on_a_refused_stop_is_refused_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was trained since then was lost without a question."""
    monkeypatch.setattr(snapshots, "keep", full_disk)
    session = Session(toy.job(tmp_path), tmp_path, device="cpu")
    pauses: list[Event] = []

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step in (2, 4):
            session.post(Stop())
        if isinstance(event, Paused):
            pauses.append(event)
            session.post(Resume() if len(pauses) == 1 else Stop())

    play(session, react)
    assert len(pauses) == 2
