"""Perceptual networks and statistics: what they see, how far, and that tiles and regions add up."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.box import Margin
from engine.errors import BadWeightsError, MissingWeightsError
from engine.style import weights
from engine.style.comparing import geometric
from engine.style.filters import Filters
from engine.style.gram import Gram, Link, links_of
from engine.style.networks import open_network
from engine.style.perceptual import Perceptual
from engine.style.sliced import ROUNDING, Sliced
from engine.style.statistics import Statistic, Target
from engine.style.vgg import Vgg19
from engine.style.weights import sha256

CPU = torch.device("cpu")
# Where torchvision's vgg19().features has its convolutions, by hand from its published layout.
PLACES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def image(height: int, width: int, seed: int = 0, batch: int = 1) -> Tensor:
    coarse = torch.rand(batch, 3, -(-height // 6), -(-width // 6), generator=generator(seed), dtype=torch.float64)
    fine = torch.rand(batch, 3, height, width, generator=generator(seed + 1), dtype=torch.float64)
    return 0.7 * functional.interpolate(coarse, (height, width), mode="bilinear") + 0.3 * fine


def tiny_vgg(padding: str = "replicate", pooling: str = "average") -> Vgg19:
    network = Vgg19(pooling, padding, widths=(3, 4, 4, 5, 5)).double()  # type: ignore[arg-type]
    random = generator(3)
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=random) * (0.3 if parameter.dim() > 1 else 0.1))
    return network


def tiny_filters(padding: str = "replicate", rectified: bool = False, levels: int = 3) -> Filters:
    return Filters(4, levels, rectified, False, generator(4), padding).double()  # type: ignore[arg-type]


NETWORKS = {"vgg19": tiny_vgg, "filters": tiny_filters}


# ---------------------------------------------------------------- the file


def stored(path: Path, **changes: Tensor | None) -> Path:
    """A file of torchvision's keys and shapes; one number each is stored, repeated."""
    shapes = {}
    widths = (3, 64, 64, 128, 128, 256, 256, 256, 256, *[512] * 8)
    for index, place in enumerate(PLACES):
        shapes[f"features.{place}.weight"] = (widths[index + 1], widths[index], 3, 3)
        shapes[f"features.{place}.bias"] = (widths[index + 1],)
    for place, (rows, columns) in {0: (4096, 25088), 3: (4096, 4096), 6: (1000, 4096)}.items():
        shapes[f"classifier.{place}.weight"], shapes[f"classifier.{place}.bias"] = (rows, columns), (rows,)
    values = {key: torch.full((1,), 0.01).expand(shape) for key, shape in shapes.items()} | changes
    torch.save({key: value for key, value in values.items() if value is not None}, path)
    return path


def test_it_reads_torchvisions_file(tmp_path: Path) -> None:
    path = stored(tmp_path / "vgg19-dcbb9e9d.pth")
    network = Vgg19()
    network.load(path, prefix=sha256(path)[:8])
    assert all((tensor == 0.01).all() for tensor in network.state_dict().values())
    assert [tuple(network(torch.zeros(1, 3, 32, 32), [layer])[layer].shape) for layer in ("conv1_2", "conv5_4")] == [
        (1, 64, 32, 32),
        (1, 512, 2, 2),
    ]


def test_other_files_are_named_with_the_remedy(tmp_path: Path) -> None:
    network = Vgg19()
    path = stored(tmp_path / "a.pth")
    with pytest.raises(BadWeightsError, match=r"a\.pth is damaged or another file: .* dcbb9e9d.*Delete it"):
        network.load(path)
    for name, changes in {
        "lacking.pth": {"features.34.weight": None},
        "shaped.pth": {"features.0.weight": torch.zeros(64, 3, 5, 5)},
    }.items():
        other = stored(tmp_path / name, **changes)
        with pytest.raises(BadWeightsError, match=f"{name} belongs to another network"):
            network.load(other, prefix="")
    broken = tmp_path / "broken.pth"
    broken.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(BadWeightsError, match=r"broken\.pth is not a file of network weights"):
        network.load(broken, prefix="")
    with pytest.raises(BadWeightsError, match="could not be read"):
        network.load(tmp_path / "none.pth")


def test_a_file_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "touched",)

    path = tmp_path / "trap.pth"
    torch.save({"features.0.weight": Trap()}, path)
    with pytest.raises(BadWeightsError):
        Vgg19().load(path, prefix="")
    assert not (tmp_path / "touched").exists()


def test_without_the_file_its_name_size_and_place_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    with pytest.raises(MissingWeightsError) as told:
        open_network("vgg19", statistic="gram", random=generator(), device=CPU)
    for part in ("575 MB", str(tmp_path / "vgg19-dcbb9e9d.pth"), "Built-in filters"):
        assert part in str(told.value)


