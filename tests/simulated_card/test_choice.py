"""Which card is taken: the one that was asked for, or a sentence why it can not be had."""

import os

import pytest
import torch

from engine import device as devices
from engine.errors import BadSettingError
from tests.simulated_card.card import SimulatedCard
from tests.simulated_card.trainers import CUDA


def test_the_thread_that_trains_takes_its_card_and_does_not_step_back(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(os, "nice", lambda _: pytest.fail("a card would wait for the thread that feeds it"))
    threads = torch.get_num_threads()
    devices.prepare_thread(devices.choose("cuda:0"), background=True)
    assert taken == [CUDA]
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(("capability", "usable"), [((9, 0), True), ((8, 6), True), ((12, 0), True), ((6, 1), False)])
def test_a_card_that_torch_was_not_built_for_is_left_out_and_named(
    capability: tuple[int, int], usable: bool, card: SimulatedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training takes the processor then, instead of ending at its first kernel."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert devices.choose("auto").key == ("cuda:0" if usable else "cpu")
    if usable:
        assert devices.why_no_card() == ""
        return
    with pytest.raises(BadSettingError, match=r"auto or one of cpu\. torch .* has no code for simulated\. Install"):
        devices.choose("cuda")


@pytest.mark.parametrize(
    ("cuda", "driver", "sentence"),
    [
        ("13.0", True, "no driver that works with CUDA 13.0. Install or update the card's driver"),
        (None, True, "built for the processor alone. Install the build"),
        (None, False, "it is auto or one of"),
    ],
)
def test_a_card_that_is_not_there_is_a_sentence_that_says_why(
    cuda: str | None, driver: bool, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(devices.shutil, "which", lambda _: "nvidia-smi" if driver else None)
    with pytest.raises(BadSettingError) as refused:
        devices.choose("cuda:1")
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


def test_bfloat16_is_asked_of_the_card_that_trains(card: SimulatedCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cards, of which only the second knows it."""
    present = [0]

    def exchange(index: int) -> int:
        before, present[0] = present[0], index
        return before

    for name in ("_exchange_device", "_maybe_exchange_device"):
        monkeypatch.setattr(torch.cuda, name, exchange)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: present[0] == 1)
    assert [devices.bfloat16_pays(torch.device("cuda", index)) for index in (0, 1)] == [False, True]
    assert present == [0]
