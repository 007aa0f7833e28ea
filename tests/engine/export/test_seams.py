"""The seam meter says 1 where tiles meet unseen, and more where they do not."""

from pathlib import Path

import pytest
import torch

from engine.box import Box, Size
from engine.export.canvas_file import CanvasFile
from engine.export.journal import CanvasSpec
from engine.export.seams import measure


def painted(folder: Path, picture: CanvasSpec, offset: float) -> CanvasFile:
    """Noise, each tile lighter than the last by `offset`."""
    canvas_file = CanvasFile.create(folder / "c.tif", picture.size, picture.bits)
    noise = torch.rand(3, picture.size.height, picture.size.width, generator=torch.Generator().manual_seed(1))
    for number, tile in enumerate(picture.tiles()):
        box = picture.on_canvas(tile)
        rows, columns = box.within(picture.size.box)
        canvas_file.put(box, noise[:, rows, columns] * 0.2 + offset * (number % 2))
    return canvas_file


@pytest.mark.parametrize("bits", [8, 16])
def test_noise_without_seams_is_1(tmp_path: Path, bits: int) -> None:
    picture = CanvasSpec(Box(-20, -20, 640, 600), bits, 64, {})
    assert measure(painted(tmp_path, picture, 0.0), picture) == pytest.approx(1, abs=0.02)


def test_tiles_that_differ_are_seen(tmp_path: Path) -> None:
    picture = CanvasSpec(Box(0, 0, 330, 330), 8, 64, {})
    assert measure(painted(tmp_path, picture, 0.05), picture) > 1.05


def test_a_picture_with_more_to_see_where_tiles_meet_has_no_seam(tmp_path: Path) -> None:
    picture = CanvasSpec(Size(300, 400).box, 8, 64, {})
    columns = torch.arange(400) % 64
    busy = ((columns < 16) | (columns > 48)).float() * 0.5 + 0.05  # noise of ten times the height around borders
    canvas_file = CanvasFile.create(tmp_path / "c.tif", picture.size, 8)
    noise = torch.rand(3, 300, 400, generator=torch.Generator().manual_seed(1))
    canvas_file.put(picture.size.box, noise * busy)
    assert measure(canvas_file, picture) == pytest.approx(1, abs=0.02)


def test_one_tile_has_no_seam(tmp_path: Path) -> None:
    picture = CanvasSpec(Size(50, 60).box, 8, 64, {})
    assert measure(painted(tmp_path, picture, 0.05), picture) == 1


def test_an_even_picture_has_no_seam(tmp_path: Path) -> None:
    picture = CanvasSpec(Size(150, 160).box, 8, 64, {})
    assert measure(CanvasFile.create(tmp_path / "c.tif", picture.size, 8), picture) == 1


@pytest.mark.parametrize("period", [2, 4, 8])
def test_what_a_picture_has_every_few_pixels_is_no_seam(tmp_path: Path, period: int) -> None:
    """Neural style that has just come to a finer scale was said to have seams, which lay on its pattern."""
    picture = CanvasSpec(Size(300, 400).box, 8, 64, {})
    canvas_file = CanvasFile.create(tmp_path / "c.tif", picture.size, 8)
    noise = torch.rand(3, 300 // period + 1, 400 // period + 1, generator=torch.Generator().manual_seed(1))
    blocks = noise.repeat_interleave(period, 1).repeat_interleave(period, 2)[:, :300, :400]
    fine = torch.rand(3, 300, 400, generator=torch.Generator().manual_seed(2))
    canvas_file.put(picture.size.box, blocks * 0.5 + fine * 0.2)
    assert measure(canvas_file, picture) == pytest.approx(1, abs=0.02)
