"""Whole sessions on a card, for every method: steered, kept, restored, looked at and exported as on the processor."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.box import Box, Size
from engine.images.read import read_image
from engine.messages.commands import FitToImages, Keep, Pause, RenderView, Restore, Resume, Retune, Stop
from engine.messages.events import Began, Ended, Event, Failed, FittedToImages, Kept, Retuned, Stepped, ViewRendered
from engine.messages.exports import Exported, ExportRequest
from engine.method import method_keys
from engine.methods.magic import fit
from engine.training import trainer
from engine.training.session import Session
from tests.engine import magic_jobs
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of, play

LAST = 6


def scene(session: Session, folder: Path, key: str) -> Callable[[Event], None]:
    """Everything an artist does while it trains, each at its step."""
    kept: list[Path] = []

    def react(event: Event) -> None:
        if isinstance(event, Kept) and event.reason == "kept":
            kept.append(event.snapshot)
        if isinstance(event, ViewRendered) and event.done:
            patches = RenderView(Box(0, 0, 1, 1), Size(1, 1), layer="patches")
            session.post(patches if event.layer == "result" else Resume())
        if not isinstance(event, Stepped):
            return
        if event.step == 1:
            session.post(Pause())
            session.post(RenderView(Box(0, 0, 50, 60), Size(25, 30)))
        if event.step == 2:
            session.post(Keep("kept"))
        if event.step == 3:
            session.post(Retune({"learning_rate": 5e-4}))
        if event.step == 4 and len(kept) == 1:
            session.post(Restore(kept.pop()))
            kept.extend([folder, folder])  # once
        if event.step == 5:
            rebuilt = {"famos": {"templates": 6}, "magic": {"set_size": 6}, "doodle": {"filters": 7}}
            session.post(Retune(rebuilt.get(key, {"filters": 5})))
        if event.step == LAST:
            session.post(ExportRequest(folder / "print.png", Size(100, 90), tile_px=64))

    return react


def played(key: str, folder: Path, device: str) -> list[Event]:
    folder.mkdir()
    session = Session(JOBS[key](folder), folder, device=device, steps=LAST)
    return play(session, scene(session, folder, key))


@pytest.mark.parametrize("key", method_keys())
def test_a_session_equals_that_of_the_processor(
    key: str, device: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)  # each step is reported
    here, there = (played(key, tmp_path / name, name) for name in ("cpu", str(device)))
    for events in (here, there):
        assert not of(events, Failed), of(events, Failed)
        assert [began.reason for began in of(events, Began)] == ["built", "restored", "rebuilt"]
        assert of(events, Retuned)
        assert {event.layer for event in of(events, ViewRendered)} == {"result", "patches"}
        assert of(events, Ended)[0].step == LAST
    ours, theirs = of(here, Stepped), of(there, Stepped)
    assert [report.step for report in ours] == [report.step for report in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert other.terms == pytest.approx(mine.terms, rel=0.02, abs=0.02)
        assert other.memory_total_bytes > 0
    prints = [read_image(of(events, Exported)[0].out).pixels.int() for events in (here, there)]
    assert (prints[0] - prints[1]).abs().float().mean() < 1, "of 255 levels"


def as_it_comes(folder: Path, device: str, **how: Any) -> list[Event]:
    """MAGIC with the network that comes along, near which it is soon held as strongly as ever."""
    folder.mkdir()
    job = magic_jobs.as_it_comes(folder, {"anchor_steps": 2, "precision": "float32"})
    session = Session(job, folder, device=device, previews=False, **how)
    if how.get("paused"):
        session.post(FitToImages(fit.KNOBS))
        session.post(Stop())
    return play(session)


def test_pieces_are_fitted_to_the_images_as_on_the_processor(device: torch.device, tmp_path: Path) -> None:
    here, there = (as_it_comes(tmp_path / name, name, paused=True) for name in ("cpu", str(device)))
    (wanted,), (found,) = of(here, FittedToImages), of(there, FittedToImages)
    assert not of(there, Failed)
    assert found.values == wanted.values
    assert set(found.values or {}) == fit.KNOBS


def test_it_stays_near_the_network_that_comes_along_as_on_the_processor(
    device: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
    here, there = (as_it_comes(tmp_path / name, name, steps=4) for name in ("cpu", str(device)))
    for events in (here, there):
        assert not of(events, Failed), of(events, Failed)
        assert of(events, Ended)[0].step == 4
    for mine, other in zip(of(here, Stepped), of(there, Stepped), strict=True):
        assert other.terms == pytest.approx(mine.terms, rel=0.02, abs=0.02)
