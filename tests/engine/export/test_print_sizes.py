"""Centimetres, inches and papers to pixels; bleed and marks around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.box import Box, Size
from engine.errors import BadSettingError
from engine.export.print_sizes import LABS, PAPERS, Layout, Paper, length_mm, parse_length, parse_size, pixels
from engine.options import EncodeOptions


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("60x90cm", Size(10630, 7087)),
        ("60 x 90 cm", Size(10630, 7087)),
        ("60cm x 90cm", Size(10630, 7087)),
        ("0.6 × 0.9 m", Size(10630, 7087)),
        ("600X900MM", Size(10630, 7087)),
        ("24x36in", Size(10800, 7200)),
        ('24"x36"', Size(10800, 7200)),
        ("29,7x42cm", Size(4961, 3508)),
        ("6000x9000", Size(9000, 6000)),
        ("6000x9000px", Size(9000, 6000)),
        ("A1", Size(9933, 7016)),
        ("a1 landscape", Size(7016, 9933)),
        ("A1 upright", Size(9933, 7016)),
        ("30 x 40 cm", Size(4724, 3543)),
    ],
)
def test_sizes_on_paper(text: str, size: Size) -> None:
    assert parse_size(text, 300) == size


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from(PAPERS))
def test_a_paper_lies_as_the_picture_does_unless_it_is_told_how(height: int, width: int, paper: Paper) -> None:
    picture = Size(height, width)
    upright, landscape = (parse_size(f"{paper.name} {how}", 300, picture) for how in ("upright", "landscape"))
    assert upright == paper.pixels(300)
    assert landscape == Size(upright.width, upright.height)
    assert parse_size(paper.name, 300, picture) == (landscape if width > height else upright)
    assert parse_size("60x90cm", 300, picture) == parse_size("60x90cm", 300), "sides that are named stay"


@pytest.mark.parametrize("text", ["", "60", "60x", "x90cm", "60x90miles", "0x90cm", "-6x9cm", "A99", "A1 sideways"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(BadSettingError, match="is not a size; write it as 60x90cm"):
        parse_size(text, 300)


@pytest.mark.parametrize(("text", "length"), [("3mm", 35), ("0.3 cm", 35), ("1in", 300), ("36", 36), ("36px", 36)])
def test_lengths(text: str, length: int) -> None:
    assert parse_length(text, 300) == length


@pytest.mark.parametrize("text", ["", "mm", "3 yards", "-3mm", "1e3"])
def test_what_is_no_length_is_told(text: str) -> None:
    with pytest.raises(BadSettingError, match="is not a length"):
        parse_length(text, 300)


@given(st.integers(1, 100_000), st.floats(30, 1200))
def test_pixels_and_millimetres_go_both_ways(count: int, dpi: float) -> None:
    assert pixels(length_mm(count, dpi), dpi) == count


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(0, 100), st.sampled_from([72.0, 300.0]), st.booleans())
def test_layout_adds_up(height: int, width: int, bleed: int, dpi: float, marks: bool) -> None:
    layout = Layout(Size(height, width), bleed, EncodeOptions(dpi=dpi, marks=marks))
    assert layout.painted == Box(-bleed, -bleed, height + 2 * bleed, width + 2 * bleed)
    assert layout.file.height == layout.painted.height + 2 * layout.margin_px
    assert layout.file.width == layout.painted.width + 2 * layout.margin_px
    picture = Box(layout.margin_px, layout.margin_px, layout.painted.height, layout.painted.width)
    assert len(layout.crop_marks()) == (8 if marks else 0)
    for mark in layout.crop_marks():
        assert layout.file.box.contains(mark)
        assert mark.clip(picture).area == 0


def test_papers_and_labs_are_told_apart_by_their_names() -> None:
    assert len({paper.name for paper in PAPERS}) == len(PAPERS)
    assert [(lab.suffix, lab.bits, lab.encode_options.profile) for lab in LABS][:2] == [
        (".jpg", 8, "adobe-rgb"),
        (".tif", 16, "srgb"),
    ]
    assert all(parse_size(paper.name, 300) == paper.pixels(300) for paper in PAPERS)
