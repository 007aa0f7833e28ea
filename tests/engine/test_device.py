"""How many threads compute: one core stays free for the window, but for pictures that somebody waits for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

from engine.device import Device, all_cores

CPU = Device("cpu", "CPU", 0)


@pytest.fixture(autouse=True)
def _own_number() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_picture_takes_the_windows_core_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    torch.set_num_threads(2)
    with all_cores(CPU):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == 2
    with pytest.raises(ValueError, match="broken"), all_cores(CPU):
        raise ValueError("broken")
    assert torch.get_num_threads() == 2


def test_a_number_that_somebody_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    torch.set_num_threads(2)
    with all_cores(CPU):
        assert torch.get_num_threads() == 2
    with all_cores(Device("cuda:0", "a card", 0)):
        assert torch.get_num_threads() == 2
