"""Boxes: what padding, aligning and cutting promise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.box import Box, Margin, Size

boxes = st.builds(Box, st.integers(-300, 300), st.integers(-300, 300), st.integers(1, 300), st.integers(1, 300))
sides = st.integers(1, 97)


def covers_once(pieces: list[Box], whole: Box) -> bool:
    """Whether disjoint pieces cover the whole: none sticks out, none overlaps another, and the areas add up."""
    inside = all(whole.contains(piece) for piece in pieces)
    apart = all(a is b or a.clip(b).area == 0 for a in pieces for b in pieces)
    return inside and apart and sum(piece.area for piece in pieces) == whole.area


@given(boxes, sides)
def test_an_aligned_box_is_the_same_place_on_a_coarser_grid(box: Box, ratio: int) -> None:
    aligned = box.align(ratio)
    coarse = aligned.coarser(ratio)
    assert aligned == Box(coarse.top * ratio, coarse.left * ratio, coarse.height * ratio, coarse.width * ratio)


@given(boxes, st.integers(20, 97))
def test_tiles_cover_a_box_once(box: Box, side: int) -> None:
    assert covers_once(box.tiles(side), box)


@given(boxes, st.integers(20, 97))
def test_tiles_lie_on_the_grid_of_the_plane(box: Box, side: int) -> None:
    for tile in box.tiles(side):
        assert tile.top // side == (tile.bottom - 1) // side
        assert tile.left // side == (tile.right - 1) // side


@given(boxes, st.integers(20, 97))
def test_tiles_from_the_middle_are_the_same_tiles(box: Box, side: int) -> None:
    tiles = box.tiles_from_middle(side)
    assert sorted(tiles, key=repr) == sorted(box.tiles(side), key=repr)
    middle = (box.top + box.height / 2, box.left + box.width / 2)
    first = tiles[0]
    assert first.top <= middle[0] <= first.bottom
    assert first.left <= middle[1] <= first.right


@given(boxes, sides)
def test_quarters_cover_a_box_once_and_end(box: Box, alignment_px: int) -> None:
    quarters = box.quarters(alignment_px)
    assert covers_once(quarters, box)
    assert quarters == [box] or all(quarter.area < box.area for quarter in quarters)


@given(boxes, sides)
def test_aligned_is_the_smallest_box_around_on_the_grid(box: Box, alignment_px: int) -> None:
    aligned = box.align(alignment_px)
    assert aligned.contains(box)
    assert all(edge % alignment_px == 0 for edge in (aligned.top, aligned.left, aligned.bottom, aligned.right))
    assert aligned.height < box.height + 2 * alignment_px
    assert aligned.width < box.width + 2 * alignment_px


@given(boxes, st.builds(Margin, sides, sides, sides, sides))
def test_a_box_is_found_again_within_its_padding(box: Box, margin: Margin) -> None:
    rows, columns = box.within(box.pad(margin))
    assert (rows.start, columns.start) == (margin.top, margin.left)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (box.height, box.width)


def test_a_box_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="not inside"):
        Box(0, 0, 10, 10).within(Box(1, 0, 10, 10))


@given(boxes, boxes)
def test_clipping_gives_what_both_contain(a: Box, b: Box) -> None:
    part = a.clip(b)
    assert part.area == b.clip(a).area
    assert part.area == 0 or (a.contains(part) and b.contains(part))


def test_a_size_is_a_box_from_the_corner() -> None:
    assert Size(3, 4).box == Box(0, 0, 3, 4)
    assert Size(3, 4).area == 12
