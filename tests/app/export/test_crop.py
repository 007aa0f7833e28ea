"""Which part is printed where the paper has another shape."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from app.export.crop import CropField
from engine.box import Size
from tests.app.export.dialogs import times


def test_another_shape_says_what_is_cut_away(dialog):
    assert not dialog.cut_away.isVisible()
    dialog.form.size_field.choose(Size(1184, 880))
    assert "left and right lose 50 %" in dialog.cut_away.text()
    dialog.form.size_field.choose(Size(592, 1760))
    assert "top and bottom lose 50 %" in dialog.cut_away.text()


def test_what_is_cut_away_is_chosen_by_dragging_a_frame(dialog, qtbot, requests):
    crop = dialog.form.crop
    assert not crop.isVisible()
    assert dialog.form.request().crop is None
    dialog.form.size_field.choose(Size(1184, 880))
    assert crop.isVisible()
    assert dialog.form.request().crop == (0.5, 0.5)
    middle = crop.frame().center().toPoint()
    qtbot.mousePress(crop, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(crop, middle + QPoint(-8, 5))
    qtbot.mouseMove(crop, middle + QPoint(-200, 5))
    qtbot.mouseRelease(crop, Qt.MouseButton.LeftButton, pos=middle)
    assert dialog.form.request().crop == (0.5, 0.0), "the whole left, and nothing up or down where nothing is cut"
    assert crop.frame().left() == 0
    qtbot.keyClick(crop, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert dialog.form.request().crop == (0.5, 0.1)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert requests[-1].crop == (0.5, 0.1)
    dialog.form.size_field.choose(times(2))
    assert not crop.isVisible()
    assert dialog.form.request().crop is None


def test_the_frame_on_a_panorama_is_wide_enough_for_a_hand(qtbot, dialog):
    field = CropField(Size(619, 3185), dialog)
    field.set_print(Size(297, 420))
    assert field.height() >= 48
    assert field.frame().width() >= 64


def test_the_frame_has_the_shape_of_the_paper(dialog):
    dialog.form.size_field.choose(Size(592, 1760))
    frame, whole = dialog.form.crop.frame(), dialog.form.crop.rect()
    assert frame.width() == whole.width()
    assert frame.width() / frame.height() == pytest.approx(1760 / 592, rel=0.02)
