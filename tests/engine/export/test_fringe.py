"""The border meter says 1 where a picture goes on to its edge as it is beside it, and more where it has a fringe."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.box import Box, Size
from engine.export.canvas_file import CanvasFile
from engine.export.fringe import measure_border

SIZE = Size(300, 260)
YELLOW, WHITE = (torch.tensor(color)[:, None, None] for color in ((0.9, 0.8, 0.25), (1.0, 1.0, 1.0)))


def meter(folder: Path, pixels: Tensor, bleed_px: int = 0, bits: int = 8) -> float:
    size = Size(*pixels.shape[1:])
    canvas_file = CanvasFile.create(folder / "c.tif", size, bits)
    canvas_file.put(size.box, pixels)
    return measure_border(canvas_file, bleed_px)


def noise(seed: int = 1, size: Size = SIZE) -> Tensor:
    return torch.rand(3, size.height, size.width, generator=torch.Generator().manual_seed(seed))


def texture(seed: int = 1) -> Tensor:
    """Alike everywhere, and as soft as a photograph: neighbouring pixels belong together."""
    larger = noise(seed, Size(SIZE.height + 8, SIZE.width + 8))[None]
    soft = torch.nn.functional.avg_pool2d(larger, 9, 1)[0]
    return ((soft - 0.5) * 4 + 0.5).clamp(0, 1)


def with_fringe(pixels: Tensor, width_px: int, share: float = 0.3, bleed_px: int = 0) -> Tensor:
    """Yellow at the left and top, white at the right and bottom, partly transparent."""
    pixels, last = pixels.clone(), bleed_px + width_px
    for color, side in (
        (WHITE, pixels[:, -last : pixels.shape[1] - bleed_px]),
        (WHITE, pixels[:, :, -last : pixels.shape[2] - bleed_px]),
        (YELLOW, pixels[:, bleed_px:last]),
        (YELLOW, pixels[:, :, bleed_px:last]),
    ):
        side.lerp_(color.expand_as(side), share)
    return pixels


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("make", [noise, texture])
def test_a_texture_has_no_fringe(tmp_path: Path, make, bits: int) -> None:
    assert meter(tmp_path, make(), bits=bits) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("width_px", [1, 2, 3])
def test_a_coloured_fringe_is_seen(tmp_path: Path, width_px: int, bits: int) -> None:
    assert meter(tmp_path, with_fringe(texture(), width_px), bits=bits) > 1.5


def test_a_fringe_of_two_sides_is_seen(tmp_path: Path) -> None:
    pixels, fringed = texture(), with_fringe(texture(), 2)
    pixels[:, -2:], pixels[:, :, -2:] = fringed[:, -2:], fringed[:, :, -2:]
    assert meter(tmp_path, pixels) > 1.25


def test_a_smeared_edge_is_less_than_1(tmp_path: Path) -> None:
    pixels = texture()
    pixels[:, :4], pixels[:, -4:] = pixels[:, 4:5], pixels[:, -5:-4]
    pixels[:, :, :4], pixels[:, :, -4:] = pixels[:, :, 4:5], pixels[:, :, -5:-4]
    assert meter(tmp_path, pixels) < 0.5


@pytest.mark.parametrize("amount", [0.3, 3.0])
def test_more_or_less_to_see_at_the_edge_is_no_fringe(tmp_path: Path, amount: float) -> None:
    pixels = (texture() - 0.5) / 4
    near = torch.ones(SIZE.height, SIZE.width, dtype=torch.bool)
    near[6:-6, 6:-6] = False
    assert meter(tmp_path, 0.5 + pixels * torch.where(near, amount, 1.0)) == pytest.approx(1, abs=0.1)


def test_grain_that_runs_along_the_edge_is_no_fringe(tmp_path: Path) -> None:
    rows = noise()[:, :, :1].expand_as(noise()) * 0.8 + noise(2) * 0.2  # all over, steeper down than across
    assert meter(tmp_path, rows) == pytest.approx(1, abs=0.1)


def test_few_lines_at_the_edge_are_no_fringe(tmp_path: Path) -> None:
    pixels = texture()
    pixels[:, :2, 40:90] = 1
    pixels[:, 100:160, -3:] = 0
    assert meter(tmp_path, pixels) == pytest.approx(1, abs=0.1)


def test_what_is_cut_off_is_not_asked(tmp_path: Path) -> None:
    pixels = texture()
    pixels[:, :20] = pixels[:, -20:] = 0
    pixels[:, :, :20] = pixels[:, :, -20:] = 0
    assert meter(tmp_path, pixels, 20) == pytest.approx(1, abs=0.05)
    pixels = with_fringe(pixels, 2, bleed_px=20)
    assert meter(tmp_path, pixels, 20) > 1.5
    assert meter(tmp_path, pixels, 30) == pytest.approx(1, abs=0.05)


def test_what_can_not_be_told_is_1(tmp_path: Path) -> None:
    assert meter(tmp_path, torch.rand(3, 20, 180)) == 1, "too small"
    assert meter(tmp_path, torch.full((3, 100, 180), 0.4)) == 1, "nothing to see"


def test_long_sides_are_read_in_parts(tmp_path: Path) -> None:
    long = Size(60, 17_000)
    canvas_file = CanvasFile.create(tmp_path / "c.tif", long, 8)
    for part in range(0, long.width, 1000):
        canvas_file.put(Box(0, part, long.height, 1000), noise(part, Size(long.height, 1000)))
    assert measure_border(canvas_file) == pytest.approx(1, abs=0.02)
