"""Layer norm with a leaky ReLU behind it, compiled and in plain torch, against the formula in float64."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from engine.nn import layers, norm_kernel
from engine.nn.layers import ChannelLayerNorm, NormThenReLU, layer_norm_once, normed_then_relu, scaled_then_relu


@pytest.fixture
def compiled(tmp_path: Path) -> norm_kernel.NormKernel:
    kernel = norm_kernel.load(tmp_path)
    if kernel is None:
        pytest.skip("there is no C compiler")
    return kernel


def formula(x: Tensor, weight: Tensor, bias: Tensor, slope: float) -> Tensor:
    away = x - x.mean(1, keepdim=True)
    normed = away / (away.square().mean(1, keepdim=True) + 1e-5).sqrt()
    y = normed * weight[:, None, None] + bias[:, None, None]
    return torch.where(y > 0, y, slope * y)


def drawn(*size: int, seed: int) -> Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("path", ["plain torch", "compiled"])
@pytest.mark.parametrize("channels", [3, 5, 24, 40, 192])
@pytest.mark.parametrize("size", [(1, 1, 1), (2, 7, 5), (1, 24, 32)])
@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_against_the_formula(
    path: str,
    channels: int,
    size: tuple[int, int, int],
    slope: float,
    compiled: norm_kernel.NormKernel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layers.norm_kernel, "kernel_for", lambda *_: compiled if path == "compiled" else None)
    b, h, w = size
    start, towards = drawn(b, channels, h, w, seed=1), drawn(b, channels, h, w, seed=2)
    leaves = start, 1 + drawn(channels, seed=3) / 2, drawn(channels, seed=4) / 2
    exact = [leaf.double().requires_grad_() for leaf in leaves]
    own = [leaf.clone().requires_grad_() for leaf in leaves]
    wanted = formula(exact[0], exact[1], exact[2], slope)
    found = normed_then_relu(own[0].contiguous(memory_format=torch.channels_last), own[1], own[2], slope)
    assert torch.allclose(found.double(), wanted, atol=1e-5)
    theirs = torch.autograd.grad((wanted * towards).sum(), exact)
    ours = torch.autograd.grad((found * towards).sum(), own)
    for a, b_ in zip(ours, theirs, strict=True):
        assert (a.double() - b_).abs().max() <= 1e-6 + 1e-5 * theirs[1].abs().max() + 2e-4 * b_.abs().max()


@pytest.mark.parametrize("path", ["plain torch", "compiled"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("channels", [5, 16, 24, 40])
def test_scale_and_shift_without_a_norm(
    path: str, dtype: torch.dtype, channels: int, compiled: norm_kernel.NormKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers.norm_kernel, "kernel_for", lambda *_: compiled if path == "compiled" else None)
    start, towards = (drawn(2, channels, 9, 31, seed=seed).to(dtype) for seed in (1, 2))
    leaves = start, 1 + drawn(channels, seed=3) / 2, drawn(channels, seed=4) / 2
    exact = [leaf.double().requires_grad_() for leaf in leaves]
    own = [leaf.clone().requires_grad_() for leaf in leaves]
    wanted = nn.functional.leaky_relu(exact[0] * exact[1][:, None, None] + exact[2][:, None, None], 0.2)
    found = scaled_then_relu(own[0].contiguous(memory_format=torch.channels_last), own[1], own[2], 0.2)
    assert found.dtype == dtype
    rounding = 1e-6 if dtype == torch.float32 else 0.02
    ours, theirs = torch.autograd.grad(found, own, towards), torch.autograd.grad(wanted, exact, towards.double())
    for a, b in zip((found, *ours), (wanted, *theirs), strict=True):
        assert bool(((a.double() - b).abs() <= rounding * (1 + 20 * b.abs().max())).all())


@pytest.mark.parametrize("channels", [5, 32, 64])
def test_a_norm_without_relu_is_that_of_torch(
    channels: int, compiled: norm_kernel.NormKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers.norm_kernel, "kernel_for", lambda *_: compiled)
    leaves = drawn(2, 7, 30, channels, seed=1), drawn(channels, seed=2), drawn(channels, seed=3)
    exact = [leaf.double().requires_grad_() for leaf in leaves]
    own = [leaf.clone().requires_grad_() for leaf in leaves]
    wanted = nn.functional.layer_norm(exact[0], (channels,), exact[1], exact[2])
    found = layer_norm_once(*own)
    ours, theirs = (torch.autograd.grad(y.square().sum(), x) for y, x in ((found, own), (wanted, exact)))
    for a, b in zip((found, *ours), (wanted, *theirs), strict=True):
        assert torch.allclose(a.double(), b, rtol=1e-4, atol=1e-4 * b.detach().abs().max().item())


def test_bfloat16_is_rounded_once_each_way(compiled: norm_kernel.NormKernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers.norm_kernel, "kernel_for", lambda *_: compiled)
    start, towards = drawn(2, 24, 16, 16, seed=1).bfloat16(), drawn(2, 24, 16, 16, seed=2).bfloat16()
    weight, bias = 1 + drawn(24, seed=3) / 2, drawn(24, seed=4) / 2
    exact = [leaf.double().requires_grad_() for leaf in (start, weight, bias)]
    own = [leaf.clone().requires_grad_() for leaf in (start, weight, bias)]
    wanted = formula(exact[0], exact[1], exact[2], 0.2)
    found = normed_then_relu(own[0].contiguous(memory_format=torch.channels_last), own[1], own[2], 0.2)
    assert found.dtype == torch.bfloat16
    assert bool(((found.double() - wanted).abs() <= wanted.abs() / 256 + 1e-6).all())
    theirs = torch.autograd.grad((wanted * towards).sum(), exact)
    ours = torch.autograd.grad(found, own, towards)
    assert bool(((ours[0].double() - theirs[0]).abs() <= theirs[0].abs() / 256 + 1e-5).all())
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        assert torch.allclose(a.double(), b, rtol=1e-4, atol=1e-3)


def test_a_gradient_may_be_some_channels_of_another(compiled: norm_kernel.NormKernel) -> None:
    """As where what was normalised was joined to something else."""
    x, scale, shift = drawn(2, 9, 7, 24, seed=1), 1 + drawn(24, seed=2), drawn(24, seed=3)
    whole = drawn(2, 9, 7, 40, seed=4)
    _, statistics = compiled.forward(x, scale, shift, 0.2, 1e-5, kept=True)
    assert statistics is not None
    apart = compiled.backward(x, whole[..., 3:27], statistics, scale, shift, 0.2)
    dense = compiled.backward(x, whole[..., 3:27].contiguous(), statistics, scale, shift, 0.2)
    turned = whole[..., 3:27].permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    other = compiled.backward(x, turned, statistics, scale, shift, 0.2)
    for a, b, c in zip(apart, dense, other, strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a, c)


def test_the_number_of_threads_changes_nothing(compiled: norm_kernel.NormKernel) -> None:
    x, scale, shift, gradient = (
        drawn(3, 31, 17, 20, seed=1),
        drawn(20, seed=2),
        drawn(20, seed=3),
        drawn(3, 31, 17, 20, seed=4),
    )
    before, made = torch.get_num_threads(), []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        result, statistics = compiled.forward(x, scale, shift, 0.0, 1e-5, kept=True)
        assert statistics is not None
        made.append((result, *compiled.backward(x, gradient, statistics, scale, shift, 0.0)))
    torch.set_num_threads(before)
    for a, b in zip(*made, strict=True):
        assert torch.equal(a, b)


def test_what_is_no_number_stays_so_where_it_is(compiled: norm_kernel.NormKernel) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        x = drawn(1, 4, 4, 24, seed=1).to(dtype)
        x[0, 1, 2, 5] = torch.nan
        result, _ = compiled.forward(x, torch.ones(24), torch.zeros(24), 0.0, 1e-5, kept=False)
        assert result[0, 1, 2].isnan().all()
        assert int(result.isnan().any(-1).sum()) == 1


def test_layers_in_a_row_give_what_they_give_one_by_one() -> None:
    torch.manual_seed(0)
    row = NormThenReLU(
        nn.Conv2d(3, 8, 3, padding=1), ChannelLayerNorm(8), nn.LeakyReLU(0.2), nn.Conv2d(8, 4, 1), nn.Tanh()
    )
    x = drawn(2, 3, 6, 5, seed=1)
    assert torch.allclose(row(x), nn.Sequential(*row)(x), atol=1e-6)
    assert [*row.state_dict()] == [*nn.Sequential(*row).state_dict()]


def test_without_a_compiler_there_is_no_kernel_and_no_error(tmp_path: Path) -> None:
    assert norm_kernel.load(tmp_path, compiler="no-such-compiler-anywhere") is None
