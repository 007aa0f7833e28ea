"""What painting.c computes, against plain torch, which the gradients go through."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.nn import painting_kernel
from engine.nn.painting_kernel import PaintingKernel
from engine.nn.parts import InterruptedPainting, giving_way
from engine.nn.set_attention import SetAttention
from engine.nn.set_unet import SetUNet, SetUNetShape


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> PaintingKernel:
    found = painting_kernel.load(tmp_path_factory.mktemp("kernel"))
    if found is None:
        pytest.skip("there is no C compiler here")
    return found


def _random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _image(*size: int) -> Tensor:
    return torch.randn(size, generator=_random(1)).to(memory_format=torch.channels_last)


def _attention(channels: int, heads: int) -> SetAttention:
    module = SetAttention(channels, heads)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3, generator=_random(parameter.numel()))
    return module


def _attended(kernel: PaintingKernel, module: SetAttention, x: Tensor, count: int) -> Tensor:
    elements = x.permute(0, 2, 3, 1).reshape(-1, count, x.shape[2] * x.shape[3], x.shape[1])
    result = kernel.attend(elements.contiguous(), module.hand_out.heads, module.hand_out.weights())
    return result.reshape(x.shape[0], x.shape[2], x.shape[3], -1).permute(0, 3, 1, 2)


@torch.no_grad()
@pytest.mark.parametrize(
    ("batch", "count", "channels", "heads", "side"),
    [(1, 16, 32, 4, 9), (2, 5, 12, 3, 4), (1, 3, 6, 6, 1), (1, 50, 16, 1, 3)],
)
def test_attention_is_that_of_torch(
    kernel: PaintingKernel,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
    count: int,
    channels: int,
    heads: int,
    side: int,
) -> None:
    module, x = _attention(channels, heads), _image(batch * count, channels, side, side + 1)
    monkeypatch.setattr(painting_kernel, "shared", lambda: None)
    expected = module(x, count)
    torch.testing.assert_close(_attended(kernel, module, x, count), expected, rtol=1e-4, atol=1e-5)
    narrow = _attended(kernel, module, x.bfloat16(), count)
    assert narrow.dtype == torch.bfloat16
    torch.testing.assert_close(narrow.float(), expected, rtol=0.05, atol=0.05)


@torch.no_grad()
def test_a_pixel_does_not_depend_on_others(kernel: PaintingKernel) -> None:
    module, x = _attention(16, 4), _image(5, 16, 6, 7)
    whole = _attended(kernel, module, x, 5)
    part = _attended(kernel, module, x[:, :, 2:5, 3:], 5)
    assert torch.equal(part, whole[:, :, 2:5, 3:])
    x[2, 3, 1, 1] = torch.nan
    poisoned = _attended(kernel, module, x, 5)
    assert poisoned[:, :, 1, 1].isnan().all()
    assert poisoned.isnan().sum() == 5 * 16


@torch.no_grad()
@pytest.mark.parametrize(
    "shape",
    [
        SetUNetShape(width=8, depth=2, conditions=5),
        SetUNetShape(width=8, depth=2, norm="none", full_size=True, attention_from=0),
        SetUNetShape(width=8, depth=3, guided=False, points=2, kernel=3),
        SetUNetShape(width=8, depth=2, norm="none", conditions=2),
    ],
)
def test_the_network_is_that_of_torch(
    kernel: PaintingKernel, monkeypatch: pytest.MonkeyPatch, shape: SetUNetShape
) -> None:
    network = SetUNet(shape)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0.05, 0.1, generator=_random(parameter.numel()))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    elements, content = torch.randn(1, 6, 3, 24, 32, generator=_random()), _image(1, 3, 24, 32)
    told = torch.linspace(-1, 1, shape.conditions)
    monkeypatch.setattr(painting_kernel, "shared", lambda: None)
    expected = network(elements, content, told)
    monkeypatch.setattr(painting_kernel, "shared", lambda: kernel)
    torch.testing.assert_close(network(elements, content, told), expected, rtol=1e-4, atol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = network(elements, content, told)
    assert (narrow.float() - expected).abs().mean() < 0.05 * expected.abs().mean()


def test_gradients_are_those_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def called() -> None:
        raise AssertionError("it has no gradients")

    monkeypatch.setattr(painting_kernel, "shared", called)
    _attention(8, 2)(_image(3, 8, 2, 2), 3).sum().backward()


@torch.no_grad()
def test_it_gives_way(kernel: PaintingKernel) -> None:
    with pytest.raises(InterruptedPainting), giving_way(lambda: True):
        _attended(kernel, _attention(8, 2), _image(3, 8, 2, 2), 3)


def test_without_a_compiler_there_is_none(tmp_path) -> None:
    assert painting_kernel.load(tmp_path, compiler="no-such-compiler") is None
    assert painting_kernel.load(tmp_path, compiler="false") is None
