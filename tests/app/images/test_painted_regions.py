"""Dots on the tiles: regions that the present method's map really has, and in which the image may lie."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage

from app.images.sources_bar import SourcesBar
from engine.declarations import Slot
from engine.job import SourceImage

PATIENCE_MS = 60_000
"""The first map brings torch along."""
RED, GREEN, BLUE = "#dc2828", "#28b428", "#1428dc"
STYLE = Slot("style", "Style", "What it is made of.")
MAPPED = (STYLE, Slot("pieces_map", "Pieces from", "Where.", minimum=0, maximum=1, kind="mask", directs="style"))
OTHER = (STYLE, Slot("styles_map", "Style from", "Where.", minimum=0, maximum=1, kind="mask", directs="style"))


@pytest.fixture
def bar(qtbot):
    bar = SourcesBar(read=lambda _path, _side: QImage(8, 8, QImage.Format.Format_RGB32))
    qtbot.addWidget(bar)
    bar.show_slots(MAPPED)
    return bar


@pytest.fixture
def red_and_blue(tmp_path):
    """A map of two regions."""
    pixels = np.full((40, 60, 3), (220, 40, 40), np.uint8)
    pixels[:, 30:] = (20, 40, 220)
    return _saved(pixels, tmp_path / "map.png")


def _saved(pixels, path):
    Image.fromarray(pixels).save(path)
    return SourceImage(path=str(path))


def _in(*regions):
    return SourceImage(path="/pictures/a.png", regions=regions)


def _read(qtbot, bar, sources):
    with qtbot.waitSignal(bar._painted.known, timeout=PATIENCE_MS):
        bar.set_sources(sources)


def test_only_painted_regions_have_a_dot(bar, qtbot, red_and_blue):
    style = (_in(RED, GREEN), _in(GREEN), _in(BLUE, RED), SourceImage(path="/pictures/b.png"))
    _read(qtbot, bar, {"style": style, "pieces_map": (red_and_blue,)})
    tiles = bar.section("style").tiles
    assert [tile.regions for tile in tiles] == [(RED,), (), (BLUE, RED), None]
    assert "in 1 region of the map" in tiles[0].accessibleName()
    assert "nowhere on the map" in tiles[1].accessibleName()
    assert "map" not in tiles[3].accessibleName()


def test_two_colours_near_one_region_are_one_dot(bar, qtbot, red_and_blue):
    _read(qtbot, bar, {"style": (_in("#d02828", RED),), "pieces_map": (red_and_blue,)})
    assert bar.section("style").tiles[0].regions == (RED,)


def test_without_a_map_of_this_method_no_dot_stays(bar, qtbot, red_and_blue):
    sources = {"style": (_in(RED), _in()), "pieces_map": (red_and_blue,)}
    _read(qtbot, bar, sources)
    bar.show_slots(OTHER)
    bar.set_sources(sources)
    assert [tile.regions for tile in bar.section("style").tiles] == [None, None]
    assert "map" not in bar.section("style").tiles[1].accessibleName()
    bar.show_slots(MAPPED)
    bar.set_sources(sources)
    assert [tile.regions for tile in bar.section("style").tiles] == [(RED,), ()]
    bar.set_sources({"style": sources["style"]})
    assert bar.section("style").tiles[0].regions is None


def test_a_map_that_can_not_be_read_keeps_no_image_from_anywhere(bar, qtbot, tmp_path):
    broken = tmp_path / "map.png"
    broken.write_text("no picture")
    _read(qtbot, bar, {"style": (_in(RED),), "pieces_map": (SourceImage(path=str(broken)),)})
    assert bar.section("style").tiles[0].regions is None


def test_a_map_that_another_program_saved_is_read_again(bar, qtbot, red_and_blue, tmp_path):
    _read(qtbot, bar, {"style": (_in(GREEN),), "pieces_map": (red_and_blue,)})
    pixels = np.full((40, 60, 3), (40, 180, 40), np.uint8)
    pixels[:, 30:] = (20, 40, 220)
    _saved(pixels, tmp_path / "map.png")
    with qtbot.waitSignal(bar._painted.known, timeout=PATIENCE_MS):
        bar.read_again(red_and_blue.path)
    assert bar.section("style").tiles[0].regions == (GREEN,)
