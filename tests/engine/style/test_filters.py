"""Filters that stand in for VGG-19: even in their answers, and taken from the style."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from engine.style.filters import Filters
from tests.engine.style.tiny_networks import generator, image, tiny_filters, tiny_vgg


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