# ---------------------------------------------------------------- what is seen


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_vgg_equals_the_plain_layers(pooling: str) -> None:
    network = tiny_vgg(pooling=pooling)
    x = image(48, 64)
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], dtype=torch.float64)[
        :, :, None, None
    ]
    plain, place = (x - mean) / deviation, 0
    found = network(x)
    for block, depth in enumerate((2, 2, 4, 4, 4), 1):
        for number in range(1, depth + 1):
            weight, bias = (network.state_dict()[f"features.{PLACES[place]}.{name}"] for name in ("weight", "bias"))
            plain = functional.relu(functional.conv2d(functional.pad(plain, (1,) * 4, mode="replicate"), weight, bias))
            torch.testing.assert_close(found[f"conv{block}_{number}"], plain, rtol=1e-10, atol=1e-10)
            place += 1
        plain = (nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2))(plain)


@pytest.mark.parametrize("kind", NETWORKS)
def test_no_activation_looks_further_than_its_reach(kind: str) -> None:
    """Poison beside a margin of the reach never arrives; poison just inside it does."""
    network: Perceptual = NETWORKS[kind]()
    for layer in network.layers[:: 3 if kind == "vgg19" else 1]:
        reach, stride = network.layer_receptive_px(layer), network.strides[layer]
        reach = -(-reach // stride) * stride
        x = image(2 * reach + 4 * stride, 2 * reach + 2 * stride)
        x[..., : 2 * stride, :] = torch.nan
        seen = network(x, [layer])[layer].isnan().any(1)[0].any(1)  # [h]
        assert not seen[2 + reach // stride :].any()
        assert seen[: 2 + (network.layer_receptive_px(layer) - stride + 1) // stride].all()


@pytest.mark.parametrize("kind", NETWORKS)
def test_valid_counts_only_what_no_padding_touched(kind: str) -> None:
    x = image(96, 112)
    networks = [NETWORKS[kind]("valid"), NETWORKS[kind]("circular")]
    for layer in networks[0].layers[:9]:
        a, b = (network(x, [layer])[layer] for network in networks)
        seen = networks[0].extract(x, [layer])
        stride = networks[0].strides[layer]
        inner_a, inner_b = (seen.core(values, stride, layer) for values in (a, b))
        assert inner_a.numel()
        torch.testing.assert_close(inner_a, inner_b)
        assert not torch.allclose(a, b)


@pytest.mark.parametrize("kind", NETWORKS)
def test_circular_padding_sees_a_tileable_picture_everywhere_alike(kind: str) -> None:
    network = NETWORKS[kind]("circular")
    x = image(64, 64)
    for layer, values in network(x).items():
        moved = network(x.roll((16, 32), (2, 3)), [layer])[layer]
        stride = network.strides[layer]
        torch.testing.assert_close(moved, values.roll((16 // stride, 32 // stride), (2, 3)))


@pytest.mark.parametrize("kind", NETWORKS)
def test_masks_keep_their_sum_and_blur_with_depth(kind: str) -> None:
    network = NETWORKS[kind]()
    half = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
    half[..., :32] = 1
    carried = network.masks(torch.cat([half, 1 - half], 1))
    blurred = []
    for layer, mask in carried.items():
        assert mask.shape[2] == 64 // network.strides[layer]
        torch.testing.assert_close(mask.sum(1), torch.ones_like(mask[:, 0]))
        blurred.append(float(((mask[0, 0, 0] > 0.01) & (mask[0, 0, 0] < 0.99)).double().mean()))
    assert blurred == sorted(blurred)
    assert blurred[-1] > blurred[0]


def test_normalised_filters_have_a_mean_activation_of_one() -> None:
    network = tiny_vgg()
    images = [image(64, 48, 1), image(50, 70, 2)]
    network.normalise(images)
    for layer in network.layers:
        mean = torch.stack([network(x, [layer])[layer].abs().mean((0, 2, 3)) for x in images]).mean(0)
        assert all(abs(value - 1) < 1e-9 or value < 1e-6 for value in mean.tolist())


def test_only_free_filters_change() -> None:
    free, fixed = tiny_filters(), Filters(4, 1, True, True, generator(4))
    before = free.weight.clone(), fixed.weight.clone()
    free.refresh(generator(9))
    fixed.refresh(generator(9))
    assert not torch.equal(free.weight, before[0])
    assert torch.equal(fixed.weight, before[1])
    torch.testing.assert_close(free.weight.flatten(2).norm(dim=2), torch.ones(3, 4, dtype=torch.float64))


def adapted(picture: Tensor, detail: float, filters: int = 8, levels: int = 1) -> Filters:
    network = Filters(filters, levels, rectified=False, fixed=False, random=generator(4), detail=detail)
    network.adapt([picture], generator(5))
    return network


def test_adapted_filters_are_patches_of_the_style() -> None:
    """Without whitening: each is a patch of the picture, up to its mean and its length."""
    picture = image(19, 23).float()
    patches = functional.unfold(picture, 7)[0].T  # [P, 147]
    patches = functional.normalize(patches - patches.mean(0), dim=1)
    filters = functional.normalize(adapted(picture, 0.0).weight[0].flatten(1), dim=1)
    assert (filters @ patches.T).amax(1).min() > 0.999


def test_whitened_filters_look_at_fine_patterns_more() -> None:
    picture = image(64, 64).float()

    def fineness(detail: float) -> float:
        weight = adapted(picture, detail, filters=64).weight
        return float(weight.diff(dim=-1).square().sum() / weight.square().sum())

    assert fineness(0.0) < fineness(0.5) < fineness(1.0)


@pytest.mark.parametrize("detail", [0.0, 0.6, 1.0])
def test_adapted_filters_answer_the_style_as_strongly_as_random_ones(detail: float) -> None:
    """Within a factor that the weights of other terms bear."""
    picture = image(64, 64).float()
    plain = Filters(64, 1, rectified=False, fixed=False, random=generator(4))(picture)["level1"]
    suited = adapted(picture, detail, filters=64)(picture)["level1"]
    ratio = suited.std((0, 2, 3)).mean() / plain.std((0, 2, 3)).mean()
    assert 0.5 < ratio < 8


def test_adapted_filters_depend_on_the_seed_and_change_at_each_refresh() -> None:
    picture = image(40, 40).float()
    one, same = adapted(picture, 0.6), adapted(picture, 0.6)
    assert torch.equal(one.weight, same.weight)
    before = one.weight.clone()
    one.refresh(generator(9))
    assert not torch.equal(one.weight, before)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_small_and_plain_styles_can_be_adapted_to(value: float) -> None:
    network = adapted(torch.full((1, 3, 9, 12), value), 0.6, levels=4)
    assert torch.isfinite(network.weight).all()
    assert torch.isfinite(network(image(32, 32).float())["level4"]).all()


# ---------------------------------------------------------------- statistics


def sorted_distance(a: Tensor, b: Tensor) -> Tensor:
    """Wasserstein distance by plain sorting of [C, P] and [C, Q]."""
    grid = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    return (torch.quantile(a, grid, 1) - torch.quantile(b, grid, 1)).abs().mean()


@pytest.mark.parametrize("kind", NETWORKS)
def test_sliced_agrees_with_sorting(kind: str) -> None:
    network = NETWORKS[kind]()
    for name, bias in network.named_parameters():
        if name.endswith("bias"):
            bias.fill_(5)  # no values are cut off by a ReLU: sorting would spread them over places that mean nothing
    layers = network.layers[:4:2]
    statistic = Sliced(layers)
    style, other = image(70, 60, 1), image(48, 90, 7) ** 2
    found = statistic.losses(network.extract(other, layers), statistic.target([[network.extract(style, layers)]]))
    for layer in layers:
        values = [network(x, [layer])[layer][0].flatten(1) for x in (other, style)]
        expected = float(sorted_distance(*values))
        assert abs(float(found[layer]) - expected) < 0.02 * expected + ROUNDING / 2


def test_a_picture_that_equals_the_style_is_at_rest() -> None:
    network = tiny_filters()
    style = image(64, 64)
    for statistic in (Sliced(network.layers), Gram(links_of(network.layers, "chain"))):
        target = statistic.target([[network.extract(style)]])
        x = style.clone().requires_grad_()
        total = sum(statistic.losses(network.extract(x), target).values())
        assert isinstance(total, Tensor)
        total.backward()
        assert float(total.detach()) < 1e-6
        assert x.grad is not None
        away = (style * 0.9).requires_grad_()
        sum(statistic.losses(network.extract(away), target).values()).backward()  # type: ignore[union-attr]
        assert x.grad.norm() < 0.05 * away.grad.norm()  # type: ignore[union-attr]


STATISTICS = {
    "sliced": lambda layers: Sliced(layers),
    "each": lambda layers: Gram(links_of(layers, "each"), -1.0),
    "chain blurred": lambda layers: Gram(links_of(layers, "chain", blurred=True)),
    "to content, adjacent": lambda layers: Gram(links_of(layers, "to_content", content=layers[1]), adjacent=True),
}


@pytest.mark.parametrize("kind", STATISTICS)
@pytest.mark.parametrize("masked", [False, True])
def test_losses_of_a_batch_are_the_mean_of_its_images(kind: str, masked: bool) -> None:
    network = tiny_filters()
    statistic: Statistic = STATISTICS[kind](network.layers)
    mask = (torch.arange(48)[None, None, None] < torch.tensor([20, 48])[None, :, None, None]).expand(1, 2, 64, 48)
    mask = torch.cat([mask[:, :1], ~mask[:, :1]], 1).double() if masked else None
    target = statistic.target([[network.extract(image(64, 48, 5), mask=mask)]])
    batch = image(64, 48, 2, batch=3)
    together = statistic.losses(network.extract(batch, mask=mask), target)
    apart = [statistic.losses(network.extract(x[None], mask=mask), target) for x in batch]
    assert set(together) == set(statistic.names)
    for name, value in together.items():
        torch.testing.assert_close(value, torch.stack([terms[name] for terms in apart]).mean())


@pytest.mark.parametrize("kind", STATISTICS)
def test_sums_of_two_tiles_are_those_of_the_whole(kind: str) -> None:
    network = tiny_filters()
    statistic: Statistic = STATISTICS[kind](network.layers)
    x = image(128, 64, 2)
    target = statistic.target([[network.extract(image(64, 64, 5))]])
    whole = statistic.sums(network.extract(x), target)
    upper = network.extract(x[:, :, :96], halo=Margin(0, 0, 32, 0))
    lower = network.extract(x[:, :, 32:], halo=Margin(32, 0, 0, 0))
    tiles = statistic.sums(upper, target) + statistic.sums(lower, target)
    for name in statistic.names:
        torch.testing.assert_close(tiles.sums[name], whole.sums[name])
        torch.testing.assert_close(tiles.weights[name], whole.weights[name])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", STATISTICS)
def test_it_does_not_matter_how_many_pieces_of_a_picture_are_seen_at_once(kind: str, masked: bool) -> None:
    network = tiny_filters()
    statistic: Statistic = STATISTICS[kind](network.layers)
    pieces = image(32, 32, 2, batch=5)
    mask = torch.cat([x > 0.5 for x in (pieces[:, :1], 1 - pieces[:, :1])], 1).double() if masked else None

    def target(*counts: int) -> Target:
        batches, first = [], 0
        for count in counts:
            cut = slice(first, first + count)
            batches.append(network.extract(pieces[cut], mask=None if mask is None else mask[cut]))
            first += count
        return statistic.target([batches])

    alone = target(1, 1, 1, 1, 1)
    for counts in ((3, 2), (1, 4), (5,)):
        together = target(*counts)
        for name in statistic.names:
            torch.testing.assert_close(together.means[name], alone.means[name])


def test_regions_are_matched_apart() -> None:
    """Two halves that are exchanged have the same values in all, and are at rest only with the right regions."""
    network = tiny_filters(levels=1)
    style = torch.cat([image(32, 32, 1) * 0.3, image(32, 32, 2) * 0.3 + 0.7], 3)
    swapped = style.flip(3)
    left = (torch.arange(64) < 32).double().expand(1, 1, 32, 64)
    mask = torch.cat([left, 1 - left], 1)
    network.weight.copy_(network.weight.mean((3, 4), keepdim=True).expand_as(network.weight))  # blind to direction
    for statistic in (Sliced(network.layers), Gram(links_of(network.layers, "each"))):
        target = statistic.target([[network.extract(style, mask=mask)]])
        right = statistic.losses(network.extract(swapped, mask=mask.flip(1)), target)["level1"]
        wrong = statistic.losses(network.extract(swapped, mask=mask), target)["level1"]
        assert right < 0.05 * wrong


def test_an_empty_region_contributes_nothing() -> None:
    network = tiny_filters(levels=1)
    ones, zeros = torch.ones(1, 1, 32, 32, dtype=torch.float64), torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    x = image(32, 32, 4)
    for statistic in (Sliced(network.layers), Gram(links_of(network.layers, "each"))):
        losses = []
        for style_mask, mask in ((ones, ones), (torch.cat([ones, zeros], 1), torch.cat([ones, zeros], 1))):
            target = statistic.target([[network.extract(image(40, 32, 3), mask=_sized(style_mask, 40))]])
            losses.append(statistic.losses(network.extract(x, mask=mask), target)["level1"])
        torch.testing.assert_close(losses[0], losses[1])
        assert torch.isfinite(losses[1])


def _sized(mask: Tensor, height: int) -> Tensor:
    return mask[:, :, :1].expand(-1, -1, height, -1)


def test_links_are_those_of_the_papers_table() -> None:
    layers = ("a", "b", "c", "d")
    assert [link.name for link in links_of(layers, "each")] == ["a", "b", "c", "d"]
    assert [link.name for link in links_of(layers, "chain")] == ["a-b", "b-c", "c-d"]
    assert links_of(layers, "to_content", True, "c") == (
        Link("a", "c", 2),
        Link("b", "c", 1),
        Link("c", "c", 0),
        Link("c", "d", 1),
    )
    assert geometric(3, deeper=False) == [4 / 7, 2 / 7, 1 / 7]
    assert geometric(3, deeper=True) == [1 / 7, 2 / 7, 4 / 7]
