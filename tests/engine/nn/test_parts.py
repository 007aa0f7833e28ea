"""What a processor paints in parts equals what it paints at once."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.nn.layers import initialise
from engine.nn.parts import InterruptedPainting, giving_way, in_parts
from engine.nn.set_unet import SetUNet, SetUNetShape


@pytest.mark.parametrize("dim", [0, 1, 2, 3])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_parts_equal_the_whole(dim: int, memory_format: torch.memory_format) -> None:
    x = torch.randn(5, 3, 7, 6).contiguous(memory_format=memory_format)
    with torch.no_grad():
        parts = in_parts(lambda a, b: a * b + 1, (x, x.double()), dim, part_bytes=1)
    assert parts.dtype == torch.float64
    assert torch.equal(parts, x * x.double() + 1)
    assert dim or parts.is_contiguous(memory_format=memory_format)


def test_what_a_gradient_needs_is_computed_at_once() -> None:
    calls = []
    x = torch.randn(4, 2, requires_grad=True)
    in_parts(lambda a: calls.append(len(a)) or a * 2, (x,), 0, part_bytes=1).sum().backward()
    assert calls == [4]
    assert x.grad is not None


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("shape", [
    SetUNetShape(width=8, depth=3, kernel=5),
    SetUNetShape(width=8, depth=2, attention_from=1, conditions=2),
    SetUNetShape(width=8, depth=1, full_size=True, points=2),
    SetUNetShape(width=8, depth=1),
])  # fmt: skip
def test_a_network_painted_in_parts_is_the_network(
    shape: SetUNetShape, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = SetUNet(shape)
    initialise(network, torch.Generator().manual_seed(0))
    random = torch.Generator().manual_seed(1)
    elements = torch.rand(batch, 3, 3, 32, 24, generator=random) * 2 - 1
    content = torch.rand(batch, 3, 32, 24, generator=random) * 2 - 1
    told = torch.tensor([0.5, -1.0]) if shape.conditions else None
    whole = network(elements, content, told).detach()
    monkeypatch.setattr(in_parts, "__defaults__", (1,))
    with torch.no_grad():
        parts = network(elements, content, told)
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-6)


def test_painting_gives_way() -> None:
    """As soon as it is asked to, and only inside of what asks."""
    x, waiting = torch.randn(4, 2), [False, False, True]
    seen: list[int] = []

    def part(a: Tensor) -> Tensor:
        seen.append(len(a))
        return a

    with torch.no_grad():
        with pytest.raises(InterruptedPainting), giving_way(lambda: waiting.pop(0)):
            in_parts(part, (x,), 0, part_bytes=1)
        assert seen == [1, 1]
        with giving_way(lambda: True), giving_way(lambda: False):
            in_parts(part, (x,), 0, part_bytes=1)
        assert torch.equal(in_parts(part, (x,), 0, part_bytes=1), x)
