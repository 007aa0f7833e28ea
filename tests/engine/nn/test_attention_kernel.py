"""Attention among the elements of a set, compiled and in plain torch, against the formula in float64."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.nn import attention_kernel, set_attention
from engine.nn.attention_kernel import AttentionKernel
from engine.nn.set_attention import SetAttention


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> AttentionKernel:
    kernel = attention_kernel.load(tmp_path_factory.mktemp("kernel"))
    if kernel is None:
        pytest.skip("there is no C compiler")
    return kernel


def drawn(*size: int, seed: int) -> Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


def formula(inward: Tensor, heads: int) -> Tensor:
    """[B, K, P, 3 C] to [B, K, P, C], in the type of what is given."""
    query, key, value = (part.unflatten(-1, (heads, -1)) for part in inward.chunk(3, -1))
    shares = (torch.einsum("bkphd,blphd->bphkl", query, key) / query.shape[-1] ** 0.5).softmax(-1)
    return torch.einsum("bphkl,blphd->bkphd", shares, value).flatten(-2)


@pytest.mark.parametrize("count", [1, 2, 12, 33])
@pytest.mark.parametrize("pixels", [1, 16, 21])
@pytest.mark.parametrize(("channels", "heads"), [(4, 4), (6, 2), (20, 1), (32, 4), (64, 4), (72, 3)])
def test_both_ways_against_the_formula(
    count: int, pixels: int, channels: int, heads: int, compiled: AttentionKernel
) -> None:
    inward = 1.5 * drawn(2, count, pixels, 3 * channels, seed=count)
    gradient = drawn(2, count, pixels, channels, seed=pixels)
    exact = inward.double().requires_grad_()
    wanted = formula(exact, heads)
    (d_wanted,) = torch.autograd.grad(wanted, exact, gradient.double())
    assert torch.allclose(compiled.forward(inward, heads).double(), wanted, rtol=1e-5, atol=2e-5)
    assert torch.allclose(compiled.backward(inward, gradient, heads).double(), d_wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("channels", "heads"), [(20, 1), (32, 4), (64, 4)])
def test_bfloat16_is_rounded_once_each_way(channels: int, heads: int, compiled: AttentionKernel) -> None:
    inward = drawn(2, 12, 37, 3 * channels, seed=1).bfloat16()
    gradient = drawn(2, 12, 37, channels, seed=2).bfloat16()
    exact = inward.double().requires_grad_()
    wanted = formula(exact, heads)
    (d_wanted,) = torch.autograd.grad(wanted, exact, gradient.double())
    for found, true in (
        (compiled.forward(inward, heads), wanted),
        (compiled.backward(inward, gradient, heads), d_wanted),
    ):
        assert found.dtype == torch.bfloat16
        assert bool(((found.double() - true).abs() <= true.abs() / 256 + 1e-5).all())


@pytest.mark.parametrize("under_autocast", [False, True])
def test_a_layer_is_the_same_compiled_and_in_plain_torch(
    under_autocast: bool, compiled: AttentionKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = SetAttention(24, 3)
    layer.initialise(torch.Generator().manual_seed(3))
    start, towards = drawn(2 * 5, 24, 4, 6, seed=4), drawn(2 * 5, 24, 4, 6, seed=5)
    made = []
    for kernel in (compiled, None):
        monkeypatch.setattr(set_attention.attention_kernel, "kernel_for", lambda *_, kernel=kernel: kernel)
        x = start.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=under_autocast):
            result = layer(x, 5)
        made.append([result, *torch.autograd.grad((result.float() * towards).sum(), [x, *layer.parameters()])])
    for a, b in zip(*made, strict=True):
        atol = (0.05 if under_autocast else 1e-4) * b.detach().abs().max().item()
        assert torch.allclose(a.float(), b.float(), rtol=0, atol=atol)


def test_permuting_a_set_permutes_what_it_sees_and_its_gradient(compiled: AttentionKernel) -> None:
    inward, gradient = drawn(1, 7, 20, 96, seed=1), drawn(1, 7, 20, 32, seed=2)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(3))
    for plain, turned in (
        (compiled.forward(inward, 4), compiled.forward(inward[:, order].contiguous(), 4)),
        (
            compiled.backward(inward, gradient, 4),
            compiled.backward(inward[:, order].contiguous(), gradient[:, order], 4),
        ),
    ):
        assert torch.allclose(plain[:, order], turned, atol=1e-5)


def test_neither_other_pixels_nor_threads_change_a_bit(compiled: AttentionKernel) -> None:
    inward, gradient = drawn(3, 5, 50, 48, seed=1), drawn(3, 5, 50, 16, seed=2)
    before, made = torch.get_num_threads(), []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        made.append((compiled.forward(inward, 2), compiled.backward(inward, gradient, 2)))
    torch.set_num_threads(before)
    part = inward[1:2, :, 9:31].contiguous(), gradient[1:2, :, 9:31]
    alone = compiled.forward(part[0], 2), compiled.backward(*part, 2)
    for one, three, some in zip(*made, alone, strict=True):
        assert torch.equal(one, three)
        assert torch.equal(one[1:2, :, 9:31], some)


def test_what_is_no_number_stays_so_where_it_is(compiled: AttentionKernel) -> None:
    inward, gradient = drawn(1, 4, 20, 24, seed=1), torch.ones(1, 4, 20, 8)
    inward[0, 2, 13, 5] = torch.nan  # the query of one element
    result, back = compiled.forward(inward, 1), compiled.backward(inward, gradient, 1)
    assert result[0, 2, 13].isnan().all()
    assert int(result.isnan().any(-1).sum()) == 1
    assert bool(back[0, 2, 13].isnan().any())
    assert not back[0, :, 14:].isnan().any()


def test_large_scores_do_not_overflow(compiled: AttentionKernel) -> None:
    inward = 100 * drawn(1, 6, 16, 24, seed=1)
    assert torch.allclose(compiled.forward(inward, 1).double(), formula(inward.double(), 1), atol=1e-2)
    assert bool(compiled.backward(inward, torch.ones(1, 6, 16, 8), 1).isfinite().all())


def test_sets_that_fit_no_cache_are_left_to_torch() -> None:
    assert attention_kernel.kernel_for(torch.empty(1, 400, 1, 256), 4) is None


def test_a_second_gradient_is_refused_and_not_wrong(compiled: AttentionKernel, monkeypatch: pytest.MonkeyPatch) -> None:
    """No loss takes one through a set: gradient penalties are of the discriminator."""
    monkeypatch.setattr(set_attention.attention_kernel, "kernel_for", lambda *_: compiled)
    layer, x = SetAttention(8, 2), drawn(3, 8, 2, 2, seed=1).requires_grad_()
    (slope,) = torch.autograd.grad(layer(x, 3).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.square().sum().backward()


def test_without_a_compiler_there_is_no_kernel_and_no_error(tmp_path: Path) -> None:
    assert attention_kernel.load(tmp_path, compiler="no-such-compiler-anywhere") is None
