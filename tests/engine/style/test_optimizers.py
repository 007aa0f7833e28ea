"""Adam and L-BFGS on losses whose minimum is known; their state is all that they need to go on."""

import pytest
import torch
from torch import Tensor

from engine.style.optimizers import Adam, Descent, Lbfgs

START = torch.tensor([-1.2, 1.0], dtype=torch.float64)


def rosenbrock(x: Tensor) -> tuple[Tensor, Tensor]:
    """The curved valley (Rosenbrock 1960); its minimum is 0 at (1, 1)."""
    x = x.detach().requires_grad_()
    loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    loss.backward()
    assert x.grad is not None
    return loss.detach(), x.grad


def test_lbfgs_finds_the_bottom_of_the_curved_valley() -> None:
    descent, x = Lbfgs(history=6, trials=8), START
    losses = []
    for _ in range(80):
        x = descent.step(x, rosenbrock, 0.1)
        losses.append(float(rosenbrock(x)[0]))
    assert losses == sorted(losses, reverse=True)
    assert torch.allclose(x, torch.ones(2, dtype=torch.float64), atol=1e-6)


def test_lbfgs_learns_the_curvature_of_a_quadratic() -> None:
    """A thousand to one between the directions: plain descent would need thousands of steps."""
    curves = torch.logspace(0, 3, 8, dtype=torch.float64)
    descent, x = Lbfgs(history=8, trials=8), torch.ones(8, dtype=torch.float64)
    for _ in range(60):
        x = descent.step(x, lambda y: ((curves * y.square()).sum() / 2, curves * y), 0.1)
    assert x.abs().max() < 1e-3


def test_a_loss_that_can_not_fall_leaves_the_picture() -> None:
    descent = Lbfgs(history=4)
    x = descent.step(START, lambda y: ((y - START).abs().sum(), torch.ones_like(y)), 0.1)
    assert torch.equal(x, START)
    assert torch.equal(descent.step(x, lambda y: (y.sum() * 0, torch.zeros_like(y)), 0.1), START)


@pytest.mark.parametrize("make", [Adam, lambda: Lbfgs(history=3)], ids=["adam", "lbfgs"])
def test_going_on_from_its_state_equals_going_on(make) -> None:
    ours: Descent = make()
    x = START
    for _ in range(6):
        x = ours.step(x, rosenbrock, 0.05)
    theirs: Descent = make()
    kept = {name: tensor.clone() for name, tensor in ours.tensors().items()}
    theirs.restore(kept, ours.plain())
    y = x.clone()
    for _ in range(6):
        x, y = ours.step(x, rosenbrock, 0.05), theirs.step(y, rosenbrock, 0.05)
        assert torch.equal(x, y)
    ours.reset()
    assert ours.tensors() == {}


def test_adam_goes_down() -> None:
    descent, x = Adam(), START
    for _ in range(300):
        x = descent.step(x, rosenbrock, 0.02)
    assert rosenbrock(x)[0] < 0.15 * rosenbrock(START)[0]
