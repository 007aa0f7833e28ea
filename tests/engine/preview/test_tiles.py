"""Views for the screen: pieces that fit together, and pixels that are those of the canvas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.box import Box, Size
from engine.images.quantise import to_uint8
from engine.preview.tiles import reduction, screen_box, shrink, strip, view, whole


def plane(box: Box) -> Tensor:
    """A smooth and known picture: float [3, h, w], 0..1."""
    y = torch.arange(box.top, box.bottom, dtype=torch.float64)[:, None]
    x = torch.arange(box.left, box.right, dtype=torch.float64)[None]
    waves = [torch.sin(y / 17) * torch.cos(x / 23), torch.sin((y + x) / 31), torch.cos(x / 11) + 0 * y]
    return (torch.stack(waves) / 2 + 0.5).float()


def side(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most)


@settings(max_examples=60, deadline=None)
@given(side(300), side(300), side(120), side(120), st.sampled_from([16, 64, 100]), side(90), side(90))
def test_pieces_tile_canvas_and_screen_exactly(
    height: int, width: int, shown_height: int, shown_width: int, tile_px: int, top: int, left: int
) -> None:
    canvas = Size(320, 340)
    box, size = Box(top, left, height, width), Size(shown_height, shown_width)
    visible = box.clip(canvas.box)
    pieces = list(view(plane, canvas, box, size, tile_px))
    on_canvas = np.zeros((canvas.height, canvas.width), int)
    for image, piece in pieces:
        on_canvas[piece.top : piece.bottom, piece.left : piece.right] += 1
        assert image.dtype == np.uint8
        assert image.shape[0] <= piece.height, "never enlarged"
        assert image.shape[1] <= piece.width
    expected = np.zeros_like(on_canvas)
    expected[visible.within(canvas.box)] = 1
    assert (on_canvas == expected).all()
    if visible != box:
        return
    factor = reduction(box, size)
    on_screen = np.zeros((max(1, round(height / factor)), max(1, round(width / factor))), int)
    for image, piece in pieces:
        place = screen_box(piece, box, size)
        assert image.shape[:2] == (place.height, place.width)
        on_screen[place.top : place.bottom, place.left : place.right] += 1
    assert (on_screen == 1).all()


@settings(max_examples=40, deadline=None)
@given(side(200), side(200), st.integers(-50, 250), st.integers(-50, 250), st.sampled_from([1, 3]))
def test_a_view_at_full_size_is_the_painted_pixels(height: int, width: int, top: int, left: int, zoom: int) -> None:
    canvas = Size(211, 190)
    box = Box(top, left, height, width)
    for image, piece in view(plane, canvas, box, Size(height * zoom, width * zoom), 64):
        assert np.array_equal(image, to_uint8(plane(piece)))


def test_pieces_come_from_the_middle() -> None:
    canvas = Size(500, 700)
    pieces = [piece for _, piece in view(plane, canvas, canvas.box, Size(250, 350), 100)]
    distances = [abs(p.top + p.height / 2 - 250) + abs(p.left + p.width / 2 - 350) for p in pieces]
    assert len(pieces) == 35
    assert distances[0] == min(distances)
    assert distances[-1] == max(distances)


@pytest.mark.parametrize(("factor", "height", "width"), [(2, 64, 96), (3, 63, 99), (5, 50, 45)])
def test_scaling_is_by_area(factor: int, height: int, width: int) -> None:
    image = torch.rand(3, height, width, generator=torch.Generator().manual_seed(0))
    blocks = image.reshape(3, height // factor, factor, width // factor, factor).mean((2, 4))
    assert torch.allclose(shrink(image, Size(height // factor, width // factor)), blocks, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.data())
def test_scaling_keeps_the_mean_and_flat_colours(height: int, width: int, data: st.DataObject) -> None:
    size = Size(data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    image = torch.rand(3, height, width, generator=torch.Generator().manual_seed(1))
    small = shrink(image, size)
    assert small.shape == (3, size.height, size.width)
    assert torch.allclose(small.mean((1, 2)), image.mean((1, 2)), atol=1e-5)
    assert torch.allclose(shrink(torch.full_like(image, 0.3), size), torch.tensor(0.3), atol=1e-5)


def test_the_whole_canvas_matches_its_reduction() -> None:
    canvas = Size(900, 450)
    picture = whole(plane, canvas, 300, 128)
    assert picture.shape == (300, 150, 3)
    reference = to_uint8(shrink(plane(canvas.box), Size(300, 150))).astype(int)
    assert np.abs(picture.astype(int) - reference).max() <= 8  # piece borders lie on whole pixels of the canvas
    assert np.abs(picture.astype(int) - reference).mean() < 1


def test_a_small_canvas_is_not_enlarged() -> None:
    assert np.array_equal(whole(plane, Size(65, 70), 640, 64), to_uint8(plane(Box(0, 0, 65, 70))))


def test_nothing_of_the_canvas_in_sight() -> None:
    assert list(view(plane, Size(64, 64), Box(64, 0, 10, 10), Size(10, 10), 64)) == []


def test_the_strip_has_rows_of_samples_and_columns_of_layers() -> None:
    first = torch.rand(6, 3, 10, 12, generator=torch.Generator().manual_seed(0))
    second = torch.rand(6, 3, 8, 9, generator=torch.Generator().manual_seed(1))
    picture = strip({"Content": first, "Result": second})
    assert picture.shape == (4 * 10 + 3 * 4, 12 + 4 + 9, 3)
    assert np.array_equal(picture[14:24, :12], to_uint8(first[1]))
    assert np.array_equal(picture[42:50, 16:], to_uint8(second[3]))
    assert strip({}).shape == (0, 0, 3)
