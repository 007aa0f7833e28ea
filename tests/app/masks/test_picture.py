"""Strokes, fills and regions of a mask as laws; every change can be undone; files keep pixels, colours and names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QRect

from app.masks import files
from app.masks.picture import UNPAINTED, MaskPicture
from app.masks.regions import Region, distance, first_regions, next_region
from engine.errors import BadImageError, NoRoomError
from engine.images.read import read_image
from engine.images.regions import MOST_REGIONS, regions_of, shares

SKY, LAND, WATER = first_regions()
place = st.tuples(st.floats(-20, 80), st.floats(-20, 60))


def blank(width: int = 60, height: int = 40) -> MaskPicture:
    return MaskPicture(np.zeros((height, width), np.uint8), first_regions())


@given(start=place, end=place, radius=st.floats(0.1, 30))
def test_a_stroke_paints_the_pixels_within_its_radius_and_no_other(start, end, radius) -> None:
    picture = blank()
    picture.begin()
    picture.stroke(start, end, radius, LAND.label)
    rows, columns = np.mgrid[:40, :60]
    along = np.array(end) - np.array(start)
    to_pixel = np.stack([columns + 0.5 - start[0], rows + 0.5 - start[1]], -1)
    share = np.clip(to_pixel @ along / max(along @ along, 1e-9), 0, 1)
    away = np.linalg.norm(to_pixel - share[..., None] * along, axis=-1)
    painted = picture.labels == LAND.label
    assert not painted[(away > max(radius, 1.0) + 1e-3)].any()
    assert painted[away < radius - 1e-3].all()
    assert painted.any() or not (0 <= end[0] < 60 and 0 <= end[1] < 40)


@given(
    points=st.lists(st.tuples(place, place, st.integers(1, 3)), min_size=1, max_size=4),
    half=st.tuples(place, place, st.integers(1, 3)),
)
def test_undo_in_the_middle_of_a_stroke_takes_back_that_stroke_alone(points, half) -> None:
    """It took back the one before, of which a part stayed for good."""
    picture = blank()
    seen = [picture.labels.copy()]
    for start, end, label in points:
        picture.begin()
        picture.stroke(start, end, 5, label)
        picture.commit("paint")
        if not np.array_equal(picture.labels, seen[-1]):
            seen.append(picture.labels.copy())
    start, end, label = half
    picture.begin()
    picture.stroke(start, end, 9, label)
    picture.redo()
    assert picture.painting
    picture.undo()
    assert not picture.painting
    assert np.array_equal(picture.labels, seen[-1])
    picture.commit("paint")
    for before in reversed(seen[:-1]):
        picture.undo()
        assert np.array_equal(picture.labels, before)
    assert not picture.stack.canUndo()
    for after in seen[1:]:
        picture.redo()
        assert np.array_equal(picture.labels, after)


@given(points=st.lists(st.tuples(place, place, st.integers(0, 3)), min_size=1, max_size=5))
def test_undo_and_redo_walk_through_the_same_pictures(points) -> None:
    picture = blank()
    seen = [picture.labels.copy()]
    for start, end, label in points:
        picture.begin()
        picture.stroke(start, end, 5, label)
        picture.fill(30, 20, label)
        picture.commit("paint")
        if not np.array_equal(picture.labels, seen[-1]):
            seen.append(picture.labels.copy())
    for before in reversed(seen[:-1]):
        picture.stack.undo()
        assert np.array_equal(picture.labels, before)
    assert not picture.stack.canUndo()
    for after in seen[1:]:
        picture.stack.redo()
        assert np.array_equal(picture.labels, after)


@given(places=st.lists(place, min_size=0, max_size=9))
def test_a_lasso_stays_within_its_line_wherever_that_lies(places) -> None:
    picture = blank()
    picture.begin()
    picture.lasso(places, LAND.label)
    rows, columns = np.nonzero(picture.labels == LAND.label)
    if len(rows):
        across, down = zip(*places, strict=True)
        assert min(across) - 2 <= columns.min()
        assert columns.max() <= max(across) + 1
        assert min(down) - 2 <= rows.min()
        assert rows.max() <= max(down) + 1


@pytest.mark.parametrize("box", [(20, 10, 40, 90), (20, -50, 40, 30), (20, 10, 140, 30), (-80, 10, 40, 30)])
def test_a_lasso_that_leaves_the_picture_paints_what_lies_on_it(box) -> None:
    picture, (left, top, right, bottom) = blank(), box
    picture.begin()
    picture.lasso([(left, top), (right, top), (right, bottom), (left, bottom)], LAND.label)
    painted = picture.labels == LAND.label
    assert painted[max(0, top + 1) : max(0, bottom - 1), max(0, left + 1) : max(0, right - 1)].all()
    assert not painted[: max(0, top - 1)].any()
    assert not painted[:, : max(0, left - 1)].any()


def test_a_lasso_around_everything_paints_everything() -> None:
    picture = blank()
    picture.begin()
    picture.lasso([(-9, -9), (70, -9), (70, 50), (-9, 50)], LAND.label)
    assert (picture.labels == LAND.label).all()


def test_what_is_told_to_have_changed_covers_what_has_changed() -> None:
    picture, rects = blank(), []
    picture.painted.connect(rects.append)
    picture.begin()
    picture.stroke((10, 10), (30, 20), 4, SKY.label)
    picture.commit("paint")
    told = QRect()
    for rect in rects:
        told = told.united(rect)
    rows, columns = np.nonzero(picture.labels)
    left, right, top, bottom = int(columns.min()), int(columns.max()), int(rows.min()), int(rows.max())
    assert told.contains(QRect(left, top, right - left + 1, bottom - top + 1))
    assert told.width() < 40


def test_a_fill_stops_at_other_regions() -> None:
    picture = blank()
    picture.begin()
    picture.stroke((30, -5), (30, 45), 2, LAND.label)
    picture.fill(5, 5, SKY.label)
    picture.commit("fill")
    assert (picture.labels[:, :27] == SKY.label).all()
    assert (picture.labels[:, 33:] == UNPAINTED).all()
    picture.fill(-3, 5, WATER.label)
    assert WATER.label not in picture.labels


def test_a_stroke_that_changes_nothing_is_no_step() -> None:
    picture = blank()
    picture.begin()
    picture.stroke((10, 10), (12, 12), 3, UNPAINTED)
    picture.commit("erase")
    assert not picture.stack.canUndo()


def test_unpainted_places_join_the_nearest_region() -> None:
    picture = blank()
    assert (picture.completed() == UNPAINTED).all()
    picture.begin()
    picture.stroke((0, 0), (0, 40), 3, SKY.label)
    picture.stroke((60, 0), (60, 40), 3, WATER.label)
    whole = picture.completed()
    assert (whole[:, :28] == SKY.label).all()
    assert (whole[:, 32:] == WATER.label).all()
    assert (whole[picture.labels != UNPAINTED] == picture.labels[picture.labels != UNPAINTED]).all()


def test_regions_are_added_named_coloured_merged_and_removed_and_all_of_it_undone() -> None:
    picture = blank()
    picture.begin()
    picture.stroke((10, 10), (10, 10), 6, SKY.label)
    picture.stroke((40, 20), (40, 20), 6, LAND.label)
    picture.commit("paint")
    before, regions = picture.labels.copy(), picture.regions
    boat = picture.add_region("Boat")
    assert boat is not None
    picture.rename(boat.label, "  Ship ")
    picture.recolor(boat.label, (1, 2, 3))
    assert picture.region(boat.label) == Region(boat.label, "Ship", (1, 2, 3))
    picture.remove(LAND.label, into=SKY.label)
    assert (picture.labels[before == LAND.label] == SKY.label).all()
    picture.remove(SKY.label)
    assert not picture.labels.any()
    assert [region.name for region in picture.regions] == ["Blue", "Ship"]
    for _ in range(5):
        picture.stack.undo()
    assert np.array_equal(picture.labels, before)
    assert picture.regions == regions


def test_each_new_region_has_a_colour_that_is_clearly_another() -> None:
    regions: list[Region] = []
    while (region := next_region(regions)) is not None:
        assert all(distance(region.color, other.color) > 40 for other in regions)
        assert region.label not in [other.label for other in regions]
        regions.append(region)
    assert len(regions) == MOST_REGIONS


def test_another_size_keeps_the_regions_in_their_places_and_can_be_undone() -> None:
    picture, resized = blank(), []
    picture.resized.connect(lambda: resized.append((picture.width, picture.height)))
    picture.begin()
    picture.stroke((0, 20), (60, 20), 8, SKY.label)
    picture.commit("paint")
    before, share = picture.labels.copy(), picture.shares()[SKY.label]
    picture.resize(180, 120)
    assert picture.shares()[SKY.label] == pytest.approx(share, abs=0.01)
    picture.stack.undo()
    assert np.array_equal(picture.labels, before)
    assert resized == [(180, 120), (60, 40)]


def test_a_written_mask_is_read_back_by_the_engine_and_by_the_editor(tmp_path: Path) -> None:
    path = tmp_path / "masks" / "mask.png"
    labels = np.full((40, 60), 1, np.uint8)
    labels[20:] = 2
    labels[30, 30] = 3
    regions = (Region(1, "Himmel", (110, 180, 240)), Region(2, "Land", (60, 150, 60)), Region(3, "Boat", (1, 2, 3)))
    unused = Region(4, "Not yet", (250, 250, 0))
    files.write(path, labels, (*regions, unused))
    pixels = read_image(path).pixels
    found = regions_of(pixels, pixels)
    assert found.count == 3
    assert sorted(shares(found.target, 3)) == pytest.approx(sorted([1199 / 2400, 1 / 2400, 0.5]))
    again = files.read(path)
    assert {(r.name, r.color) for r in again.regions} == {(r.name, r.color) for r in (*regions, unused)}
    name_of = {r.label: r.name for r in again.regions}
    assert (name_of[again.labels[0, 0]], name_of[again.labels[39, 0]], name_of[again.labels[30, 30]]) == (
        "Himmel",
        "Land",
        "Boat",
    )


def test_a_mask_takes_over_the_colours_and_names_of_the_one_it_goes_with(tmp_path: Path) -> None:
    path = tmp_path / "other.png"
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, :10], pixels[:, 10:20], pixels[:, 20:] = (105, 175, 250), (55, 160, 50), (250, 20, 20)
    Image.fromarray(pixels).save(path)
    own = files.read(path)
    result = files.matched(own, first_regions())
    by_label = {region.label: region for region in result.regions}
    assert by_label[result.labels[0, 0]].color == SKY.color
    assert by_label[result.labels[0, 0]].name == SKY.name
    assert by_label[result.labels[0, 15]].color == LAND.color
    assert by_label[result.labels[0, 25]].color == (250, 20, 20)
    assert WATER.color in [region.color for region in result.regions], "what is not used yet is offered"
    assert np.array_equal(result.labels, own.labels)


@pytest.mark.parametrize(
    "text", ["nonsense", "[1, 2]", '[{"name": 3}]', '{"a": 1}', '[{"name": "x", "colour": "blue"}]']
)
def test_names_that_can_not_be_read_are_left_out(tmp_path: Path, text: str) -> None:
    from PIL.PngImagePlugin import PngInfo

    path, info = tmp_path / "mask.png", PngInfo()
    info.add_text("TesseraRegions", text)
    Image.fromarray(np.full((20, 20, 3), 200, np.uint8)).save(path, pnginfo=info)
    assert len(files.read(path).regions) == 1


def test_bad_files_and_folders_are_told(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(BadImageError, match=r"broken\.png"):
        files.read(tmp_path / "broken.png")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NoRoomError, match="could not be written"):
        files.write(tmp_path / "file" / "mask.png", np.ones((20, 20), np.uint8), first_regions())
