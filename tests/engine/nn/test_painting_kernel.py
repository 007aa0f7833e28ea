"""What painting_*.c compute, against plain torch, which the gradients go through."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

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
        SetUNetShape(width=16, depth=3, conditions=5),
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


@torch.no_grad()
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (5, 16), (7, 39)])
def test_smoothing_is_that_of_torch(kernel: PaintingKernel, size: tuple[int, int], narrow: bool) -> None:
    planes = torch.randn(1, 3, *size, generator=_random())
    planes = planes.bfloat16() if narrow else planes
    shares = torch.tensor([0.1, 0.2, 0.4, 0.2, 0.1])
    around = functional.pad(planes.float(), (2, 2, 2, 2), mode="replicate").transpose(0, 1)
    expected = functional.conv2d(around, (shares[:, None] * shares)[None, None]).transpose(0, 1)
    torch.testing.assert_close(kernel.smoothed(planes, shares), expected, rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_what_is_smoothed_does_not_depend_on_where_a_tile_begins(kernel: PaintingKernel) -> None:
    planes, shares = torch.randn(1, 2, 40, 50, generator=_random()), torch.tensor([0.3, 0.4, 0.3])
    part = kernel.smoothed(planes[..., 4:30, 5:41], shares)
    assert torch.equal(part[..., 1:-1, 1:-1], kernel.smoothed(planes, shares)[..., 5:29, 6:40])


@torch.no_grad()
@pytest.mark.parametrize("channels", [16, 24, 32, 64])
@pytest.mark.parametrize("norm", [False, True])
def test_bfloat16_is_what_float32_computes_rounded(kernel: PaintingKernel, channels: int, norm: bool) -> None:
    x, added = _image(2, channels, 3, 5).bfloat16(), _image(1, channels, 3, 5)
    x[0, 0, 0, 0] = torch.nan
    scale, shift = torch.randn(2, channels, generator=_random())
    exact = kernel.normalised(x.float(), scale, shift, 0.2, norm, added)
    narrow = kernel.normalised(x, scale, shift, 0.2, norm, added)
    torch.testing.assert_close(narrow, exact.bfloat16(), rtol=0, atol=0, equal_nan=True)
