"""Masks to practise on: landscapes, regions by height, small parts removed; masks as Fields."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.box import Box, Size
from engine.images.region_field import MaskField, nearest_region
from engine.methods.feedforward.practice_masks import by_height, generated, heights, practice, without_small

CPU = torch.device("cpu")


def parts(labels: np.ndarray) -> list[int]:
    """Sizes of all connected parts, in pixels."""
    sizes = []
    for label in np.unique(labels):
        _, _, stats, _ = cv2.connectedComponentsWithStats((labels == label).astype(np.uint8), connectivity=4)
        sizes += stats[1:, cv2.CC_STAT_AREA].tolist()
    return sizes


@settings(max_examples=20, deadline=None)
@given(side=st.integers(2, 90), roughness=st.floats(0.1, 0.9), seed=st.integers(0, 99))
def test_landscapes_fill_0_to_1_at_any_size(side: int, roughness: float, seed: int) -> None:
    land = heights(side, roughness, np.random.default_rng(seed))
    assert land.shape == (side, side)
    assert land.min() == 0
    assert land.max() == 1


def test_rougher_landscapes_are_rougher() -> None:
    smooth, rough = (
        np.abs(np.diff(heights(129, roughness, np.random.default_rng(3)), axis=0)).mean() for roughness in (0.4, 0.8)
    )
    assert rough > 2 * smooth


def test_landscapes_have_no_grid() -> None:
    """Neighbouring rows differ as much where the first steps put their points as elsewhere."""
    lands = [heights(65, 0.5, np.random.default_rng(seed)) for seed in range(40)]
    steps = np.mean([np.abs(np.diff(land, axis=0)).mean(1) for land in lands], axis=0)
    assert steps.max() < 2.5 * steps.mean()


def test_regions_by_height_are_as_many_as_asked_and_follow_the_height() -> None:
    random = np.random.default_rng(0)
    land = heights(65, 0.5, random)
    labels = by_height(land, 4, random)
    assert sorted(np.unique(labels)) == [0, 1, 2, 3]
    ranges = sorted((land[labels == label].min(), land[labels == label].max()) for label in range(4))
    assert all(low[1] < high[0] for low, high in pairwise(ranges))


@settings(max_examples=30, deadline=None)
@given(side=st.integers(16, 96), regions=st.integers(1, 8), seed=st.integers(0, 999))
@example(side=81, regions=6, seed=335)
def test_no_part_of_a_mask_is_small(side: int, regions: int, seed: int) -> None:
    labels = generated(side, regions, torch.Generator().manual_seed(seed)).numpy()
    assert labels.shape == (side, side)
    assert labels.max() < regions
    assert min(parts(labels)) >= round(0.01 * side**2)


def test_small_parts_are_given_to_their_neighbours() -> None:
    labels = np.zeros((20, 20), np.uint8)
    labels[:, 10:] = 1
    labels[5:7, 12:14] = 2
    cleaned = without_small(labels, 10)
    assert set(np.unique(cleaned)) == {0, 1}
    assert (cleaned[5:7, 12:14] == 1).all()
    assert (without_small(labels, 4) == labels).all()


def test_a_share_of_practice_is_one_region_all_over() -> None:
    random = torch.Generator().manual_seed(0)
    whole = [len(practice(32, 4, random, 0.5).unique()) == 1 for _ in range(60)]
    assert 15 <= sum(whole) <= 45
    assert all(len(practice(32, 4, random, 1.0).unique()) == 1 for _ in range(5))


def test_equal_seeds_give_equal_masks() -> None:
    a, b, c = (generated(48, 4, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


@settings(max_examples=25, deadline=None)
@given(top=st.integers(-60, 90), left=st.integers(-60, 90), height=st.integers(1, 40), width=st.integers(1, 40))
def test_crops_of_a_mask_agree(top: int, left: int, height: int, width: int) -> None:
    labels = generated(31, 4, torch.Generator().manual_seed(5))
    field = MaskField(labels, 4, Size(71, 83), CPU)
    outer = Box(-60, -60, 200, 200)
    inner = Box(top, left, height, width)
    rows, columns = inner.within(outer)
    assert torch.equal(field.at(outer)[:, rows, columns], field.at(inner))


def test_a_mask_of_the_canvas_size_is_itself_and_one_hot() -> None:
    labels = generated(40, 3, torch.Generator().manual_seed(2))
    mask = MaskField(labels, 3, Size(40, 40), CPU).at(Box(0, 0, 40, 40))
    assert torch.equal(mask.argmax(0).to(torch.uint8), labels)
    assert torch.equal(mask.sum(0), torch.ones(40, 40))


@pytest.mark.parametrize("shift", [0, 20])
def test_pixels_belong_to_the_nearest_colour(shift: int) -> None:
    palette = torch.tensor([[0, 0, 0], [200, 200, 200], [200, 0, 0]], dtype=torch.uint8)
    labels = torch.tensor([[0, 1], [2, 1]])
    mask = (palette[labels].int() + shift).clamp(0, 255).to(torch.uint8).permute(2, 0, 1)
    found, distance = nearest_region(mask, palette, torch.ones(3, dtype=torch.bool))
    assert torch.equal(found.long(), labels)
    assert (distance.max() > 0) == (shift > 0)
    without_red, _ = nearest_region(mask, palette, torch.tensor([True, True, False]))
    assert without_red.max() == 1
