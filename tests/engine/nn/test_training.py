"""What a step shares: Adam, whatever the memory of weights and gradients is laid out like."""

import pytest
import torch
from torch import nn

from engine.nn import training


@pytest.mark.parametrize("weights", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("gradients", [torch.contiguous_format, torch.channels_last])
def test_adam_does_not_depend_on_how_memory_is_laid_out(
    weights: torch.memory_format, gradients: torch.memory_format
) -> None:
    random = torch.Generator().manual_seed(0)
    start, bias = torch.randn(6, 5, 3, 3, generator=random), torch.randn(6, generator=random)
    slopes = [torch.randn(6, 5, 3, 3, generator=random) for _ in range(3)]
    exact = [nn.Parameter(part.double()) for part in (start, bias)]
    own = [nn.Parameter(start.contiguous(memory_format=weights)), nn.Parameter(bias.clone())]
    plain = torch.optim.Adam(exact, lr=1e-2, betas=(0.5, 0.999), fused=False)
    optimizer = training.adam(own, 1e-2)
    for slope in slopes:
        for parameters in (exact, own):
            parameters[0].grad = slope.to(parameters[0].dtype, memory_format=gradients)
            parameters[1].grad = slope.mean((1, 2, 3)).to(parameters[1].dtype)
        plain.step()
        optimizer.step()
    for found, wanted in zip(own, exact, strict=True):
        assert torch.allclose(found.double(), wanted, atol=1e-6)
    for part in ("exp_avg", "exp_avg_sq"):
        assert torch.allclose(optimizer.state[own[0]][part].double(), plain.state[exact[0]][part], atol=1e-6)


def test_what_is_slowed_moves_by_its_part_of_the_rate() -> None:
    weights = [nn.Parameter(torch.zeros(3)) for _ in range(2)]
    optimizer = training.adam(weights, 1.0)
    training.slowed(optimizer, weights[1], 0.1)
    for _ in range(2):
        training.descend(optimizer, (sum(weight.sum() for weight in weights),), 0.01)  # type: ignore[arg-type]
    assert torch.allclose(weights[0], torch.full((3,), -0.02))
    assert torch.allclose(weights[1], torch.full((3,), -0.002))


def test_moments_keep_their_place_in_memory() -> None:
    """They are restored in place, so an update has to write where they are."""
    weight = nn.Parameter(torch.randn(4, 3, 3, 3).contiguous(memory_format=torch.channels_last))
    optimizer = training.adam([weight], 1e-2)
    before = {part: tensor.data_ptr() for part, tensor in optimizer.state[weight].items()}
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    assert {part: tensor.data_ptr() for part, tensor in optimizer.state[weight].items()} == before
    assert optimizer.state[weight]["exp_avg"].abs().min() > 0
