"""Cards that fail: kernels that are told late, cards that vanish or that torch has no code for. Nothing is lost."""

from pathlib import Path

import pytest

from engine import device as devices
from engine import snapshots
from engine.box import Box, Size
from engine.messages.commands import Keep, Pause, RenderView, Stop
from engine.messages.events import Event, Failed, Kept, Stepped
from engine.messages.exports import ExportRequest
from engine.training import trainer
from engine.training.session import Session
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of, play
from tests.simulated_card.card import SimulatedCard

LATE = RuntimeError(
    "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported"
)


@pytest.mark.parametrize("library", ["CUDA error", "HIP error", "Triton Error [CUDA]"])
def test_a_card_that_failed_is_known_whoever_hears_of_it_first(library: str) -> None:
    """The next launch does: a kernel of Triton's as well."""
    error = RuntimeError(f"{library}: an illegal memory access was encountered")
    assert devices.is_lost(error)
    card = devices.Device("cuda:0", "GPU simulated", 2**37)
    assert devices.lost_message(error, card).startswith(
        "GPU simulated has stopped working (an illegal memory access was encountered)."
    )


@pytest.mark.usefixtures("_remembers_each_step")
@pytest.mark.parametrize("meanwhile", ["nothing", "Keep", "RenderView", "Stop", "Pause and Stop", "ExportRequest"])
def test_a_card_that_vanishes_costs_no_good_moment(meanwhile: str, card: SimulatedCard, tmp_path: Path) -> None:
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=9)
    posts = {
        "nothing": (),
        "Keep": (Keep("mine"),),
        "RenderView": (RenderView(Box(0, 0, 30, 30), Size(30, 30)),),
        "Stop": (Stop(),),
        "Pause and Stop": (Pause(), Stop()),
        "ExportRequest": (ExportRequest(tmp_path / "a.png"),),
    }[meanwhile]

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 3:
            card.break_at(0 if posts else 20, LATE, late=True)
            for command in posts:
                session.post(command)

    events = play(session, react)
    failed = of(events, Failed)
    assert [failure.fatal for failure in failed] == [True]
    assert "simulated has stopped working (an illegal memory access was encountered)" in failed[0].message
    assert failed[0].message.endswith("train on the CPU.")
    (kept,) = of(events, Kept)
    assert kept.step >= 2
    assert snapshots.load_state(snapshots.read(kept.snapshot)).tensors


@pytest.mark.usefixtures("_remembers_each_step")
@pytest.mark.parametrize("launch", [1, 333])
def test_a_kernel_that_fails_late_is_told_wherever_it_is_heard(
    launch: int, card: SimulatedCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "REPORT_S", 1e9)  # nothing waits before the limit is reached
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=4)

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 1:
            card.break_at(launch, LATE, late=True)

    events = play(session, react)
    assert of(events, Failed)[0].fatal
    assert of(events, Kept)[0].step == 1


def test_a_card_that_this_torch_has_no_code_for_is_named(card: SimulatedCard, tmp_path: Path) -> None:
    error = RuntimeError("CUDA error: no kernel image is available for execution on the device\nCompile with ...")
    card.break_at(1, error, late=True)
    failed = of(play(Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=4)), Failed)[0]
    assert failed.fatal
    assert "has no code for GPU simulated" in failed.message
    assert "pytorch.org" in failed.message
