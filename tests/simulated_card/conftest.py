"""The card that these tests run on: the machine's own where there is one, and a simulated one everywhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine.training import trainer
from tests.simulated_card import guard
from tests.simulated_card.card import SimulatedCard

# While tests are collected, since torch counts devices at the first gradient of the process.
_WHY_NOT = guard.why_not()


@pytest.fixture
def card_can_be_simulated() -> None:
    if _WHY_NOT:
        pytest.skip(_WHY_NOT)


@pytest.fixture
def card(card_can_be_simulated: None) -> Iterator[SimulatedCard]:
    """A simulated card: for what has to be counted, refused or broken."""
    with SimulatedCard() as simulated:
        yield simulated


@pytest.fixture
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """The machine's card; a simulated one where it has none."""
    if torch.cuda.is_available():
        # Else convolutions of float32 keep ten bits there, and their results are not the processor's within rounding.
        monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
        return torch.device("cuda:0")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    request.getfixturevalue("card")
    return torch.device("cuda:0")


def pytest_report_header() -> str:
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        return "card: this machine's own"
    return f"card: {_WHY_NOT or 'simulated'}"


@pytest.fixture
def _remembers_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPORT_S", "REMEMBER_S", "REMEMBER_COST"):
        monkeypatch.setattr(trainer, name, 0.0)
