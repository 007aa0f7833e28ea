"""Layers: the folded up-convolution equals the plain one; norms that are local are local."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from engine.nn.layers import ChannelLayerNorm, InstanceNorm, ResidualBlock, initialise, initialise_scaled
from engine.nn.training import fresh_statistics
from engine.nn.up_convolution import UpConvolution


@pytest.mark.parametrize("kernel", [3, 5, 7])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (6, 4)])
def test_folded_against_plain_convolution(kernel: int, size: tuple[int, int]) -> None:
    layer = UpConvolution(3, 4, kernel).double()
    initialise(layer, torch.Generator().manual_seed(0))
    layer.bias.data.normal_(generator=torch.Generator().manual_seed(1))
    x = torch.randn(2, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(2), requires_grad=True)
    plain = functional.conv2d(functional.interpolate(x, scale_factor=2), layer.weight, layer.bias, padding=kernel // 2)
    folded = layer(x)
    assert torch.allclose(folded, plain, atol=1e-12)
    towards = torch.randn(plain.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    leaves = (x, layer.weight, layer.bias)
    for a, b in zip(
        torch.autograd.grad((folded * towards).sum(), leaves),
        torch.autograd.grad((plain * towards).sum(), leaves),
        strict=True,
    ):
        assert torch.allclose(a, b, atol=1e-10)


@pytest.mark.parametrize("padding", ["circular", "replicate"])
def test_smooth_enlarging_is_linear_enlarging_and_a_convolution(padding: str) -> None:
    layer = UpConvolution(3, 4, 3, padding, smooth=True).double()  # type: ignore[arg-type]
    initialise_scaled(layer, torch.Generator().manual_seed(0))
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    around = functional.pad(x, (2, 2, 2, 2), mode=padding)
    enlarged = functional.interpolate(around, scale_factor=2, mode="bilinear", align_corners=False)[..., 3:-3, 3:-3]
    assert torch.allclose(layer(x), functional.conv2d(enlarged, layer.weight, layer.bias), atol=1e-12)


def test_layer_norm_acts_at_each_pixel() -> None:
    norm = ChannelLayerNorm(5)
    x = torch.randn(2, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    y = norm(x)
    assert torch.allclose(y.mean(1), torch.zeros(2, 4, 6), atol=1e-6)
    assert torch.allclose(y.var(1, unbiased=False), torch.ones(2, 4, 6), atol=1e-3)
    assert torch.allclose(norm(x[..., 2:4]), y[..., 2:4], atol=1e-7)


def test_a_residual_block_begins_as_the_identity() -> None:
    block = ResidualBlock(4, 3, "layer")
    x = torch.randn(1, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(x), x)


@pytest.mark.parametrize("padding", ["circular", "replicate"])
def test_folded_convolution_pads_like_the_plain_one(padding: str) -> None:
    layer = UpConvolution(3, 4, 5, padding).double()  # type: ignore[arg-type]
    initialise(layer, torch.Generator().manual_seed(0))
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    enlarged = functional.pad(functional.interpolate(x, scale_factor=2), (2, 2, 2, 2), mode=padding)
    assert torch.allclose(layer(x), functional.conv2d(enlarged, layer.weight, layer.bias), atol=1e-12)


def test_instance_norm_makes_each_sample_alike_and_is_local_once_frozen() -> None:
    norm = InstanceNorm(3)
    x = (
        torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        * torch.tensor([1.0, 5.0])[:, None, None, None]
    )
    y = norm(x)
    assert torch.allclose(y.mean((2, 3)), torch.zeros(2, 3), atol=1e-5)
    assert torch.allclose(y.var((2, 3), unbiased=False), torch.ones(2, 3), atol=1e-3)
    with fresh_statistics(norm):
        gathered = norm(x)
    assert torch.allclose(gathered.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    frozen = norm(x)
    assert torch.allclose(frozen, gathered, atol=2e-2)
    assert torch.allclose(norm(x[..., 2:5]), frozen[..., 2:5], atol=1e-6)


def test_scaled_weights_keep_the_size_of_what_passes() -> None:
    convolutions = [nn.Conv2d(48, 48, 3, padding=1, padding_mode="circular") for _ in range(6)]
    network = nn.Sequential(*[layer for convolution in convolutions for layer in (convolution, nn.ReLU())])
    initialise_scaled(network, torch.Generator().manual_seed(0))
    x = torch.randn(1, 48, 12, 12, generator=torch.Generator().manual_seed(1))
    assert 0.1 < network(x).square().mean() < 10


class _DrawsItself(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        nn.init.constant_(self.layer.weight, 5.0)

    def initialise(self, generator: torch.Generator) -> None:
        raise AssertionError("who has such a module calls it")


def test_full_layers_are_drawn_last_and_from_the_generator() -> None:
    def drawn(*layers: nn.Module) -> list[torch.Tensor]:
        network = nn.Sequential(*layers)
        initialise(network, torch.Generator().manual_seed(0))
        return [parameter.detach() for parameter in network.parameters()]

    torch.manual_seed(1)
    first = drawn(nn.Linear(5, 7), nn.Conv2d(3, 4, 3))
    torch.manual_seed(2)
    second = drawn(nn.Linear(5, 7), nn.Conv2d(3, 4, 3))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert 0.2 < float(first[0].abs().max()) <= 5**-0.5
    assert float(first[1].abs().max()) > 0, "biases, too"
    without = drawn(nn.Conv2d(3, 4, 3))
    assert torch.equal(first[2], without[0]), "a full layer changes no other weight"
    own = drawn(_DrawsItself(), nn.Conv2d(3, 4, 3))
    assert bool((own[0] == 5).all())
    assert torch.equal(own[2], without[0])
