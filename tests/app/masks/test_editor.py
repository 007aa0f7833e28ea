"""Masks painted with a real mouse and keys, from the slot in the sources bar to the regions that the engine finds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QInputDevice, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from app.masks.beginning import Beginning
from app.masks.editor import MaskEditor
from app.masks.files import MaskFile
from app.masks.picture import UNPAINTED
from app.masks.regions import first_regions
from tests.app.masks.hand import LAND, LEFT, NOTHING, SKY, WATER, at, drag, key, on_screen


@pytest.fixture
def editor(qtbot):
    """An empty mask of 80 x 60 px."""
    return on_screen(
        qtbot, MaskEditor(Beginning("Target mask", MaskFile(np.zeros((60, 80), np.uint8), first_regions())))
    )


def test_the_hand_goes_on_after_its_stroke_was_taken_back_and_paints_nothing(editor, qtbot) -> None:
    drag(qtbot, editor, (20, 20), (50, 40))
    before = editor.picture.labels.copy()
    points = [at(editor, *place) for place in ((60, 20), (70, 40), (75, 50))]
    qtbot.mousePress(editor.view, LEFT, NOTHING, points[0])
    qtbot.mouseMove(editor.view, points[1])
    assert not np.array_equal(editor.picture.labels, before)
    key(qtbot, editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(editor.picture.labels, before)
    qtbot.mouseMove(editor.view, points[2])
    qtbot.mouseRelease(editor.view, LEFT, NOTHING, points[2])
    assert np.array_equal(editor.picture.labels, before)
    drag(qtbot, editor, (60, 20), (70, 40))
    assert not np.array_equal(editor.picture.labels, before), "the next stroke paints again"


def test_the_first_stroke_on_a_new_map_shows(qtbot):
    """Its first region is everywhere, and was the one to paint with as well."""
    labels = np.full((60, 80), SKY.label, np.uint8)
    editor = on_screen(qtbot, MaskEditor(Beginning("Pieces from", MaskFile(labels, first_regions()), noun="map")))
    drag(qtbot, editor, (20, 20), (50, 40))
    assert set(np.unique(editor.picture.labels)) == {SKY.label, LAND.label}


def test_brush_fill_and_eraser_by_their_keys_and_undo(qtbot, editor):
    key(qtbot, editor, Qt.Key.Key_2)
    drag(qtbot, editor, (10, 30), (70, 30))
    painted = editor.picture.labels.copy()
    assert editor.picture.label_at(40, 30) == LAND.label
    key(qtbot, editor, Qt.Key.Key_E)
    drag(qtbot, editor, (40, 10), (40, 50))
    assert editor.picture.label_at(40, 30) == UNPAINTED
    assert editor.picture.label_at(15, 30) == LAND.label
    key(qtbot, editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(editor.picture.labels, painted)
    key(qtbot, editor, Qt.Key.Key_F)
    key(qtbot, editor, Qt.Key.Key_1)
    qtbot.mouseClick(editor.view, LEFT, NOTHING, at(editor, 5, 5))
    assert UNPAINTED not in editor.picture.labels
    key(qtbot, editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    key(qtbot, editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not editor.picture.labels.any()
    assert not editor.tools.actions_by_name["undo"].isEnabled()


def test_brackets_change_the_size_within_its_bounds(qtbot, editor):
    before = editor.view.size_px
    key(qtbot, editor, Qt.Key.Key_BracketRight)
    assert editor.view.size_px > before
    for _ in range(40):
        key(qtbot, editor, Qt.Key.Key_BracketLeft)
    assert editor.view.size_px == 1
    assert editor.tools.box.value() == 1
    editor.tools.slider.setValue(editor.tools.slider.maximum())
    assert editor.view.size_px == editor.tools.box.value() == 500


def test_shift_draws_a_straight_line_from_where_the_last_stroke_ended(qtbot, editor):
    key(qtbot, editor, Qt.Key.Key_1)
    editor.tools.set_brush(4)
    drag(qtbot, editor, (10, 10), (11, 10))
    qtbot.mouseClick(editor.view, LEFT, Qt.KeyboardModifier.ShiftModifier, at(editor, 70, 50))
    assert editor.picture.label_at(40, 29.5) == SKY.label
    assert editor.picture.label_at(40, 40) == UNPAINTED


def test_the_right_button_takes_the_region_under_it(qtbot, editor):
    key(qtbot, editor, Qt.Key.Key_3)
    drag(qtbot, editor, (40, 30), (41, 30))
    key(qtbot, editor, Qt.Key.Key_1)
    qtbot.mouseClick(editor.view, Qt.MouseButton.RightButton, NOTHING, at(editor, 40, 30))
    assert editor.view.label == editor.regions.label == WATER.label
    qtbot.mouseClick(editor.view, Qt.MouseButton.RightButton, NOTHING, at(editor, 5, 5))
    assert editor.view.label == WATER.label


def pen(editor, kind, place, pressure, end=QPointingDevice.PointerType.Pen):
    """An event of a tablet's pen; whether the editor took it."""
    device = QPointingDevice("tablet", 1, QInputDevice.DeviceType.Stylus, end, QInputDevice.Capability.Pressure, 1, 1)
    point = QPointF(at(editor, *place))
    button = LEFT if kind != QEvent.Type.TabletMove else Qt.MouseButton.NoButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else LEFT
    event = QTabletEvent(kind, device, point, point, pressure, 0, 0, 0, 0, 0, NOTHING, button, held)
    event.ignore()
    QApplication.sendEvent(editor.view, event)
    return event.isAccepted()


