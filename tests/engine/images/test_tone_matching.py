"""Tones of a content towards those of the styles: exact at one end, the content's own at the other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.images.sources import Source
from engine.images.tone_matching import tone_matched, tone_table
from engine.job import SourceImage


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randint(0, 256, (3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def source(pixels: Tensor, weight: float = 1.0) -> Source:
    return Source(SourceImage(path="x.png", weight=weight), pixels)


def portrait(side: int = 160) -> Tensor:
    """A shaded disc before a plain wall with a little noise, as of a camera."""
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    noise = torch.randint(-1, 2, (side, side), generator=torch.Generator().manual_seed(3))
    inside = rows**2 + columns**2 < 0.3
    light = torch.where(inside, 130 + 60 * columns + 30 * torch.sin(12 * rows), torch.tensor(235.0)) + noise
    return light.clamp(0, 255).to(torch.uint8).expand(3, -1, -1).contiguous()


def test_at_one_the_content_has_the_styles_tones() -> None:
    dark, bright = picture(40, 40, 1) // 4, picture(60, 60, 2) // 3 + 160
    matched = tone_matched(source(bright), [source(dark)], 1.0).pixels.float().mean(0)
    wanted = dark.float().mean(0)
    for part in (0.1, 0.5, 0.9):
        assert abs(matched.quantile(part) - wanted.quantile(part)) < 4


def test_at_nought_it_is_the_content_itself() -> None:
    bright = picture(60, 60, 2) // 3 + 160
    assert tone_matched(source(bright), [source(picture(40, 40) // 4)], 0.0).pixels.equal(bright)


@pytest.mark.parametrize("amount", [0.25, 0.5, 0.8, 1.0])
def test_the_order_of_tones_is_kept(amount: float) -> None:
    table = tone_table(portrait(), [source(picture(60, 60) // 2)], amount)
    assert (table.diff() >= 0).all()
    assert 0 <= int(table.min()) <= int(table.max()) <= 255


def test_a_plain_wall_stays_plain_and_the_face_keeps_its_range() -> None:
    content, style = portrait(), source(torch.arange(256, dtype=torch.uint8).expand(3, 64, 256))
    wall = content[0] > 225
    spread = {}
    for amount in (0.5, 1.0):
        matched = tone_matched(source(content), [style], amount).pixels[0].float()
        spread[amount] = (
            float(matched[wall].std()),
            float(matched[~wall].quantile(0.95) - matched[~wall].quantile(0.05)),
        )
    assert spread[1.0][0] > 30, "exact matching makes noise of the wall: this picture shows the fault"
    assert spread[0.5][0] < 8
    assert spread[0.5][1] > 1.5 * spread[1.0][1], "and presses the face together"


def test_tones_of_another_picture_decide_where_it_is_named() -> None:
    styles = [source(picture(40, 40) // 3)]
    frame, first = picture(50, 50, 4) // 2, picture(50, 50, 5) // 2 + 100
    table = tone_table(first, styles, 0.5)
    levels = (frame.int().sum(0) / 3).round().int()
    expected = (frame.int() + table[levels].int() - levels).clamp(0, 255)
    assert tone_matched(source(frame), styles, 0.5, like=source(first)).pixels.int().equal(expected)


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (20, 20), (9, 700)])
def test_a_picture_of_one_tone_is_no_trouble(value: int, size: tuple[int, int]) -> None:
    plain = torch.full((3, *size), value, dtype=torch.uint8)
    for amount in (0.5, 1.0):
        matched = tone_matched(source(plain), [source(picture(30, 30))], amount).pixels
        assert matched.shape == plain.shape
        assert len(matched.unique()) == 1


def test_styles_count_by_their_weights() -> None:
    dark, bright = torch.full((3, 8, 8), 20, dtype=torch.uint8), torch.full((3, 8, 8), 220, dtype=torch.uint8)
    content = picture(50, 50)
    mostly_dark = tone_matched(source(content), [source(dark, 9.0), source(bright, 1.0)], 1.0).pixels.float().mean()
    mostly_bright = tone_matched(source(content), [source(dark, 1.0), source(bright, 9.0)], 1.0).pixels.float().mean()
    assert mostly_dark + 50 < mostly_bright
