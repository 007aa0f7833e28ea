"""Statistics of activations: tiles and regions add up, and what equals the style is at rest."""

import pytest
import torch
from torch import Tensor

from engine.box import Margin
from engine.style.comparing import geometric
from engine.style.gram import Gram, Link, links_of
from engine.style.sliced import ROUNDING, Sliced
from engine.style.statistics import Statistic, Target
from tests.engine.style.tiny_networks import NETWORKS, image, tiny_filters


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
