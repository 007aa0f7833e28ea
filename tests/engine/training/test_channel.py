"""How processes add up: by the host or on their cards, and what happens where one of them is gone."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
import torch
import torch.distributed as dist

from engine.training import channel
from engine.training.channel import Channel, MeetingPlace
from tests.simulated_card.card import SimulatedCard
from tests.simulated_card.conftest import card, card_can_be_simulated  # noqa: F401 - fixtures


class Work:
    """A sum on cards, which is done once it was asked for some times."""

    def __init__(self, looks: float) -> None:
        self._looks, self.waited = looks, False

    def is_completed(self) -> bool:
        self._looks -= 1
        return self._looks < 0

    def wait(self) -> None:
        self.waited = True


@pytest.fixture
def on_cards(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A channel of one process, that adds up on a card that is not there; and what it let go."""
    monkeypatch.setattr(channel, "_LOOKS_EVERY_S", 0.0)
    made: Any = Channel(False, MeetingPlace(1).store, 0, 1)
    made._gradients = "cards"
    made.let_go = []
    monkeypatch.setattr(dist.distributed_c10d, "_abort_process_group", made.let_go.append)
    yield made
    made.close()


def test_a_sum_on_cards_is_waited_for(on_cards: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(5)
    monkeypatch.setattr(dist, "all_reduce", lambda *_, **__: work)
    on_cards.add(torch.ones(1))
    assert work.waited
    assert not on_cards.let_go


@pytest.mark.parametrize("known_by", ["word", "end", "store", "time"])
def test_a_card_does_not_wait_for_one_that_is_gone(
    known_by: str, on_cards: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It left word, or its process has ended, or the leader is gone and the meeting place with it, or it hangs."""
    if known_by == "word":
        on_cards.leave_word("It has too little memory.")
    elif known_by == "end":
        on_cards.misses = lambda: True
    elif known_by == "time":
        monkeypatch.setattr(channel, "_STEP", timedelta(0))
    else:
        monkeypatch.setattr(on_cards, "_store", object.__new__(_Gone))
    monkeypatch.setattr(dist, "all_reduce", lambda *_, **__: Work(float("inf")))
    with pytest.raises(RuntimeError, match="gone"):
        on_cards.add(torch.ones(1))
    assert on_cards.let_go == ["cards"]


class _Gone:
    def check(self, _: list[str]) -> bool:
        raise RuntimeError("Connection reset by peer")


def test_where_there_is_no_nccl_the_host_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, whose torch has none; and torch is not asked to end processes there either."""
    monkeypatch.delenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", raising=False)
    monkeypatch.setattr(dist, "is_nccl_available", lambda: False)
    made = Channel(True, MeetingPlace(1).store, 0, 1)
    try:
        tensor = torch.ones(2)
        made.add(tensor)
        assert tensor.tolist() == [1, 1]
        assert "TORCH_NCCL_ASYNC_ERROR_HANDLING" not in os.environ
    finally:
        made.close()


def test_tensors_of_a_card_are_added_up_in_the_memory_of_the_host(
    card: SimulatedCard,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Gloo takes those of cards as well, but for Windows, where it ends the process."""
    made = Channel(True, MeetingPlace(1).store, 0, 1)
    seen: list[str] = []

    def double(tensor: torch.Tensor) -> None:
        seen.append(tensor.device.type)
        tensor.mul_(2)

    monkeypatch.setattr(dist, "all_reduce", double)
    try:
        for device in ("cpu", "cuda:0"):
            tensor = torch.ones(3, device=device)
            made.add(tensor)
            assert tensor.tolist() == [2, 2, 2]
            assert tensor.device == torch.device(device)
    finally:
        made.close()
    assert seen == ["cpu", "cpu"]


@pytest.mark.parametrize(("platform", "with_libuv"), [("win32", False), ("linux", True)])
def test_processes_meet_on_windows(platform: str, with_libuv: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose torch is built without the library that it asks for unless it is told not to."""
    asked: list[bool] = []
    monkeypatch.setattr(channel.sys, "platform", platform)
    monkeypatch.setattr(channel, "TCPStore", lambda *_, use_libuv=True, **__: asked.append(use_libuv))
    MeetingPlace(2)
    assert asked == [with_libuv]
