"""Maps: what their colours and greys mean, and what is said where they may not mean what the artist thinks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.box import Box, Size
from engine.errors import BadImageError, BadSettingError
from engine.images import maps
from engine.job import SourceImage

RED, BLUE = "#dc1414", "#1428dc"
CPU = torch.device("cpu")


def halves(path: Path, left: str = RED, right: str = BLUE, size: tuple[int, int] = (80, 60)) -> Path:
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    image.save(path)
    return path


def lying(*regions: tuple[str, ...] | None) -> list[SourceImage]:
    return [SourceImage(path=f"/{index}.png", regions=where) for index, where in enumerate(regions)]


def test_images_lie_where_they_are_given_to(tmp_path):
    said: list[str] = []
    found = maps.read_regions(halves(tmp_path / "m.png"), lying((RED,), (BLUE,), None), said)
    left, right = (int(found.labels[30, x]) for x in (10, 70))
    assert found.allowed[left].tolist() == [True, False, True]
    assert found.allowed[right].tolist() == [False, True, True]
    assert said == []


def test_which_images_are_drawn_does_not_depend_on_how_large_regions_are(tmp_path):
    """Else each stroke would lead to other pieces."""
    images = lying((RED,), (BLUE,), (BLUE,))
    small = halves(tmp_path / "small.png")
    large = tmp_path / "large.png"
    picture = Image.new("RGB", (80, 60), BLUE)
    picture.paste(RED, (0, 0, 70, 60))
    picture.save(large)
    first, second = (maps.read_regions(path, images, []) for path in (small, large))
    assert torch.equal(first.groups, second.groups)
    assert first.weights([1, 1, 3]) == second.weights([1, 1, 3]) == pytest.approx([0.5, 0.125, 0.375])


def test_log_a_is_moved_only_where_a_piece_may_not_lie(tmp_path):
    found = maps.read_regions(halves(tmp_path / "m.png"), lying((RED,), (BLUE,)), [])
    shares = found.field(Size(30, 40), CPU).at(Box(0, 0, 30, 40))
    bias = found.bias(shares[None], torch.tensor([[0, 1, 1]]))
    assert bias.shape == (1, 3, 30, 40)
    assert (bias[0, 0, :, :19] == 0).all()
    assert (bias[0, 0, :, 21:] == maps.FORBIDDEN).all()
    assert (bias[0, 1:, :, :19] == maps.FORBIDDEN).all()


@pytest.mark.parametrize(
    ("regions", "sentence"),
    [
        (((RED,), (RED,)), "No image is given to the blue"),
        (((RED,), ()), "1.png may lie in no region of m.png"),
        (((RED,), ("#00ff00",)), "1.png may lie in no region"),
    ],
)
def test_what_may_not_be_meant_is_said(regions, sentence, tmp_path):
    said: list[str] = []
    found = maps.read_regions(halves(tmp_path / "m.png"), lying(*regions), said)
    assert any(sentence in text for text in said), said
    assert found.allowed.any(1).all()


def test_a_map_of_one_colour_is_one_region(tmp_path):
    said: list[str] = []
    assert maps.read_regions(halves(tmp_path / "m.png", RED, RED), lying(None), said).count == 1
    assert "one colour only" in said[0]


def test_images_that_may_lie_nowhere_at_all_are_refused(tmp_path):
    with pytest.raises(BadSettingError, match="No image may lie anywhere"):
        maps.read_regions(halves(tmp_path / "m.png"), lying((), ()), [])


def test_a_map_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadImageError, match=r"gone.png"):
        maps.read_amount(tmp_path / "gone.png")


def test_grey_changes_nothing_and_white_is_ten_times(tmp_path):
    shades = torch.tensor([0, 128, 255], dtype=torch.uint8).repeat_interleave(4).repeat(9, 1)
    Image.fromarray(shades.numpy()).save(tmp_path / "m.png")
    assert maps.read_amount(tmp_path / "m.png")[0, 0, ::4].tolist() == [-1, 0, 1]


def test_another_shape_than_the_canvas_is_said():
    assert maps.told_shape(Path("m.png"), Size(60, 80), Size(600, 800)) == ""
    assert "other proportions" in maps.told_shape(Path("m.png"), Size(60, 80), Size(600, 600))


def test_regions_are_named_by_colour():
    palette = torch.tensor([[220, 20, 20], [110, 180, 240]], dtype=torch.uint8)
    assert maps.region_named("red", palette) == 0
    assert maps.region_named("light blue", palette) == 1
    assert maps.region_named("#6eb4f0", palette) == 1
    assert maps.region_named("green", palette) is None
    assert maps.region_named("nothing like a colour", palette) is None
