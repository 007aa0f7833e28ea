"""Set attention and the ST-U-Net: no element knows its index, no pixel sees another's set, K is free."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.nn.layers import initialise
from engine.nn.set_attention import SetAttention
from engine.nn.set_unet import SetUNet, SetUNetShape


def attention(points: int, channels: int = 8, heads: int = 2) -> SetAttention:
    module = SetAttention(channels, heads, points)
    module.initialise(torch.Generator().manual_seed(0))
    return module.double()


def values(*size: int, seed: int = 1) -> Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer_norm(x: Tensor, eps: float = 1e-5) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()


def plain_block(block, x: Tensor, y: Tensor) -> Tensor:
    """MAB of one pixel, [L, C] and [S, C], as it stands in the paper (norms are fresh: weight 1, bias 0)."""
    channels, heads = x.shape[1], block.heads
    width = channels // heads
    query = x @ block.query.weight.T + block.query.bias
    key, value = (y @ block.key_value.weight.T + block.key_value.bias).split(channels, 1)
    parts = []
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        scores = query[:, part] @ key[:, part].T / math.sqrt(width)
        parts.append(scores.softmax(1) @ value[:, part])
    hidden = layer_norm(x + torch.cat(parts, 1) @ block.out.weight.T + block.out.bias)
    return layer_norm(hidden + (hidden @ block.feed_forward.weight.T + block.feed_forward.bias).relu())


@pytest.mark.parametrize("points", [0, 3])
def test_against_the_plain_formula_at_each_pixel(points: int) -> None:
    module = attention(points)
    x = values(2 * 5, 8, 3, 4)  # two sets of five
    given = module(x, 5)
    for patch in range(2):
        for row in range(3):
            for column in range(4):
                elements = x[patch * 5 : patch * 5 + 5, :, row, column]
                source = elements
                if module.points is not None:
                    source = plain_block(module.gather, module.points, elements)
                wanted = plain_block(module.hand_out, elements, source)
                assert torch.allclose(given[patch * 5 : patch * 5 + 5, :, row, column], wanted, atol=1e-10)


@pytest.mark.parametrize("points", [0, 3])
@pytest.mark.parametrize("count", [2, 7])
def test_permuting_the_elements_permutes_the_result(points: int, count: int) -> None:
    module = attention(points)
    x = values(count, 8, 4, 4)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(module(x[order], count), module(x, count)[order], atol=1e-12)


def test_elements_see_each_other_and_sets_do_not() -> None:
    module = attention(0)
    x = values(6, 8, 2, 2)  # two sets of three
    changed = x.clone()
    changed[1] += 1
    moved = (module(changed, 3) - module(x, 3)).abs().amax((1, 2, 3))
    assert (moved[:3] > 1e-6).all()
    assert (moved[3:] == 0).all()


def unet(shape: SetUNetShape, checkpointed: bool = False) -> SetUNet:
    network = SetUNet(shape, checkpointed)
    random = torch.Generator().manual_seed(0)
    initialise(network, random)
    for module in network.modules():
        if isinstance(module, SetAttention):
            module.initialise(random)
    return network.double()


SHAPES = [
    SetUNetShape(width=4, depth=2, heads=2, attention_from=1),
    SetUNetShape(width=4, depth=2, heads=2, guided=False, points=2),
    SetUNetShape(width=4, depth=2, heads=2, full_size=True, attention_from=0, out_channels=3),
    SetUNetShape(width=4, depth=3, heads=4, norm="instance", kernel=3),
    SetUNetShape(width=4, depth=2, heads=1, norm="none", attention_from=6),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.norm}-{shape.full_size}-{shape.points}")
def test_the_unet_permutes_with_its_set(shape: SetUNetShape) -> None:
    network = unet(shape)
    elements = values(2, 5, 3, 16, 24)
    content = values(2, 3, 16, 24, seed=3) if shape.guided else None
    order = torch.tensor([3, 1, 4, 0, 2])
    given = network(elements, content)
    assert given.shape == (2, 5, shape.out_channels, 16, 24)
    assert torch.allclose(network(elements[:, order], content), given[:, order], atol=1e-10)


def test_the_first_convolution_sees_the_content_of_its_patch() -> None:
    network = unet(SHAPES[0])
    elements, content = values(2, 3, 3, 16, 16), values(2, 3, 16, 16, seed=3)
    changed = content.clone()
    changed[1] += 1
    moved = (network(elements, changed) - network(elements, content)).abs().amax((2, 3, 4))  # [B, K]
    assert (moved[0] == 0).all()
    assert (moved[1] > 0).all()


@pytest.mark.slow
def test_computing_parts_twice_gives_the_same_gradients() -> None:
    shape = SetUNetShape(width=4, depth=2, heads=2, full_size=True, points=2)
    plain, spared = unet(shape), unet(shape, checkpointed=True)
    elements, content = values(1, 4, 3, 16, 16), values(1, 3, 16, 16, seed=3)
    for network in (plain, spared):
        network(elements, content).square().sum().backward()
    for (name, ours), theirs in zip(plain.named_parameters(), spared.parameters(), strict=True):
        assert ours.grad is not None, name
        assert torch.equal(ours.grad, theirs.grad), name  # type: ignore[arg-type]


def kept_bytes(work: Callable[[], Tensor]) -> int:
    """What autograd keeps of some work until its gradient is taken; the same memory counts once."""
    sizes: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = work()
    assert result.requires_grad
    return sum(sizes.values())


def test_computing_parts_twice_keeps_less() -> None:
    def kept(checkpointed: bool) -> int:
        network = unet(SetUNetShape(width=8, depth=3, heads=2, attention_from=1), checkpointed)
        return kept_bytes(lambda: network(values(1, 6, 3, 32, 32), values(1, 3, 32, 32)))

    assert kept(True) < 0.4 * kept(False)


def test_points_keep_less_than_a_third() -> None:
    x = values(50, 8, 16, 16).requires_grad_()
    full, through_points = (attention(points) for points in (0, 3))
    assert kept_bytes(lambda: through_points(x, 50)) < kept_bytes(lambda: full(x, 50)) / 3


@pytest.mark.slow
@pytest.mark.parametrize("points", [0, 2])
def test_gradients_against_differences(points: int) -> None:
    module = attention(points, channels=4)
    names = [name for name, _ in module.named_parameters()]

    def function(x: Tensor, *parameters: Tensor) -> Tensor:
        return torch.func.functional_call(module, dict(zip(names, parameters, strict=True)), (x, 3))

    x = values(3, 4, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(function, (x, *module.parameters()))


@pytest.mark.parametrize("count", [2, 3, 50])
def test_the_size_of_the_set_is_free(count: int) -> None:
    assert torch.isfinite(unet(SHAPES[0])(values(1, count, 3, 8, 8), values(1, 3, 8, 8))).all()