def test_a_pen_paints_as_wide_as_it_is_pressed_and_its_other_end_erases(qtbot, editor):
    key(qtbot, editor, Qt.Key.Key_1)
    editor.tools.set_brush(30)
    widths = []
    for pressure in (0.1, 1.0):
        assert pen(editor, QEvent.Type.TabletPress, (20, 30), pressure)
        assert pen(editor, QEvent.Type.TabletMove, (60, 30), pressure)
        assert pen(editor, QEvent.Type.TabletRelease, (60, 30), 0.0)
        widths.append(int((editor.picture.labels[:, 40] == SKY.label).sum()))
    assert widths[0] < widths[1] / 2
    assert widths[1] == pytest.approx(30, abs=2)
    eraser = QPointingDevice.PointerType.Eraser
    pen(editor, QEvent.Type.TabletPress, (40, 30), 1.0, eraser)
    pen(editor, QEvent.Type.TabletRelease, (40, 30), 0.0, eraser)
    assert editor.picture.label_at(40, 30) == UNPAINTED


def test_the_wheel_zooms_at_the_pointer_and_space_pans(qtbot, editor):
    view = editor.view
    point = QPointF(at(editor, 20, 20))
    before, place = view.scale, view.to_mask(point)
    event = QWheelEvent(
        point,
        view.mapToGlobal(point),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        NOTHING,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
    assert view.scale > before
    assert (view.to_mask(point) - place).manhattanLength() < 0.01
    qtbot.keyPress(view, Qt.Key.Key_Space)
    drag(qtbot, editor, (20, 20), (30, 25))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert (view.to_mask(point) - place - QPointF(-10, -5)).manhattanLength() < 0.2
    assert not editor.picture.labels.any()
    key(qtbot, editor, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert view.scale == pytest.approx(before)


def test_the_screen_shows_the_region_under_the_brush(qtbot, editor):
    key(qtbot, editor, Qt.Key.Key_2)
    drag(qtbot, editor, (20, 30), (60, 30))
    qtbot.mouseMove(editor.view, at(editor, 75, 55))
    shown = editor.view.grab().toImage().pixelColor(at(editor, 40, 30))
    assert (shown.red(), shown.green(), shown.blue()) == LAND.color


def test_shares_are_shown_and_unpainted_places_told(qtbot, editor):
    assert not editor.done_button.isEnabled()
    key(qtbot, editor, Qt.Key.Key_F)
    key(qtbot, editor, Qt.Key.Key_1)
    qtbot.mouseClick(editor.view, LEFT, NOTHING, at(editor, 5, 5))
    key(qtbot, editor, Qt.Key.Key_E)
    editor.tools.set_brush(60)
    drag(qtbot, editor, (0, 0), (0, 60))
    qtbot.waitUntil(editor.done_button.isEnabled, timeout=10_000)
    empty = (editor.picture.labels == UNPAINTED).mean()
    assert f"({100 * empty:.0f} %)" in editor.note.text()
    assert f"{100 * (1 - empty):.0f} %" in editor.regions.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_regions_are_added_renamed_merged_and_removed(qtbot, editor):
    qtbot.mouseClick(editor.regions.add_button, LEFT)
    assert len(editor.picture.regions) == 4
    item = editor.regions.list.currentItem()
    item.setText("Boat")
    assert editor.picture.regions[-1].name == "Boat"
    boat = editor.picture.regions[-1].label
    assert editor.view.label == boat
    drag(qtbot, editor, (40, 30), (41, 30))
    menu = editor.regions.menu(boat)
    merge = next(action.menu() for action in menu.actions() if action.menu() is not None)
    next(action for action in merge.actions() if action.text() == LAND.name).trigger()
    assert editor.picture.label_at(40, 30) == LAND.label
    assert boat not in [region.label for region in editor.picture.regions]
    assert editor.view.label in [region.label for region in editor.picture.regions]


def test_a_region_that_the_other_mask_lacks_is_named(qtbot):
    labels = np.full((60, 80), LAND.label, np.uint8)
    begin = Beginning("Target mask", MaskFile(labels, first_regions()), None, None, (SKY,), "Style mask")
    editor = on_screen(qtbot, MaskEditor(begin))
    assert "Style mask has no Green" in editor.note.text()
    assert "Style mask has no such region" in editor.regions.list.item(1).toolTip()
    editor.picture.remove(LAND.label, into=SKY.label)
    assert "has no" not in editor.note.text()


def test_the_regions_of_an_image_are_taken_over_and_can_be_undone(qtbot, editor, tmp_path):
    pixels = np.zeros((50, 70, 3), np.uint8)
    pixels[:25], pixels[25:] = (100, 170, 250), (200, 30, 30)
    Image.fromarray(pixels).save(tmp_path / "other.png")
    editor.load(tmp_path / "other.png")
    qtbot.waitUntil(lambda: editor.picture.height == 50, timeout=20_000)
    assert (editor.width_box.value(), editor.height_box.value()) == (70, 50)
    assert len(editor.picture.regions) == 2
    assert editor.done_button.isEnabled()
    editor.picture.stack.undo()
    assert (editor.picture.width, editor.picture.height) == (80, 60)
    assert editor.picture.regions == first_regions()
    qtbot.waitUntil(lambda: editor._task is None, timeout=20_000)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    editor.load(tmp_path / "broken.png")
    qtbot.waitUntil(lambda: "broken.png" in editor.note.text() and "Finding" not in editor.note.text(), timeout=20_000)


def test_closing_asks_before_something_painted_is_lost(qtbot, editor):
    asked = editor.findChildren(QMessageBox)
    assert not asked
    drag(qtbot, editor, (10, 10), (40, 40))
    assert not editor.close()
    (box,) = editor.findChildren(QMessageBox)
    throw = next(button for button in box.buttons() if button.text() == "Throw it away")
    assert isinstance(throw, QPushButton)
    throw.click()
    qtbot.waitUntil(lambda: not editor.isVisible(), timeout=10_000)


def test_a_line_drawn_around_a_place_gives_it_to_the_region(qtbot, editor):
    key(qtbot, editor, Qt.Key.Key_2)
    key(qtbot, editor, Qt.Key.Key_L)
    drag(qtbot, editor, (10, 10), (50, 10), (50, 40), (10, 40))
    assert set(np.unique(editor.picture.labels)) == {UNPAINTED, LAND.label}, "regions have plain edges"
    assert editor.picture.label_at(30, 25) == LAND.label
    assert editor.picture.label_at(60, 25) == UNPAINTED
    key(qtbot, editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not editor.picture.labels.any()


def test_invert_puts_the_region_where_it_is_not(qtbot, editor):
    key(qtbot, editor, Qt.Key.Key_F)
    key(qtbot, editor, Qt.Key.Key_1)
    qtbot.mouseClick(editor.view, LEFT, NOTHING, at(editor, 5, 5))
    key(qtbot, editor, Qt.Key.Key_L)
    key(qtbot, editor, Qt.Key.Key_2)
    drag(qtbot, editor, (10, 10), (50, 10), (50, 40), (10, 40))
    before = editor.picture.labels.copy()
    key(qtbot, editor, Qt.Key.Key_I)
    assert ((editor.picture.labels == LAND.label) == (before == SKY.label)).all()
    editor.picture.stack.undo()
    assert np.array_equal(editor.picture.labels, before)


def test_a_region_looks_like_its_part_of_the_style_and_is_lit_there_when_pointed_at(qtbot):
    style = QImage(80, 60, QImage.Format.Format_RGB32)
    style.fill(QColor(200, 10, 10))
    for x in range(40, 80):
        for y in range(60):
            style.setPixelColor(x, y, QColor(10, 10, 200))
    labels = np.full((60, 80), SKY.label, np.uint8)
    labels[:, 40:] = LAND.label
    mask = MaskFile(labels, (SKY, LAND))
    own = MaskFile(np.full((60, 80), SKY.label, np.uint8), (SKY, LAND))
    begin = Beginning("Target mask", own, None, None, (SKY, LAND), "Style mask", style=style, style_mask=mask)
    editor = on_screen(qtbot, MaskEditor(begin))
    swatches = [editor.parts.cut(region.color) for region in (SKY, LAND)]
    shades = [swatch.pixelColor(swatch.width() // 2, swatch.height() // 2) for swatch in swatches if swatch is not None]
    assert [shade.red() for shade in shades] == [200, 10]
    assert editor.parts.isVisible()

    point = editor.regions.list.visualItemRect(editor.regions.list.item(1)).center()
    qtbot.mouseMove(editor.regions.list.viewport(), point)
    qtbot.waitUntil(lambda: editor.parts._lit == LAND.label, timeout=5_000)
    shown = editor.parts.grab().toImage()
    left, right = (shown.pixelColor(round(x * shown.width()), shown.height() // 2) for x in (0.25, 0.75))
    assert right.blue() == 200
    assert left.red() < 100
    assert editor.view._lit == LAND.label
