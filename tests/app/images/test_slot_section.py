"""The images of one slot, by hand: taken away, ordered, moved, weighted, and masks painted for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from app.images.tile_grid import TILE_TYPE
from engine.declarations import Slot
from engine.job import SourceImage
from tests.app.drops import drop
from tests.app.images.pictures import NAMES, images, names


def test_delete_and_the_cross_remove(style, qtbot):
    style.select(1)
    qtbot.keyClick(style.tiles[1], Qt.Key.Key_Delete)
    assert style.told[-1] == ("style", ["a.png", "c.png", "d.png"])
    style.tiles[0].remove_button.click()
    assert style.told[-1] == ("style", ["c.png", "d.png"])
    assert len(style.tiles) == 2


def test_removing_all_shows_the_help_again(style):
    for _ in NAMES:
        style.remove(0)
    assert style.told[-1] == ("style", [])
    assert style.zone.link.isVisible()
    assert not style.editor.isVisible()


def test_control_and_arrows_reorder_arrows_alone_select(style, qtbot):
    style.select(0)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Right)
    assert style.tiles[1].hasFocus()
    assert not style.told
    qtbot.keyClick(style.tiles[1], Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert style.told == [("style", ["a.png", "c.png", "b.png", "d.png"])]
    assert style.tiles[2].hasFocus()
    assert names(style.images)[2] == "b.png"


def test_the_keys_mean_the_tile_that_has_them_though_none_is_selected(style, qtbot):
    style.tiles[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Right)
    assert style.tiles[1].hasFocus()
    style.select(-1)
    style.tiles[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Space)
    assert style.caption.accessibleName() == "a.png"
    style.select(-1)
    style.tiles[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Delete)
    assert style.told[-1] == ("style", ["b.png", "c.png", "d.png"])


def test_an_image_goes_to_another_slot_by_its_menu(bar, style):
    style.select(1)
    menu = bar._menu("style", style)
    dropped = []
    bar.dropped.connect(lambda slot, paths: dropped.append((slot, paths)))
    next(action for action in menu.actions() if action.text() == "Add to Content").trigger()
    assert dropped == [("content", [Path("/pictures/b.png")])]


def test_an_image_that_takes_the_place_of_the_words_has_the_keys(bar):
    section = bar.section("content")
    section.zone.link.setFocus()
    bar.set_sources({"content": images("a.png")})
    assert section.tiles[0].hasFocus()


@pytest.mark.parametrize(
    ("index", "at", "expected"),
    [
        (0, QPoint(155, 30), ["b.png", "a.png", "c.png", "d.png"]),
        (3, QPoint(2, 30), ["d.png", "a.png", "b.png", "c.png"]),
        (0, QPoint(200, 110), ["b.png", "c.png", "d.png", "a.png"]),
        (2, QPoint(155, 30), None),
    ],
)
def test_a_tile_dropped_elsewhere_moves_there(style, index, at, expected):
    assert style.zone.columns == 3
    data = QMimeData()
    data.setData(TILE_TYPE, f"style\n{index}\n/pictures/{NAMES[index]}".encode())
    assert drop(style.zone, data, at)
    assert style.told == ([("style", expected)] if expected else [])


def test_a_tile_of_another_slot_is_added_like_a_file(bar, style, qtbot):
    data = QMimeData()
    data.setData(TILE_TYPE, b"style\n2\n/pictures/c.png")
    with qtbot.waitSignal(bar.dropped) as blocker:
        drop(bar.section("content").zone, data, QPoint(10, 10))
    assert blocker.args == ["content", [Path("/pictures/c.png")]]
    assert len(style.images) == 4


def test_share_and_scale_belong_to_the_selected_image(style, bar, qtbot):
    assert not style.editor.isVisible()
    style.select(2)
    assert style.editor.isVisible()
    with qtbot.waitSignal(bar.changed, timeout=20_000) as blocker:
        style.share.slider.setValue(style.share.track.position(2.5))
        style.scale.slider.setValue(style.scale.slider.maximum())
    sources = blocker.args[1]
    assert [source.weight for source in sources] == [1, 1, 2.5, 1]
    assert [source.scale for source in sources] == [1, 1, 4, 1]
    assert len(style.told) == 1, "one change for the whole drag"
    style.select(0)
    assert style.share.value() == 1.0


def test_a_full_slot_offers_no_more(bar):
    bar.show_slots((Slot("pair", "Pair", "Two of them.", 0, 2),))
    bar.set_sources({"pair": images("a.png")})
    assert bar.section("pair").add_button.isEnabled()
    bar.set_sources({"pair": images("a.png", "b.png")})
    assert not bar.section("pair").add_button.isEnabled()


def test_a_mask_can_be_painted_by_button_link_menu_and_double_click(many, qtbot):
    asked = []
    many.paint_requested.connect(asked.append)
    section = many.section("target_mask")
    assert not many.section("style").paint_button.isVisible()
    qtbot.mouseClick(section.paint_button, Qt.MouseButton.LeftButton)
    section.zone.link.linkActivated.emit("paint")
    many.set_sources({"target_mask": images("a.png")})
    qtbot.mouseDClick(section.tiles[0], Qt.MouseButton.LeftButton)
    menu = many._menu("target_mask", section)
    next(action for action in menu.actions() if action.text() == "Paint…").trigger()
    menu.close()
    assert asked == ["target_mask"] * 4


def test_a_slot_for_one_image_offers_to_exchange_it(many, qtbot):
    many.set_sources({"style": images("a.png")})
    section = many.section("style")
    assert section.add_button.isEnabled()
    dialog = many.browse("style")
    qtbot.addWidget(dialog)
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFile
    dialog.close()


@pytest.mark.parametrize("name", ["weight", "scale"])
def test_a_knob_reaches_what_an_image_may_have_and_no_further(style, name):
    spec = {"weight": style.share.spec, "scale": style.scale.spec}[name]
    for end, beyond in ((spec.minimum, -0.01), (spec.maximum, 0.01)):
        assert getattr(SourceImage(path="a.png", **{name: end}), name) == end
        with pytest.raises(ValidationError):
            SourceImage(path="a.png", **{name: end + beyond})
    assert getattr(SourceImage(path="a.png"), name) == spec.default


def test_share_and_scale_are_offered_where_they_mean_something(many):
    many.set_sources({"style": images("a.png"), "style_mask": images("b.png"), "more": images("c.png")})
    offered = {}
    for key in ("style", "style_mask", "more"):
        section = many.section(key)
        section.select(0)
        offered[key] = (section.share.isVisible(), section.scale.isVisible())
    assert offered == {"style": (False, True), "style_mask": (False, False), "more": (True, True)}


def test_the_same_image_twice_has_two_tiles(bar):
    bar.set_sources({"style": images("a.png", "a.png", "b.png")})
    section = bar.section("style")
    section.remove(0)
    assert names(section.images) == ["a.png", "b.png"]
    assert sum(tile.isVisible() for tile in section.tiles) == 2
