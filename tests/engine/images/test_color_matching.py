"""Colours of a content towards those of the styles: alike ones stay, greys stay, contrasts stay within bounds."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.images.color_matching import ColorMapping, color_mapping, color_matched
from engine.images.contents import MatchedContents
from engine.images.sources import Source
from engine.job import SourceImage


def source(pixels: Tensor, weight: float = 1.0) -> Source:
    return Source(SourceImage(path="x.png", weight=weight), pixels)


def speckled(color: tuple[int, int, int], other: tuple[int, int, int], side: int = 64, seed: int = 0) -> Tensor:
    """Patches of two colours with some noise, uint8 [3, side, side]."""
    random = torch.Generator().manual_seed(seed)
    cells = torch.rand(side // 8, side // 8, generator=random).repeat_interleave(8, 0).repeat_interleave(8, 1)
    colors = torch.where(cells[None] < 0.5, *(torch.tensor(c)[:, None, None].float() for c in (color, other)))
    return (colors + 12 * torch.randn(3, side, side, generator=random)).round().clamp(0, 255).to(torch.uint8)


RED_GREEN, BLUE_YELLOW = speckled((190, 60, 50), (80, 150, 60)), speckled((40, 70, 160), (220, 200, 70), seed=1)
GREY = speckled((60, 60, 60), (190, 190, 190), seed=2)


def matched(content: Source, styles: list[Source]) -> Tensor:
    return color_matched(content, color_mapping(content, styles)).pixels


def mean_color(pixels: Tensor) -> Tensor:
    return pixels.float().mean((1, 2))


@pytest.mark.parametrize("pixels", [RED_GREEN, BLUE_YELLOW, GREY])
def test_a_content_that_is_the_style_stays_as_it_is(pixels: Tensor) -> None:
    assert (matched(source(pixels), [source(pixels)]).int() - pixels.int()).abs().max() <= 1


@pytest.mark.parametrize(("content", "style"), [(RED_GREEN, BLUE_YELLOW), (GREY, RED_GREEN), (BLUE_YELLOW, GREY)])
def test_colors_come_near_to_the_styles_and_greys_stay(content: Tensor, style: Tensor) -> None:
    moved = matched(source(content), [source(style)])
    assert (moved.float().mean(0) - content.float().mean(0)).abs().max() < 1

    def off(pixels: Tensor) -> float:
        """How far the mean colour is from the style's, greys left away."""
        return float(
            (mean_color(pixels) - mean_color(pixels).mean() - mean_color(style) + mean_color(style).mean()).norm()
        )

    assert off(moved) < 0.5 * off(content)


def test_the_order_of_styles_and_how_places_lie_do_not_matter() -> None:
    content = source(GREY)
    styles = [source(RED_GREEN, 2.0), source(BLUE_YELLOW), source(GREY)]
    first, second = color_mapping(content, styles), color_mapping(content, styles[::-1])
    torch.testing.assert_close(first.shifts, second.shifts, atol=1e-3, rtol=1e-3)
    turned = color_mapping(source(GREY.flip(2)), [source(style.pixels.flip(1), style.image.weight) for style in styles])
    torch.testing.assert_close(first.shifts, turned.shifts, atol=1e-3, rtol=1e-3)


def test_styles_count_by_their_weights() -> None:
    content = source(GREY)
    red = mean_color(matched(content, [source(RED_GREEN, 9.0), source(BLUE_YELLOW)]))
    blue = mean_color(matched(content, [source(RED_GREEN), source(BLUE_YELLOW, 9.0)]))
    assert red[0] - red[2] > blue[0] - blue[2]


def test_contrasts_grow_within_bounds() -> None:
    """A nearly grey picture gets the colours of a loud style, and its noise does not get loud."""
    random = torch.Generator().manual_seed(4)
    nearly = (GREY.float() + 3 * torch.randn(GREY.shape, generator=random)).clamp(0, 255).to(torch.uint8)
    mapping = color_mapping(source(nearly), [source(BLUE_YELLOW)])
    colors = 255 * torch.rand(500, 3, generator=random)
    beside = colors + 0.1 * torch.nn.functional.normalize(torch.randn(500, 3, generator=random), dim=1)
    moved = (mapping.shift_of(beside) - mapping.shift_of(colors)).norm(dim=1) / 0.1
    assert moved.max() < 1.7
    loud = ColorMapping(mapping.places, 10 * mapping.shifts)
    assert (loud.shift_of(beside) - loud.shift_of(colors)).norm(dim=1).max() / 0.1 > 1.7, "this would show it"


def test_a_flat_background_does_not_decide() -> None:
    wall = BLUE_YELLOW.clone()
    walled = torch.cat([wall, torch.tensor([120, 160, 120], dtype=torch.uint8)[:, None, None].expand(3, 64, 400)], 2)
    plain, with_wall = (color_mapping(source(GREY), [source(style)]) for style in (wall, walled))
    assert (plain.shifts.mean(0) - with_wall.shifts.mean(0)).norm() < 12


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("size", [(1, 1), (20, 20), (9, 300)])
def test_pictures_of_one_color_are_no_trouble(value: int, size: tuple[int, int]) -> None:
    plain = source(torch.full((3, *size), value, dtype=torch.uint8))
    assert matched(plain, [source(RED_GREEN)]).equal(plain.pixels), "there is no room for colours in black and white"
    assert len(matched(source(RED_GREEN), [plain]).unique()) > 1
    assert matched(plain, [plain]).equal(plain.pixels)


def test_frames_of_a_film_share_the_tones_and_colors_of_the_first() -> None:
    styles, frame = [source(BLUE_YELLOW)], source(RED_GREEN // 2)
    first = source(GREY)
    alone, locked, other = (
        MatchedContents([frame], styles).at(0.5, True)[0].pixels,
        MatchedContents([frame], styles, first).at(0.5, True)[0].pixels,
        MatchedContents([source(frame.pixels.flip(1))], styles, first).at(0.5, True)[0].pixels,
    )
    assert not locked.equal(alone)
    assert other.flip(1).equal(locked), "each pixel goes where its colour went in the frame before"
    assert (
        MatchedContents([first], styles, first)
        .at(0.5, True)[0]
        .pixels.equal(MatchedContents([first], styles).at(0.5, True)[0].pixels)
    )


def test_amounts_that_stay_are_not_matched_anew() -> None:
    contents = MatchedContents([source(RED_GREEN)], [source(BLUE_YELLOW)])
    assert contents.at(0.0, False)[0].pixels.equal(RED_GREEN)
    assert contents.at(0.5, True) is contents.at(0.5, True)
    assert contents.at(0.5, False) is contents.at(0.5, False)
    assert not contents.at(0.5, False)[0].pixels.equal(contents.at(1.0, False)[0].pixels)
