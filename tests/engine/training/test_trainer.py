"""What happens when a step fails: the way back, the end, and what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import snapshots
from engine.box import Box, Size
from engine.messages.commands import RenderView, Resume, Retune
from engine.messages.events import Ended, Event, Failed, Kept, Paused, Stepped, Warned
from engine.training import trainer
from engine.training.session import Session
from tests.engine import toy
from tests.engine.sessions import of, play, weights

pytestmark = pytest.mark.usefixtures("toy_that_reports_each_step")


@pytest.fixture
def _remembers_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "REMEMBER_S", 0.0)
    monkeypatch.setattr(trainer, "REMEMBER_COST", 0.0)


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
