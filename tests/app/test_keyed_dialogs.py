"""Dialogs by keys: Tab goes through each of them and shows where it is, Return does what is where the keys are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QScrollArea, QWidget

from app.away.dialog import AwayDialog
from app.export.crop import CropField
from app.frame_dialog import FrameDialog
from app.help_sheet import HelpSheet
from app.masks.beginning import Beginning
from app.masks.editor import MaskEditor
from app.masks.files import MaskFile
from app.masks.regions import first_regions
from app.preferences_dialog import PreferencesDialog
from engine.box import Size
from tests.app.keys import TAB, active, held, tabbed
from tests.app.studio import Studio
from tests.app.test_contrast import ring
from tests.app.test_ways_back import keep, paused_at

MAKERS: dict[str, Callable[[Studio], QDialog]] = {
    "preferences": lambda studio: PreferencesDialog(studio.window.preferences, studio.window),
    "masks": lambda studio: mask_editor(studio.window),
    "away": lambda studio: AwayDialog(studio.window.document, studio.window),
    "frame": lambda studio: FrameDialog(Size(300, 400), None, 7, studio.window),
    "sheet": lambda studio: HelpSheet(studio.window),
    "export": lambda studio: export_dialog(studio),
    "moments": lambda studio: moments_side_by_side(studio),
}


def mask_editor(parent: QWidget) -> MaskEditor:
    return MaskEditor(Beginning("Target mask", MaskFile(np.zeros((60, 80), np.uint8), first_regions())), parent)


def export_dialog(studio: Studio) -> QDialog:
    studio.train()
    paused_at(studio)
    studio.press("export")
    dialog = studio.window.exports.dialog
    assert dialog is not None
    dialog.form.fold.setChecked(True)
    return dialog


def moments_side_by_side(studio: Studio) -> QDialog:
    studio.train()
    keep(studio)
    paused_at(studio)
    return studio.window.snapshots.open_grid()


def pixels(widget: QWidget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).copy()


@pytest.mark.parametrize("kind", list(MAKERS))
def test_tab_goes_through_a_dialog_and_every_stop_shows_it(studio: Studio, kind: str) -> None:
    studio.window.set_theme("dark")
    dialog = MAKERS[kind](studio)
    dialog.show()
    dialog.activateWindow()
    studio.until(lambda: QApplication.activeWindow() is dialog)
    stops = tabbed(studio)
    assert len(stops) > 1
    still = []
    for stop, other in zip(stops, stops[1:] + stops[:1], strict=True):
        other.setFocus()
        before = pixels(stop)
        stop.setFocus(Qt.FocusReason.TabFocusReason)
        if np.count_nonzero(before != pixels(stop)) < 8:
            still.append(f"{stop} {stop.accessibleName()}")
    assert still == []
    dialog.close()


def test_return_in_the_export_does_what_is_where_the_keys_are(studio: Studio) -> None:
    """A3 chosen by Return must not begin the print of another size."""
    studio.train()
    paused_at(studio)
    active(studio)
    before = held()
    studio.press("export")
    dialog = studio.window.exports.dialog
    assert dialog is not None
    studio.until(lambda: QApplication.activeWindow() is dialog)
    started: list[object] = []
    dialog.start_requested.disconnect()
    dialog.start_requested.connect(started.append)
    stops = tabbed(studio)
    by_place = [stop.mapTo(dialog, QPoint(0, 0)).y() for stop in stops[stops.index(dialog.form.file_name) :]]
    assert by_place[:4] == sorted(by_place[:4]), "from the top"
    chip = next(stop for stop in stops if stop.accessibleName() == "Size for: A3")
    sides = dialog.form.size_field
    assert stops.index(chip) < stops.index(sides.choice) < stops.index(sides.width_box)
    before_size = sides.size_px
    assert stops.index(dialog.close_button) < stops.index(dialog.start)
    chip.setFocus()
    studio.qtbot.keyClick(chip, Qt.Key.Key_Return)
    assert sides.size_px != before_size
    dpi = sides.dpi_box
    dpi.setFocus()
    dpi.selectAll()
    studio.qtbot.keyClicks(dpi, "40")
    studio.qtbot.keyClick(dpi, Qt.Key.Key_Return)
    assert dpi.value() == 40
    assert started == []
    dialog.form.file_name.setFocus()
    studio.qtbot.keyClick(dialog.form.file_name, Qt.Key.Key_Return)
    assert len(started) == 1
    dialog.start_requested.connect(studio.window.exports.start)
    dialog.start.setFocus()
    studio.qtbot.keyClick(dialog.start, Qt.Key.Key_Return)
    assert not dialog.start.isEnabled()
    assert held() is dialog.close_button, "a second Return must not cancel it"
    studio.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    active(studio)
    assert held() is before


def test_lists_and_the_crop_show_that_they_have_the_keys(studio: Studio, qtbot) -> None:
    studio.window.set_theme("dark")
    editor = mask_editor(studio.window)
    crop = CropField(Size(300, 400), editor)
    crop.set_print(Size(300, 300))
    crop.show()
    editor.show()
    editor.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is editor)
    for widget in (editor.regions.list, crop, editor.view):
        pictures = []
        for reason in (None, Qt.FocusReason.TabFocusReason):
            editor.apply_button.setFocus()
            if reason is not None:
                widget.setFocus(reason)
            QApplication.processEvents()
            pictures.append(widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32))
        assert ring(*pictures), widget
    editor.close()


def test_the_sheet_of_keys_is_scrolled_at_once_and_shows_it(studio: Studio, qtbot) -> None:
    studio.window.set_theme("light")
    sheet = HelpSheet(studio.window)
    sheet.resize(700, 300)
    sheet.show()
    sheet.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is sheet)
    area = held()
    assert isinstance(area, QScrollArea)
    pictures = [area.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)]
    qtbot.keyClick(area, Qt.Key.Key_Down)
    assert area.verticalScrollBar().value() > 0
    qtbot.keyClick(area, Qt.Key.Key_Up)
    qtbot.keyClick(area, TAB)
    QApplication.processEvents()
    pictures.append(area.grab().toImage().convertToFormat(QImage.Format.Format_RGB32))
    assert pictures[0].pixelColor(0, 150) != pictures[1].pixelColor(0, 150), "the whole edge tells it"
    sheet.close()
