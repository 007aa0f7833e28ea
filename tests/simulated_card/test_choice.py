"""Which card is taken: the one that was asked for, or a sentence why it can not be had."""

import os
from pathlib import Path

import pytest
import torch

from engine import cards
from engine import device as devices
from engine.__main__ import main
from engine.errors import BadSettingError, DeviceError
from engine.messages.events import Warned
from engine.training.session import Session
from tests.engine.method_jobs import JOBS
from tests.engine.sessions import of, play
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
        assert cards.why_no_card() == ""
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
    monkeypatch.setattr(cards.shutil, "which", lambda _: "nvidia-smi" if driver else None)
    with pytest.raises(BadSettingError) as refused:
        devices.choose("cuda:1")
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_training_says_why_the_card_that_is_there_does_nothing(
    card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where any device would do, the processor is taken; who has chosen it knows."""
    job = JOBS["famos"](tmp_path)

    def warned(device: str) -> list[str]:
        return [event.message for event in of(play(Session(job, tmp_path, device=device, steps=1)), Warned)]

    assert not warned("auto")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (6, 1))
    (said,) = warned("auto")
    assert "has no code for simulated. Install the build" in said
    assert said.endswith("Until then it trains on the CPU.")
    assert not warned("cpu")


def test_a_driver_that_does_not_answer_is_a_sentence(card: SimulatedCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: object) -> object:
        raise RuntimeError("CUDA unknown error - this may be due to an incorrectly set up environment.\nMore ...")

    monkeypatch.setattr(torch.cuda, "get_device_properties", unknown)
    assert [device.key for device in devices.available()] == ["cpu"]
    assert "does not answer (CUDA unknown error" in cards.unused_card()
    with pytest.raises(BadSettingError, match="Start the computer again"):
        devices.choose("cuda")


@pytest.mark.parametrize(
    ("vendor", "kind", "is_one"),
    [("0x10de", "0x030000", True), ("0x10de", "0x040300", False), ("0x8086", "0x030000", False)],
)
def test_a_card_is_seen_without_its_driver(vendor: str, kind: str, is_one: bool, tmp_path: Path) -> None:
    """The sound of a card is a device of its own."""
    card = tmp_path / "0000:01:00.0"
    card.mkdir()
    (card / "vendor").write_text(f"{vendor}\n")
    (card / "class").write_text(f"{kind}\n")
    assert list(cards._nvidia_cards(tmp_path)) == [card] * is_one


def test_a_laptop_without_a_card_is_told_nothing_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux' usual build of torch is that for cards."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(cards, "_has_nvidia_driver", lambda: False)
    monkeypatch.setattr(cards, "_nvidia_cards", lambda: iter(()))
    assert cards.unused_card() == ""
    monkeypatch.setattr(cards, "_nvidia_cards", lambda: iter([Path("0000:01:00.0")]))
    assert "Install or update the card's driver" in cards.unused_card()


REFUSALS = {
    "CUDA error: CUDA-capable device(s) is/are busy or unavailable\nCUDA kernel errors might be ...": (
        "Another program has GPU simulated for itself. End that one, or train on the CPU."
    ),
    "CUDA error: out of memory\nCUDA kernel errors might be ...": (
        "GPU simulated has no memory left. Close other programs that use it, or train on the CPU."
    ),
}


@pytest.mark.parametrize("error", REFUSALS)
def test_a_card_that_refuses_the_first_call_is_a_sentence(
    error: str, card: SimulatedCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is that of the thread that trains, before any session; of the command line as well."""

    def refuse(_: object) -> None:
        raise RuntimeError(error)

    monkeypatch.setattr(torch.cuda, "set_device", refuse)
    with pytest.raises(DeviceError) as refused:
        devices.prepare_thread(devices.choose("cuda:0"))
    assert str(refused.value) == REFUSALS[error]
    job = JOBS["famos"](tmp_path)
    images = [flag for slot in ("style", "content") for flag in (f"--{slot}", job.sources[slot][0].path)]
    assert main(["train", *images, "--out", str(tmp_path / "out"), "--steps", "1", "--device", "cuda:0"]) == 1
    assert capsys.readouterr().err == f"tessera: {REFUSALS[error]}\n"


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
