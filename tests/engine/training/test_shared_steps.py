"""Steps that two processes share: together they do what one does with the whole batch, within the rounding of floats.

No graphics card takes part: the sums of gradients go over Gloo here, and over NCCL where each process has a card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.device import several
from engine.job import Job
from engine.method import Method, State, method_class
from engine.training.leader import Leader, led
from tests.engine import famos_jobs, magic_jobs
from tests.engine.method_jobs import JOBS

CPU = torch.device("cpu")
ROUNDING = 2e-5
"""Sums are added in another order, and Adam divides by roots of them."""
FIVE = {"batch": 5}
"""Of which one process has two patches, the other three."""

STEPS: dict[str, tuple[Callable[..., Job], dict[str, Any]]] = {
    "famos": (famos_jobs.job, FIVE | {"color_matching": 0.5}),
    "famos, WGAN-GP over the canvas": (
        famos_jobs.job,
        FIVE | {"adversarial": "wgan_gp", "balance_over": "canvas", "discriminator_steps": 2},
    ),
    "famos, batch norm in both": (
        famos_jobs.job,
        FIVE | {"norm": "batch", "discriminator_norm": "batch", "adversarial": "dcgan"},
    ),
    "famos, painted alone": (famos_jobs.job, FIVE | {"mode": "paint", "correspondence": "learned"}),
    "magic": (magic_jobs.job, FIVE | {"color_matching": 0.5}),
    "magic, sets of any size": (
        magic_jobs.job,
        FIVE | {"set_size_least": 2, "warp": "flow", "adversarial": "wgan_gp", "discriminator_norm": "layer"},
    ),
    "magic, unguided": (magic_jobs.job, {"batch": 2, "guidance": "unguided", "discriminator_norm": "batch"}),
}


@pytest.fixture(scope="module")
def leader() -> Iterator[Leader]:
    found = led(several("cpu,cpu"))
    yield found
    found.end()


def gradients(method: Method) -> dict[str, torch.Tensor]:
    """Their running means, which every gradient of every step is a part of."""
    return {name: tensor for name, tensor in method.state().tensors.items() if name.endswith("exp_avg")}


@pytest.mark.parametrize("name", STEPS)
def test_two_processes_do_what_one_does(name: str, leader: Leader, tmp_path: Path) -> None:
    make, options = STEPS[name]
    job = make(tmp_path, options)
    alone, shared = (method_class(job.method)(job, CPU) for _ in range(2))
    leader.refresh()
    for step in range(3):
        # What was rounded otherwise is not carried on: Adam makes of a gradient of 1e-9 as much as of one of 1.
        if step:
            shared.restore(alone.state())
            leader.refresh()
        expected, found = alone.step(step), leader.step(shared, job, step)
        assert not leader.failure
        assert expected.keys() == found.keys()
        for term, value in expected.items():
            assert float(found[term]) == pytest.approx(float(value), rel=1e-4, abs=ROUNDING), term
    wanted = gradients(alone)
    for key, tensor in gradients(shared).items():
        scale = max(1.0, float(wanted[key].abs().max()))
        assert (tensor - wanted[key]).abs().max() <= ROUNDING * scale, key


def test_both_are_held_near_the_network_that_comes_along(leader: Leader, tmp_path: Path) -> None:
    job = magic_jobs.as_it_comes(tmp_path, {"anchor_steps": 2, "precision": "float32"})
    alone, shared = (method_class("magic")(job, CPU) for _ in range(2))
    random = torch.Generator().manual_seed(0)
    state = alone.state()
    strayed = {
        name: tensor + 0.02 * torch.randn(tensor.shape, generator=random) if name.endswith("weight") else tensor
        for name, tensor in state.tensors.items()
    }
    state = State(strayed, state.plain | {"steps_done": 40})  # by which it is held as strongly as ever
    for method in (alone, shared):
        method.restore(state)
    leader.refresh()
    alone.step(40)
    leader.step(shared, job, 40)
    assert not leader.failure
    ours, theirs = alone.state(), shared.state()
    assert ours.plain["instant"]
    pulled = 0
    for name, tensor in ours.tensors.items():
        if name.startswith(("generator.", "discriminator.", "average.")):
            # Where a gradient is nothing but rounding, Adam makes a whole step of it.
            assert (theirs.tensors[name] - tensor).abs().max() <= 2e-3, name
            pulled += float((tensor - strayed[name]).abs().mean()) > 4e-3
    assert pulled > 10


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (famos_jobs.job, {"batch": 2, "balance_over": "canvas"}),
        (magic_jobs.as_it_comes, {"batch": 2, "anchor_steps": 2, "precision": "float32"}),
    ],
    ids=["famos", "magic near the network that comes along"],
)
def test_both_processes_stay_alike_without_being_told(
    make: Callable[..., Job], options: dict[str, Any], leader: Leader, tmp_path: Path
) -> None:
    """Else their steps would drift apart: what one of them does alone with its rows is the same sum."""
    job = make(tmp_path, options)
    straight, told = (method_class(job.method)(job, CPU) for _ in range(2))
    leader.refresh()
    for step in range(4):
        leader.step(straight, job, step)
    leader.refresh()
    for step in range(4):
        leader.step(told, job, step)
        leader.refresh()
    ours, theirs = straight.state().tensors, told.state().tensors
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_live_settings_reach_all(leader: Leader, tmp_path: Path) -> None:
    job = magic_jobs.job(tmp_path, {"batch": 2})
    alone, shared = (method_class("magic")(job, CPU) for _ in range(2))
    leader.refresh()
    for step, weight in enumerate((60.0, 200.0)):
        for method in (alone, shared):
            method.settings = method.settings.with_values({"content_weight": weight})
        alone.step(step)
        leader.step(shared, job, step)
    wanted, found = gradients(alone), gradients(shared)
    assert all((found[key] - wanted[key]).abs().max() < 1e-3 for key in found)


@pytest.mark.parametrize("key", ["texture", "neural_style"])
def test_methods_whose_loss_is_of_all_at_once_train_alone(key: str, leader: Leader, tmp_path: Path) -> None:
    job = JOBS[key](tmp_path)
    method, other = (method_class(key)(job, CPU) for _ in range(2))
    assert "alone" in leader.why_alone(method)
    assert {k: float(v) for k, v in leader.step(method, job, 0).items()} == {
        k: float(v) for k, v in other.step(0).items()
    }


def test_a_batch_of_one_patch_is_not_shared(leader: Leader, tmp_path: Path) -> None:
    job = famos_jobs.job(tmp_path, {"batch": 1})
    method = method_class("famos")(job, CPU)
    assert leader.why_alone(method).startswith("A batch of 1 can not be shared by 2 devices")
    assert leader.step(method, job, 0)
    assert leader.title.startswith("2 x CPU")
