"""The simulated card itself: it computes as the processor does, refuses what a card refuses, counts, and breaks."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.simulated_card.card import SimulatedCard

CUDA = "cuda:0"


def test_a_step_of_a_small_network_equals_that_of_the_processor(card: SimulatedCard) -> None:
    weights = []
    for device in ("cpu", CUDA):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LayerNorm(6), nn.ReLU(), nn.Flatten(), nn.Linear(144, 1))
        image = torch.rand(2, 3, 8, 8)
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        image = image.to(device)
        optimizer = torch.optim.Adam(network.parameters(), lr=0.1, fused=True)
        for _ in range(3):
            network(image).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        shown = copy.deepcopy(network)
        assert all(parameter.device == torch.device(device) for parameter in shown.parameters())
        weights.append([parameter.detach().cpu() for parameter in shown.parameters()])
    assert all((ours - theirs).abs().max() < 1e-5 for ours, theirs in zip(*weights, strict=True))


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda x: x + torch.ones(3), "two devices"),
        (lambda x: x.numpy(), "can't convert cuda:0"),
        (lambda x: np.asarray(x), "can't convert cuda:0"),
        (lambda x: torch.rand(3, generator=torch.Generator(), device=CUDA), "generator"),
        (lambda x: x.data_ptr(), "Only CUDA kernels"),
        (lambda x: torch.cat([x, torch.zeros(1)]), "two devices"),
        (lambda x: torch.stack([x.sum(), torch.tensor(1.0)]), "two devices"),
        (lambda x: functional.scaled_dot_product_attention(*[x.expand(65_536, 1, 1, 3)] * 3), "invalid configuration"),
    ],
)
def test_what_a_card_refuses_is_refused(card: SimulatedCard, attempt: Callable, message: str) -> None:
    with pytest.raises((RuntimeError, TypeError), match=message):
        attempt(torch.ones(3, device=CUDA))


def test_scalars_and_indices_of_the_processor_are_welcome(card: SimulatedCard) -> None:
    x = torch.arange(4.0, device=CUDA)
    assert (x * torch.tensor(2.0)).tolist() == [0, 2, 4, 6]
    with card.counting() as counts:
        assert x[torch.tensor([3, 1])].cpu().tolist() == [3, 1]
    assert counts.uploads.total() == 1


def test_launches_waits_and_uploads_are_counted(card: SimulatedCard) -> None:
    with card.counting() as counts:
        x = torch.ones(4, 5).to(CUDA)  # an upload
        y = x.T.reshape(2, 10)[:, 1:] + 1  # a copy, an addition; views cost nothing
        total = float(y.sum())  # a sum, a wait
        y[y > 1].sum()  # a comparison, an index of unknown size, which waits, and a sum
    assert total == 36
    assert (counts.launches, counts.waits.total(), counts.uploads.total()) == (6, 2, 1), counts


@pytest.mark.usefixtures("card_can_be_simulated")
def test_a_device_without_doubles_refuses_them() -> None:
    with SimulatedCard(doubles=False), pytest.raises(TypeError, match="float64"):
        torch.ones(3, device=CUDA).double()


def test_too_little_memory_is_heard_at_once_and_once(card: SimulatedCard) -> None:
    x = torch.ones(3, device=CUDA)
    card.break_at(2, torch.OutOfMemoryError("CUDA out of memory"))
    x = x + 1
    with pytest.raises(torch.OutOfMemoryError):
        x.add(1)
    assert (x + 1).cpu().tolist() == [3, 3, 3]


def test_a_late_error_is_heard_at_the_next_wait_and_ever_after(card: SimulatedCard) -> None:
    x = torch.ones(3, device=CUDA)
    card.break_at(1, RuntimeError("CUDA error: an illegal memory access was encountered"), late=True)
    y = x + 1
    with pytest.raises(RuntimeError, match="illegal memory access"):
        y.cpu()
    with pytest.raises(RuntimeError, match="illegal memory access"):
        x.add(1)


@pytest.mark.usefixtures("card_can_be_simulated")
def test_the_machine_has_no_card_afterwards() -> None:
    with SimulatedCard():
        assert torch.cuda.is_available()
    assert not torch.cuda.is_available()
    with pytest.raises((AssertionError, RuntimeError)):
        torch.ones(1, device=CUDA)
