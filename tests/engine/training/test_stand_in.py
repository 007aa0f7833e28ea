"""FAMOS before it has learned: MAGIC's picture of the same images is shown, and then its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.box import Box
from engine.device import choose
from engine.images.read import read_image
from engine.job import Job
from engine.messages.commands import Command, FindPiece, Load, Pause, RenderView, Resume, Stop
from engine.messages.events import Ended, Event, Failed, Paused, PieceFound, Stepped, StoodIn, ViewRendered
from engine.messages.exports import Exported, ExportRequest
from engine.method import method_class
from engine.methods.famos.method import Famos
from engine.methods.magic import pretrained
from engine.preview import views
from engine.training import stand_in
from engine.training.session import Session
from engine.training.stand_in import StandIn, stand_in_job
from tests.engine import famos_jobs

BOX = Box(0, 0, 64, 64)


def followed(job: Job, folder: Path, *commands: Command) -> list[Event]:
    """What a session does that begins paused; each command is posted when the one before is done."""
    session = Session(job, folder, device="cpu", paused=True, previews=False)
    waiting, events = [*commands, Stop(keep=False)], list[Event]()
    for event in session.run():
        events.append(event)
        done = isinstance(event, Paused | Failed | Exported | Stepped | PieceFound)
        if waiting and (done or (isinstance(event, ViewRendered) and event.done)):
            session.post(waiting.pop(0))
    assert isinstance(events[-1], Ended)
    return events


def pictures(events: list[Event]) -> list[np.ndarray]:
    return [event.image for event in events if isinstance(event, ViewRendered)]


def titles(events: list[Event]) -> list[str]:
    return [event.title for event in events if isinstance(event, StoodIn)]


def painted(job: Job, layer: str = "result") -> np.ndarray:
    method = method_class(job.method)(job, torch.device("cpu"))
    (piece,) = views.answer(method, RenderView(BOX, BOX.size, layer))
    return piece.image


def other_of(job: Job) -> Job:
    other = stand_in_job(job, Famos(job, torch.device("cpu")).canvas_size)
    assert other is not None
    return other


def near(one: np.ndarray, other: np.ndarray) -> bool:
    """Pictures that are only looked at may be rounded."""
    return float((np.abs(one.astype(int) - other) > 8).mean()) < 0.1


def test_the_other_picture_is_shown_at_first_and_follows_what_both_know(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path)
    events = followed(
        job,
        tmp_path / "p",
        RenderView(BOX, BOX.size),
        RenderView(BOX, BOX.size, "templates"),
    )
    assert titles(events) == ["MAGIC collage"]
    shown, templates = pictures(events)
    assert near(shown, painted(other_of(job)))
    assert not near(shown, painted(job))
    assert (templates == painted(job, "templates")).all(), "other layers tell of the method itself"
    turned = job.model_copy(update={"settings": job.settings.with_values({"color_matching": 1.0})})
    retuned = followed(turned, tmp_path / "q", RenderView(BOX, BOX.size))
    assert near(pictures(retuned)[0], painted(other_of(turned)))


def test_settings_and_images_that_change_meanwhile_act(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path)
    one_style = job.model_copy(update={"sources": {**job.sources, "style": job.sources["style"][1:]}})
    shown = StandIn(choose("cpu"))
    shown.begin(job)
    own = Famos(job, torch.device("cpu"))
    first = shown.instead_of(own, job)
    assert first is shown.instead_of(own, job)
    live = job.model_copy(update={"settings": job.settings.with_values({"tone_matching": 0.9})})
    assert shown.instead_of(own, live) is first
    assert first.settings == other_of(live).settings
    assert shown.instead_of(own, one_style) is not first


@pytest.mark.parametrize(
    ("step", "measures", "over"),
    [
        (stand_in.LEAST_STEPS, {}, False),
        (stand_in.LEAST_STEPS, {"content_match": 90.0}, False),
        (stand_in.LEAST_STEPS, {"content_match": 90.0, "style_match": 10.0}, False),
        (stand_in.LEAST_STEPS, {"content_match": 30.0, "style_match": 90.0}, False),
        (stand_in.LEAST_STEPS - 1, {"content_match": 90.0, "style_match": 90.0}, False),
        (stand_in.LEAST_STEPS, {"content_match": 90.0, "style_match": 90.0}, True),
        (stand_in.MOST_STEPS, {}, True),
    ],
)
def test_the_own_picture_comes_when_it_is_worth_it(
    step: int, measures: dict[str, float], over: bool, tmp_path: Path
) -> None:
    shown = StandIn(choose("cpu"))
    assert not shown.is_over(step, measures), "nothing stands in"
    shown.begin(famos_jobs.job(tmp_path))
    assert shown.is_over(step, measures) == over


def test_training_shows_its_own_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_in, "MOST_STEPS", 1)
    job = famos_jobs.job(tmp_path)
    events = followed(job, tmp_path / "p", RenderView(BOX, BOX.size), Resume(), Pause(), RenderView(BOX, BOX.size))
    assert titles(events) == ["MAGIC collage", ""]
    assert near(pictures(events)[0], painted(other_of(job)))
    assert not near(pictures(events)[-1], painted(other_of(job)))


def test_what_is_shown_is_what_is_printed_and_pointed_at(tmp_path: Path) -> None:
    job, out = famos_jobs.job(tmp_path), tmp_path / "print.png"
    events = followed(job, tmp_path / "p", ExportRequest(out), FindPiece(10, 10))
    assert not [event for event in events if isinstance(event, Failed)]
    assert near(read_image(out).pixels[:, :64, :64].permute(1, 2, 0).numpy(), painted(other_of(job)))
    (found,) = [event for event in events if isinstance(event, PieceFound)]
    assert found.piece is not None


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory.")], ids=["cpu", "card"])
def test_where_there_is_no_memory_for_both_its_own_is_shown_and_that_is_told(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Large(Famos):
        def __init__(self, *_: object) -> None:
            raise error

    own, job = painted(famos_jobs.job(tmp_path)), famos_jobs.job(tmp_path)
    monkeypatch.setattr(stand_in, "method_class", lambda key: Large if key == "magic" else method_class(key))
    monkeypatch.setattr(stand_in, "stand_in_job", lambda job, _size=None: job.model_copy(update={"method": "magic"}))
    events = followed(job, tmp_path / "p", RenderView(BOX, BOX.size))
    assert not [event for event in events if isinstance(event, Failed)]
    assert titles(events) == [Large.title, ""]
    assert near(pictures(events)[-1], own)


def test_without_the_network_that_comes_along_all_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "shipped", lambda: tmp_path / "not there")
    job = famos_jobs.job(tmp_path)
    assert not Famos.is_instant(job.settings)
    events = followed(job, tmp_path / "p", RenderView(BOX, BOX.size))
    assert titles(events) == []
    assert (pictures(events)[0] == painted(job)).all()


def test_a_method_that_has_a_picture_of_its_own_needs_none(tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path)
    own = other_of(job)
    assert stand_in_job(own) is None
    session = Session(own, tmp_path / "p", device="cpu", paused=True, previews=False)
    for command in (Load(job), Load(own), Stop(keep=False)):
        session.post(command)
    assert titles(list(session.run())) == ["MAGIC collage", ""]
