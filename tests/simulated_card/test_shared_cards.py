"""A card that other programs use as well: each is told apart, with what to do, and training goes on where it can."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.box import Box, Size
from engine.fields.artwork import Artwork
from engine.messages.commands import RenderView
from engine.messages.events import Ended, Event, Failed, Stepped, ViewRendered
from engine.method import method_class
from engine.training import trainer
from engine.training.session import Session
from tests.engine import magic_jobs
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of, play
from tests.simulated_card.card import SimulatedCard

CUDA = torch.device("cuda:0")
NO_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
TAKEN = RuntimeError("CUDA error: CUDA-capable device(s) is/are busy or unavailable\nCUDA kernel errors might be ...")


def test_a_card_that_another_program_has_for_itself_is_named(card: SimulatedCard, tmp_path: Path) -> None:
    """As administrators set it: one program at a time (compute mode "exclusive process")."""
    card.break_at(0, TAKEN)
    events = play(Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=2))
    (failed,) = of(events, Failed)
    assert failed.fatal
    assert failed.message == "Another program has GPU simulated for itself. End that one, or train on the CPU."
    assert of(events, Ended)[0].step == 0


def test_a_card_that_others_have_filled_is_named_with_what_to_do(card: SimulatedCard, tmp_path: Path) -> None:
    card.break_at(0, NO_MEMORY)
    (failed,) = of(play(Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=2)), Failed)
    assert failed.fatal
    assert "GPU simulated has too little memory" in failed.message
    assert "close other programs that use it" in failed.message


def test_a_picture_without_memory_does_not_end_the_training(
    card: SimulatedCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Painted in quarters, or told as a picture that failed."""
    monkeypatch.setattr(trainer, "REPORT_S", 0.0)
    session = Session(JOBS["famos"](tmp_path), tmp_path, device="cuda:0", steps=3, previews=False)
    session.post(RenderView(Box(0, 0, 24, 24), Size(24, 24)))

    def react(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 1:
            shown, paint = session._views, session._views.paint

            def painted_without_memory(*arguments: Any, **named: Any) -> Iterator[Event]:
                card.break_at(10, NO_MEMORY)
                shown.paint = paint  # type: ignore[method-assign]
                yield from paint(*arguments, **named)

            shown.paint = painted_without_memory  # type: ignore[method-assign]

    events = play(session, react)
    assert of(events, Ended)[0].step == 3
    assert not [failure for failure in of(events, Failed) if failure.fatal]
    assert of(events, ViewRendered)[-1].done or of(events, Failed)


def test_a_collage_is_the_same_where_others_leave_little_memory(
    card: SimulatedCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is free is asked of the card, whoever holds the rest: MAGIC then paints smaller boxes."""
    method = method_class("magic")(magic_jobs.job(tmp_path), CUDA)
    field, box = Artwork(method, Size(192, 192)), Box(0, 0, 192, 192)
    pictures, launches = [], []
    with torch.no_grad():
        field.at(box)  # what is done once
        for free in (2**37, 2**23):
            monkeypatch.setattr(torch.cuda, "mem_get_info", lambda *_, free=free: (free, 2**37))
            with card.counting() as counts:
                pictures.append(field.at(box).cpu())
            launches.append(counts.launches)
    assert (pictures[0] - pictures[1]).abs().max() < 1e-5
    assert launches[1] > 2 * launches[0]
