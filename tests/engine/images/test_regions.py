"""Masks: regions from plain, blended, noisy and too many colours; sizes that differ; regions that the style lacks."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.images.regions import MOST_REGIONS, describe, fitted, labels_at, regions_of, shares

RED, GREEN, BLUE, WHITE = (254, 0, 0), (0, 255, 1), (0, 0, 254), (255, 255, 255)


def stripes(colors: list[tuple[int, int, int]], height: int = 40, width: int = 60) -> Tensor:
    """uint8 [3, H, W]: the colours from left to right, equally wide."""
    index = torch.arange(width) * len(colors) // width
    return torch.tensor(colors, dtype=torch.uint8)[index].T[:, None].expand(3, height, width).contiguous()


def test_plain_colours_are_found_and_keep_their_values() -> None:
    regions = regions_of(stripes([RED, GREEN, BLUE]), stripes([BLUE, RED, GREEN], 30, 33))
    assert {tuple(color) for color in regions.palette.tolist()} == {RED, GREEN, BLUE}
    assert regions.style.shape == (40, 60)
    assert regions.target.shape == (30, 33)
    assert shares(regions.style, 3) == pytest.approx([1 / 3] * 3)
    assert tuple(regions.palette[int(regions.target[0, 0])].tolist()) == BLUE
    assert regions.messages() == []


def test_noise_and_blended_edges_make_no_regions() -> None:
    random = np.random.default_rng(0)
    clean = stripes([RED, GREEN, BLUE, WHITE], 64, 80)
    noisy = (clean.numpy().astype(int) + random.integers(-14, 15, clean.shape)).clip(0, 255).astype(np.uint8)
    noisy[:, :, 20] = (noisy[:, :, 19] // 2 + noisy[:, :, 21] // 2).astype(np.uint8)
    regions = regions_of(torch.from_numpy(noisy), clean)
    assert regions.count == 4
    truth = regions_of(clean, clean)
    colors = regions.palette[regions.style.long()].int() - truth.palette[truth.style.long()].int()
    assert (colors.abs().amax(2) > 30).float().mean() < 0.02


def test_a_tiny_region_of_a_plain_mask_is_one_all_the_same() -> None:
    style, target = stripes([RED, GREEN]), stripes([RED, GREEN], 200, 300)
    style[:, 3:5, 3:5] = target[:, 90:92, 70:73] = torch.tensor(BLUE, dtype=torch.uint8)[:, None, None]
    regions = regions_of(style, target)
    assert regions.count == 3
    blue = regions.palette.tolist().index(list(BLUE))
    assert int((regions.target == blue).sum()) == 6
    assert int((regions.style == blue).sum()) == 4
    assert not regions.messages()


def test_plain_colours_that_hardly_differ_are_one_region() -> None:
    regions = regions_of(stripes([RED, BLUE]), stripes([(255, 1, 1), BLUE]))
    assert regions.count == 2
    assert not regions.missing


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_number_can_be_given(count: int) -> None:
    mask = stripes([RED, (230, 40, 30), GREEN, (10, 220, 60), BLUE])
    regions = regions_of(mask, mask, count)
    assert regions.count == count
    assert len(regions.style.unique()) == count


def test_a_region_that_the_style_lacks_is_named_and_mapped_to_the_nearest() -> None:
    regions = regions_of(stripes([RED, GREEN, BLUE]), stripes([RED, (240, 150, 0), BLUE]))
    (message,) = regions.messages()
    assert "has no orange (#f09600) region" in message
    assert "like the red (#fe0000) one" in message
    assert set(regions.target.unique().tolist()) <= set(regions.style.unique().tolist())
    middle = regions.target[0, 30]
    assert tuple(regions.palette[int(middle)].tolist()) == RED


def test_one_colour_is_one_region_and_said() -> None:
    regions = regions_of(stripes([RED]), stripes([RED]))
    assert regions.count == 1
    assert "one colour only" in regions.messages()[0]


def test_a_hundred_colours_are_too_many_and_said() -> None:
    random = np.random.default_rng(1)
    colors = random.integers(0, 256, (400, 3)).astype(np.uint8)
    mask = torch.from_numpy(colors.reshape(20, 20, 3).repeat(3, 0).repeat(3, 1)).permute(2, 0, 1).contiguous()
    regions = regions_of(mask, mask)
    assert 2 <= regions.count <= MOST_REGIONS
    assert "very many colours" in regions.messages()[0]
    asked = regions_of(mask, mask, 6)
    assert asked.count == 6
    assert not asked.crowded
    grey = torch.randint(0, 256, (3, 200, 200), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert "very many colours" in regions_of(grey, grey).messages()[0]


def test_labels_of_other_sizes_are_nearest_and_crops_agree() -> None:
    labels = regions_of(stripes([RED, GREEN, BLUE]), stripes([RED, GREEN, BLUE])).target
    assert torch.equal(fitted(labels, Size(40, 60)), labels)
    assert torch.equal(fitted(labels, Size(80, 120)), labels.repeat_interleave(2, 0).repeat_interleave(2, 1))
    canvas_size = Size(71, 93)
    whole = labels_at(labels, Box(-20, -20, 120, 150), canvas_size)
    assert set(whole.unique().tolist()) == {0, 1, 2}
    box = Box(7, -11, 33, 41)
    rows, columns = box.within(Box(-20, -20, 120, 150))
    assert torch.equal(labels_at(labels, box, canvas_size), whole[rows, columns])


def test_colours_have_names() -> None:
    assert describe(torch.tensor([135, 192, 245])) == "light blue (#87c0f5)"
    assert describe(torch.tensor([0, 0, 0])) == "black (#000000)"
