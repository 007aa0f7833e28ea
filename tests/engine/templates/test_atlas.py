"""Templates against a slow reference; the mixture and its gradient against the plain formula, compiled or not."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine import losses
from engine.box import Box
from engine.templates import mix_kernel as kernels
from engine.templates.atlas import Atlas, Templates, shares
from engine.templates.mixture import mix, mix_only, weighted_sum
from engine.tiling import Edge, tiled

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> kernels.CompiledMixKernel:
    mix_kernel = kernels.load(tmp_path_factory.mktemp("kernel"))
    if mix_kernel is None:
        pytest.skip("no C compiler on this machine: the compiled mixture can not be built")
    return mix_kernel


def styles(seed: int = 0) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    return [
        torch.randint(0, 256, (3, h, w), dtype=torch.uint8, generator=random) for h, w in ((13, 7), (5, 21), (1, 1))
    ]


def templates(count: int, edge: Edge, seed: int = 1) -> Templates:
    return Templates.drawn(Atlas(styles(), CPU), count, [1, 2, 1], edge, torch.Generator().manual_seed(seed))


def slow_coordinate(index: int, length: int, edge: Edge) -> int:
    """Walks along the tiling one tile at a time."""
    tile = index // length
    inside = index - tile * length
    return length - 1 - inside if edge == "mirror" and tile % 2 else inside


def slow_template(memory: Templates, n: int, box: Box) -> Tensor:
    image = styles()[int(memory.image[n])]
    oy, ox = memory.offset[n].tolist()
    flip_y, flip_x = memory.flip[n].tolist()
    crop = torch.zeros(3, box.height, box.width)
    for i in range(box.height):
        for j in range(box.width):
            y, x = box.top + i + oy, box.left + j + ox
            y, x = (-1 - y if flip_y else y), (-1 - x if flip_x else x)
            crop[:, i, j] = image[
                :, slow_coordinate(y, image.shape[1], memory.edge), slow_coordinate(x, image.shape[2], memory.edge)
            ]
    return crop / 255


@given(st.integers(-500, 500), st.integers(1, 40), st.sampled_from(["wrap", "mirror"]))
def test_tiling_of_a_coordinate(index: int, length: int, edge: Edge) -> None:
    assert tiled(torch.tensor(index), length, edge) == slow_coordinate(index, length, edge)


@settings(max_examples=20)
@given(st.integers(-99, 99), st.integers(-99, 99), st.sampled_from(["wrap", "mirror"]))
def test_template_crops_against_a_slow_reference(top: int, left: int, edge: Edge) -> None:
    memory = templates(5, edge)
    box = Box(top, left, 9, 11)
    crops = memory.at(box)
    for n in range(5):
        assert torch.allclose(crops[n], slow_template(memory, n, box))


@settings(max_examples=20)
@given(st.integers(-99, 99), st.integers(-99, 99), st.sampled_from(["wrap", "mirror"]))
def test_crops_of_templates_agree(top: int, left: int, edge: Edge) -> None:
    memory = templates(4, edge)
    outer, inner = Box(top, left, 16, 16), Box(top + 3, left + 5, 8, 8)
    rows, columns = inner.within(outer)
    assert torch.equal(memory.at(outer)[..., rows, columns], memory.at(inner))


def test_mirrored_templates_are_continuous_and_wrapped_ones_periodic() -> None:
    image = torch.arange(0, 250, 10, dtype=torch.uint8)[None, None].expand(3, 5, 25)
    atlas = Atlas([image], CPU)
    zero = torch.zeros(1, 2)
    mirrored = Templates(atlas, torch.tensor([0]), zero.long(), zero.bool(), "mirror").at(Box(0, -60, 1, 160))[0, 0, 0]
    assert (mirrored.diff().abs() <= 10 / 255 + 1e-6).all()
    wrapped = Templates(atlas, torch.tensor([0]), zero.long(), zero.bool(), "wrap").at(Box(0, -60, 1, 160))[0, 0, 0]
    assert torch.equal(wrapped[25:], wrapped[:-25])


def plain_mixture(logits: Tensor, crops: Tensor, temperature: float) -> tuple[Tensor, ...]:
    """The formulas as they stand in the paper, in float64."""
    weights = (logits / temperature).softmax(1)
    collage = (weights[:, :, None] * crops).sum(1)
    entropy = -(weights * weights.log()).sum(1).mean() / math.log(weights.shape[1])
    right = (weights[..., 1:] - weights[..., :-1]).abs().sum(1)
    lower = (weights[..., 1:, :] - weights[..., :-1, :]).abs().sum(1)
    right, lower = (each.mean() if each.numel() else each.sum() for each in (right, lower))
    return collage, entropy, right + lower, weights.mean((2, 3)), weights


@pytest.mark.parametrize("path", ["plain torch", "compiled"])
@pytest.mark.parametrize("temperature", [0.25, 1.0])
@pytest.mark.parametrize("edge", ["wrap", "mirror"])
@pytest.mark.parametrize("size", [(19, 23), (5, 32), (3, 121), (1, 1)])
def test_the_mix_and_its_gradient_against_the_plain_formula(
    path: str, temperature: float, edge: Edge, size: tuple[int, int], request: pytest.FixtureRequest
) -> None:
    mix_kernel = request.getfixturevalue("compiled") if path == "compiled" else None
    memory = templates(11, edge)
    tops, lefts = torch.tensor([4, -31]), torch.tensor([-9, 70])
    view = memory.view(tops, lefts, *size)
    crops = view.crops(0, 11).double()
    random = torch.Generator().manual_seed(5)
    start = torch.randn(2, 11, *size, generator=random, dtype=torch.float64) * 2
    towards = torch.randn(2, 3, *size, generator=random, dtype=torch.float64)

    def loss(collage: Tensor, entropy: Tensor, variation: Tensor, usage: Tensor) -> Tensor:
        regularisers = 2 * entropy + 3 * variation + 5 * losses.balance(usage) + 7 * losses.diversity(usage)
        return (collage * towards).mean() + regularisers + losses.largest_share(usage)

    exact = start.clone().requires_grad_()
    wanted = plain_mixture(exact, crops, temperature)
    loss(*wanted[:4]).backward()
    logits = start.float().requires_grad_()
    given_ = mix(logits, view, temperature, mix_kernel)
    loss(*given_[:4]).backward()
    for name, a, b in zip(given_._fields, given_, wanted, strict=True):
        assert torch.allclose(a.double(), b, atol=5e-6), name
    assert exact.grad is not None
    assert logits.grad is not None
    assert (logits.grad.double() - exact.grad).abs().max() < 2e-5 * exact.grad.abs().max() + 1e-8


def test_both_paths_paint_alike_and_do_not_depend_on_the_batch(compiled: kernels.CompiledMixKernel) -> None:
    memory = templates(6, "mirror")
    logits = torch.randn(2, 6, 24, 40, generator=torch.Generator().manual_seed(2))
    view = memory.view(torch.tensor([0, 9]), torch.tensor([7, -3]), 24, 40)
    slow, fast = mix_only(logits, view, 0.5, None), mix_only(logits, view, 0.5, compiled)
    assert torch.allclose(slow[0], fast[0], atol=1e-5)
    assert torch.allclose(slow[1], fast[1], atol=1e-5)
    alone = mix_only(logits[1:], memory.view(torch.tensor([9]), torch.tensor([-3]), 24, 40), 0.5, compiled)
    assert torch.equal(alone[0][0], fast[0][1])


def test_the_compiled_mixture_does_not_hide_what_is_no_number(compiled: kernels.CompiledMixKernel) -> None:
    memory = templates(4, "wrap")
    logits = torch.zeros(1, 4, 8, 8)
    logits[0, 2, 3, 5] = torch.nan
    result = mix(logits, memory.view(torch.tensor([0]), torch.tensor([0]), 8, 8), 1.0, compiled)
    assert result.collage[0, :, 3, 5].isnan().all()
    assert result.entropy.isnan()
    assert not result.collage[0, :, 0, 0].isnan().any()


def test_the_mix_does_not_depend_on_the_number_of_threads(compiled: kernels.CompiledMixKernel) -> None:
    memory = templates(9, "mirror")
    logits = torch.randn(2, 9, 31, 17, generator=torch.Generator().manual_seed(3))
    view = memory.view(torch.tensor([0, 5]), torch.tensor([0, 5]), 31, 17)
    threads = torch.get_num_threads()
    results = []
    for count in (1, 3):
        torch.set_num_threads(count)
        again = kernels.CompiledMixKernel(compiled._library)
        leaf = logits.clone().requires_grad_()
        made = mix(leaf, view, 0.7, again)
        (made.collage.sum() + made.entropy + made.variation + losses.balance(made.usage)).backward()
        results.append((*made, leaf.grad))
    torch.set_num_threads(threads)
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("size", [(31, 17), (7, 130), (1, 5)])
@pytest.mark.parametrize("threads", [1, 3, 5])
def test_a_gradient_in_the_memory_of_the_mixture_is_the_same(
    threads: int, size: tuple[int, int], compiled: kernels.CompiledMixKernel
) -> None:
    view = templates(9, "mirror").view(torch.tensor([0, 5]), torch.tensor([0, 5]), *size)
    start = torch.randn(2, 9, *size, generator=torch.Generator().manual_seed(3)) * 2
    before, gradients = torch.get_num_threads(), []
    torch.set_num_threads(threads)
    try:
        for overwrite in (False, True):
            leaf = start.clone().requires_grad_()
            logits = leaf * 1
            made = mix(logits, view, 0.7, compiled, overwrite)
            loss = made.collage.square().sum() + made.entropy + 3 * made.variation + losses.balance(made.usage)
            (gradient,) = torch.autograd.grad(loss, logits, retain_graph=True)
            assert (gradient.data_ptr() == logits.data_ptr()) == overwrite
            gradients.append(gradient.clone())
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*gradients)
    with pytest.raises(RuntimeError, match="was taken before"):
        torch.autograd.grad(loss, logits)


def test_pooled_mixture_against_pooled_crops() -> None:
    memory = templates(10, "wrap")
    view = memory.view(torch.tensor([2]), torch.tensor([3]), 16, 24)
    crops = torch.nn.functional.avg_pool2d(view.crops(0, 10)[0], 4)
    weights = torch.rand(1, 10, 4, 6, generator=torch.Generator().manual_seed(0)).softmax(1).requires_grad_()
    mixed = weighted_sum(weights, view, 4)
    assert torch.allclose(mixed[0], (weights[0][:, None] * crops).sum(0), atol=1e-6)
    mixed.square().sum().backward()
    assert weights.grad is not None
    assert torch.allclose(weights.grad[0], (2 * mixed[0] * crops).sum(1), atol=1e-4)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=6), st.integers(1, 60))
def test_templates_are_handed_out_by_weight(weights: list[float], count: int) -> None:
    given_ = shares(weights, count)
    total = sum(weights)
    assert len(given_) == count
    for index, weight in enumerate(weights):
        part = weight / total if total > 0 else 1 / len(weights)
        assert abs(given_.count(index) - part * count) <= len(weights)


def test_without_a_compiler_there_is_no_kernel_and_no_error(tmp_path) -> None:
    assert kernels.load(tmp_path, compiler="no-such-compiler-anywhere") is None
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert kernels.load(tmp_path, compiler=str(broken)) is None
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
