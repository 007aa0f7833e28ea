"""Sets of crops: each image has its share; warping by whole pixels is a shift, by parts of one a mean of two."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.box import Box, Size
from engine.templates.atlas import Atlas
from engine.templates.sets import SetDraw

CPU = torch.device("cpu")
ZERO = torch.zeros(1, dtype=torch.long)


def drawing(weights: list[float] | None = None, edge: str = "mirror", placement: str = "anywhere") -> SetDraw:
    random = torch.Generator().manual_seed(0)
    sizes = ((13, 17), (9, 21), (15, 8))
    images = [torch.randint(0, 256, (3, h, w), dtype=torch.uint8, generator=random) for h, w in sizes]
    return SetDraw(Atlas(images, CPU), weights or [1.0, 2.0, 1.0], edge, placement, Size(20, 20))  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 10), min_size=3, max_size=3), st.integers(2, 40), st.integers(0, 10**6))
def test_each_image_has_its_share_of_the_set(weights: list[float], count: int, seed: int) -> None:
    image = drawing(weights).templates(count, seed).image
    total = sum(weights)
    for index, weight in enumerate(weights):
        share = count * (weight / total if total > 0 else 1 / 3)
        assert abs(int((image == index).sum()) - share) <= 1 + 1e-6


def test_a_small_set_of_many_images_is_another_choice_for_another_seed() -> None:
    chosen = {tuple(sorted(drawing().templates(2, seed).image.tolist())) for seed in range(20)}
    assert len(chosen) > 1


def test_a_seed_is_a_set() -> None:
    first, again, other = (drawing().templates(6, seed) for seed in (3, 3, 4))
    assert torch.equal(first.offset, again.offset)
    assert not torch.equal(first.offset, other.offset)


def test_the_patches_of_a_step_have_sets_of_their_own() -> None:
    sets = drawing().sets(6, torch.tensor([0, 0]), torch.tensor([0, 0]), torch.Generator().manual_seed(1))
    assert sets.image.shape == (2, 6)
    assert not torch.equal(sets.origin[0], sets.origin[1])


def test_crops_of_a_set_on_the_canvas_agree() -> None:
    draw = drawing()
    templates = draw.templates(4, 1)
    outer, inner = Box(-3, 5, 24, 24), Box(1, 9, 8, 8)
    rows, columns = inner.within(outer)
    whole = draw.at(templates, outer).view(24, 24).crops(0, 4)
    assert torch.equal(draw.at(templates, inner).view(8, 8).crops(0, 4), whole[..., rows, columns])
    assert torch.equal(templates.at(inner), whole[0][..., rows, columns])


def test_aligned_images_lie_in_the_middle_of_the_canvas() -> None:
    draw = drawing(placement="aligned")
    templates = draw.templates(3, 1)
    assert not templates.flip.any()
    whole = draw.at(templates, Box(0, 0, 20, 20)).view(20, 20).crops(0, 3)[0]
    for element, image in zip(whole, templates.image.tolist(), strict=True):
        top, left = ((20 - int(side[image]) + 1) // 2 for side in (draw.atlas.heights, draw.atlas.widths))
        corner = int(draw.atlas.pixels[draw.atlas.starts[image]]) & 255
        assert element[0, top, left] == pytest.approx(corner / 255)


@pytest.mark.parametrize("edge", ["wrap", "mirror"])
def test_moving_by_whole_pixels_looks_from_another_place(edge: str) -> None:
    draw = drawing(edge=edge)
    templates = draw.templates(4, 1)
    here, there = draw.at(templates, Box(0, 0, 6, 7)), draw.at(templates, Box(5, -40, 6, 7))
    displacement = torch.tensor([5.0, -40.0]).view(1, 1, 2, 1, 1).expand(1, 4, 2, 6, 7)
    assert torch.allclose(here.warped(displacement), there.view(6, 7).crops(0, 4), atol=1e-6)
    assert torch.allclose(here.warped(torch.zeros(1, 4, 2, 6, 7)), here.view(6, 7).crops(0, 4), atol=1e-6)


def test_half_a_pixel_is_the_mean_of_two_and_its_gradient_their_difference() -> None:
    sets = drawing().sets(2, ZERO, ZERO, torch.Generator().manual_seed(1))
    crops = sets.view(4, 5).crops(0, 2)
    displacement = torch.zeros(1, 2, 2, 4, 5)
    displacement[:, :, 1] = 0.5
    displacement.requires_grad_()
    warped = sets.warped(displacement)
    assert torch.allclose(warped[..., :4], (crops[..., :4] + crops[..., 1:]) / 2, atol=1e-6)
    warped.sum().backward()
    assert displacement.grad is not None
    wanted = (crops[..., 1:] - crops[..., :4]).sum(2)  # [B, K, 4, 4]
    assert torch.allclose(displacement.grad[:, :, 1, :, :4], wanted, atol=1e-5)


def test_a_warp_is_continuous() -> None:
    sets = drawing().sets(1, ZERO, ZERO, torch.Generator().manual_seed(1))

    def at(shift: float) -> Tensor:
        return sets.warped(torch.full((1, 1, 2, 3, 3), shift))

    places = [at(2 + index / 50) for index in range(-60, 61)]
    assert max(float((a - b).abs().max()) for a, b in pairwise(places)) < 0.1
