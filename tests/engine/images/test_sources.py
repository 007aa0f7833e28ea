"""Images inside the engine: the content field, tone matching, and images that can not be read."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.box import Box, Size
from engine.errors import MissingSourcesError
from engine.images.sources import ContentField, coordinates, load, resampled
from engine.job import SourceImage

CPU = torch.device("cpu")


def picture(height: int = 23, width: int = 31, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=40)
@given(
    st.tuples(st.integers(8, 60), st.integers(8, 60)),
    st.integers(-40, 60),
    st.integers(-40, 60),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_crops_of_the_content_agree(canvas_size: tuple[int, int], top: int, left: int, down: int, right: int) -> None:
    field = ContentField(picture(), Size(*canvas_size), CPU)
    outer, inner = Box(top, left, 16, 18), Box(top + down, left + right, 9, 10)
    rows, columns = inner.within(outer)
    assert torch.equal(field.at(outer)[:, rows, columns], field.at(inner))


def test_a_canvas_of_the_contents_size_shows_its_pixels() -> None:
    pixels = picture()
    assert torch.allclose(ContentField(pixels, Size(23, 31), CPU).at(Box(0, 0, 23, 31)), pixels / 255)


def test_beyond_its_edge_the_content_is_mirrored() -> None:
    shown = ContentField(picture(), Size(23, 31), CPU).at(Box(-3, 0, 6, 31))
    assert torch.equal(shown[:, :3], shown[:, 3:].flip(1))


@pytest.mark.parametrize("canvas_size", [Size(46, 62), Size(12, 16), Size(230, 100)])
def test_the_content_covers_a_canvas_of_any_shape_with_its_middle_in_the_middle(canvas_size: Size) -> None:
    pixels = torch.zeros(3, 61, 61, dtype=torch.uint8)
    pixels[:, 20:41, 20:41] = 255
    shown = ContentField(pixels, canvas_size, CPU).at(canvas_size.box)
    assert torch.allclose(shown, shown.flip(1), atol=1e-5)
    assert torch.allclose(shown, shown.flip(2), atol=1e-5)
    assert shown.min() >= 0
    assert shown[:, canvas_size.height // 2, canvas_size.width // 2].min() > 0.9


def test_shrinking_averages_and_does_not_alias() -> None:
    stripes = torch.zeros(3, 64, 64, dtype=torch.uint8)
    stripes[:, :, ::2] = 254
    shown = ContentField(stripes, Size(16, 16), CPU).at(Box(2, 2, 12, 12))
    assert (shown - 127 / 255).abs().max() < 0.02


def test_coordinates_run_over_the_canvas() -> None:
    psi = coordinates(Box(0, 0, 10, 20), Size(10, 20), CPU)
    assert psi[0, 0, 0].item() == pytest.approx(-0.9)
    assert psi[0, -1, 0].item() == pytest.approx(0.9)
    assert psi[1, 0, 0].item() == pytest.approx(-0.95)
    assert psi[1, 0, -1].item() == pytest.approx(0.95)


def test_resampling_keeps_a_usable_size() -> None:
    assert resampled(picture(23, 31), 0.05).shape == (3, 8, 11)
    assert resampled(picture(23, 31), 2.0).shape == (3, 46, 62)
    assert resampled(picture(5, 4), 0.5).shape[0] == 3


def test_an_unreadable_image_is_named_and_the_others_are_taken(tmp_path: Path) -> None:
    good, bad = tmp_path / "gut – 漢字.png", tmp_path / "bad.png"
    Image.fromarray(np.zeros((70, 80, 3), np.uint8)).save(good)
    bad.write_bytes(b"no picture")
    warnings: list[str] = []
    images = [SourceImage(path=str(p)) for p in (bad, good, tmp_path / "deleted.png")]
    taken = load(images, 0.5, "style", warnings)
    assert [s.image.path for s in taken] == [str(good)]
    assert taken[0].size == Size(35, 40)
    assert len(warnings) == 2
    assert "bad.png" in warnings[0]
    assert "deleted.png" in warnings[1]


def test_no_usable_image_is_an_error_that_names_the_files(tmp_path: Path) -> None:
    with pytest.raises(MissingSourcesError, match=r"no usable content image.*gone\.png"):
        load([SourceImage(path=str(tmp_path / "gone.png"))], 1.0, "content", [])
