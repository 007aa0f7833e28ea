"""The window by keys alone: from stop to stop as one reads, from panel to panel, and never lost."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QPlainTextEdit, QPushButton, QScrollArea, QWidget

from app.actions import ITEMS
from app.export.crop import CropField
from app.help_sheet import HelpSheet
from app.masks.beginning import Beginning
from app.masks.editor import MaskEditor
from app.masks.files import MaskFile
from app.masks.regions import first_regions
from app.snapshots.tile import SnapshotTile
from app.widgets import theme
from engine.box import Size
from engine.method import method_class
from tests.app.test_contrast import ring
from tests.app.test_main_window import Studio, studio
from tests.app.test_ways_back import keep, paused_at
from tests.app.toys import write_image

__all__ = ["studio"]

TAB, F6, SHIFT = Qt.Key.Key_Tab, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier


def held() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None, "nothing has the keys"
    assert widget.isVisible(), f"{widget} has the keys and is hidden"
    assert widget.isEnabled(), f"{widget} has the keys and is disabled"
    return widget


def tabbed(studio: Studio, key: Qt.Key = TAB) -> list[QWidget]:
    """All stops, from the one that has the keys until it has them again."""
    found = [held()]
    while len(found) < 300:
        studio.qtbot.keyClick(found[-1], key)
        if held() is found[0]:
            return found
        assert held() not in found, f"{held()} comes twice"
        found.append(held())
    raise AssertionError("the Tab key does not come back")


def active(studio: Studio) -> None:
    studio.window.activateWindow()
    studio.qtbot.waitUntil(lambda: QApplication.activeWindow() is studio.window)


def in_sight(widget: QWidget) -> bool:
    above = widget.parentWidget()
    while above is not None and not above.isWindow():
        if isinstance(above, QScrollArea):
            seen, at = above.viewport(), widget.rect().translated(widget.mapTo(above.viewport(), QPoint(0, 0)))
            if not seen.rect().intersects(at.adjusted(2, 2, -2, -2)):
                return False
        above = above.parentWidget()
    return True


def test_the_keys_are_at_the_first_door_when_the_window_opens(studio: Studio) -> None:
    active(studio)
    assert held() is studio.window.canvas.start.images.button


def test_the_tab_key_goes_from_panel_to_panel_and_down_each_of_them(studio: Studio) -> None:
    window = studio.window
    studio.train()
    keep(studio)
    paused_at(studio)
    active(studio)
    window.keyboard.recover()
    stops = tabbed(studio)
    panels = (window.toolbar, window.docks["images"], window.canvas, window.docks["snapshots"], window.side)
    of = [next(place for place, panel in enumerate(panels) if panel.isAncestorOf(stop)) for stop in stops]
    begin = of.index(0)
    assert of[begin:] + of[:begin] == sorted(of), "one panel after the other, from left to right"
    assert set(of) == set(range(len(panels)))
    search, tabs, first = window.panel.search, window.side.tabs, window.panel.knob("weight").editors()[0]
    assert stops.index(tabs) < stops.index(search) < stops.index(first)


def test_the_tab_key_shows_what_it_stops_at_and_goes_back_the_same_way(studio: Studio) -> None:
    window = studio.window
    window.resize(1024, 700)
    window.panel.show_method(method_class("magic"))
    active(studio)
    forward = tabbed(studio)
    back = tabbed(studio, Qt.Key.Key_Backtab)
    assert [*back[1:], back[0]] == forward[::-1]
    assert len(forward) > 30
    unseen = []
    for _ in forward:
        studio.qtbot.keyClick(held(), TAB)
        QApplication.processEvents()
        if not in_sight(held()):
            unseen.append(f"{held()} {held().accessibleName()}")
    assert unseen == []


def test_from_panel_to_panel_and_back_to_where_one_was(studio: Studio) -> None:
    window = studio.window
    studio.train()
    keep(studio)
    paused_at(studio)
    active(studio)
    slider = window.panel.knob("weight").editors()[0]
    slider.setFocus()
    seen = []
    for _ in range(5):
        studio.qtbot.keyClick(held(), F6)
        seen.append(held())
    assert window.toolbar.isAncestorOf(seen[0])
    assert window.docks["images"].isAncestorOf(seen[1])
    assert seen[2] is window.canvas.view
    assert isinstance(seen[3], SnapshotTile)
    assert seen[4] is slider, "where it was left"
    studio.qtbot.keyClick(held(), F6, SHIFT)
    assert held() is seen[3]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_return_presses_a_button_as_space_does(studio: Studio, key: Qt.Key) -> None:
    active(studio)
    button = studio.window.panel.technical.header
    button.setFocus()
    studio.qtbot.keyClick(button, key)
    assert button.isChecked()


def test_f10_goes_to_the_menus_and_escape_back(studio: Studio) -> None:
    active(studio)
    before = held()
    studio.qtbot.keyClick(before, Qt.Key.Key_F10)
    assert held() is studio.window.menuBar()
    assert studio.window.menuBar().activeAction() is studio.window.menuBar().actions()[0]
    studio.qtbot.keyClick(held(), Qt.Key.Key_Escape)
    assert held() is before


def test_a_letter_leads_to_the_entries_that_begin_with_it(studio: Studio) -> None:
    active(studio)
    menu = studio.window.menu("View")
    menu.popup(QPoint(0, 0))
    reached = []
    for key in (Qt.Key.Key_Z, Qt.Key.Key_Z, Qt.Key.Key_Z, Qt.Key.Key_T):
        studio.qtbot.keyClick(menu, key)
        reached.append(menu.activeAction().text())
    assert reached == ["Zoom in", "Zoom out", "Zoom in", "Theme"]
    menu.close()


def test_shift_f10_opens_the_menu_of_what_has_the_keys(studio: Studio) -> None:
    studio.train()
    keep(studio)
    paused_at(studio)
    active(studio)
    studio.window.strip.tiles[0].setFocus()
    studio.qtbot.keyClick(held(), Qt.Key.Key_F10, SHIFT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.actions()[0].text() == "Go back to this one"
    menu.close()
    assert held() is studio.window.strip.tiles[0]


def test_the_keys_come_to_the_moments_and_not_to_the_button_beside_them(studio: Studio) -> None:
    studio.train()
    active(studio)
    studio.window.strip.keep_button.setFocus()
    keep(studio)
    paused_at(studio)
    studio.window.canvas.view.setFocus()
    studio.qtbot.keyClick(held(), F6)
    assert held() is studio.window.strip.tiles[0]


def test_a_removed_moment_leaves_the_keys_to_its_neighbour(studio: Studio) -> None:
    window = studio.window
    studio.train()
    for number in (1, 2, 3):
        studio.press("keep")
        studio.until(lambda number=number: len(window.strip.tiles) == number)
    paused_at(studio)
    active(studio)
    window.strip.select(0)
    assert window.canvas.view.compare.image is not None
    for left in (2, 1):
        studio.qtbot.keyClick(held(), Qt.Key.Key_Delete)
        studio.until(lambda left=left: len(window.strip.tiles) == left)
        assert held() is window.strip.tiles[0]
        assert window.canvas.view.compare.image is None, "nothing is compared with what is gone"
    studio.press("undo")
    studio.until(lambda: len(window.strip.tiles) == 2)
    assert held() in window.strip.tiles


def test_renaming_ends_at_the_moment_and_does_nothing_else(studio: Studio) -> None:
    window = studio.window
    studio.train()
    keep(studio)
    paused_at(studio)
    active(studio)
    window.strip.select(0)
    asked: list[object] = []
    window.strip.restore_requested.connect(asked.append)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        studio.qtbot.keyClick(held(), Qt.Key.Key_F2)
        studio.qtbot.keyClicks(held(), "dusk")
        studio.qtbot.keyClick(held(), key)
        assert held() is window.strip.tiles[0]
    assert asked == []


def test_a_note_is_left_by_tab(studio: Studio) -> None:
    studio.train()
    keep(studio)
    paused_at(studio)
    active(studio)
    studio.window.strip.tiles[0].setFocus()
    studio.qtbot.keyClick(held(), Qt.Key.Key_N)
    studio.until(lambda: isinstance(QApplication.focusWidget(), QPlainTextEdit))
    studio.qtbot.keyClick(held(), TAB)
    assert isinstance(held(), QPushButton)
    studio.qtbot.keyClick(held(), Qt.Key.Key_Escape)


def test_words_where_a_source_would_be_are_no_stop(studio: Studio) -> None:
    active(studio)
    studio.window.side.bring("pieces")
    assert studio.window.tray.source not in tabbed(studio)


def test_return_on_keep_goes_back_to_no_moment(studio: Studio) -> None:
    window = studio.window
    studio.train()
    keep(studio)
    paused_at(studio)
    active(studio)
    window.strip.select(0)
    window.strip.keep_button.setFocus()
    asked: list[object] = []
    window.strip.restore_requested.connect(asked.append)
    studio.qtbot.keyClick(window.strip.keep_button, Qt.Key.Key_Return)
    studio.until(lambda: len(window.strip.tiles) == 2)
    assert asked == []


def test_another_method_or_a_closed_panel_loses_no_keys(studio: Studio) -> None:
    window = studio.window
    studio.drop_style()
    active(studio)
    window.panel.knob("weight").editors()[0].setFocus()
    window.panel.show_method(method_class("magic"))  # the control that had the keys is no more
    studio.until(lambda: QApplication.focusWidget() is not None)
    assert window.side.isAncestorOf(held())
    window.side.hide()
    assert held() is window.canvas.view
    window.messages.show_message("Something went wrong.")
    window.messages.close_button.setFocus()
    studio.qtbot.keyClick(held(), Qt.Key.Key_Return)
    assert window.canvas.isAncestorOf(held())


def test_what_is_pasted_goes_where_the_keys_are(studio: Studio) -> None:
    window = studio.window
    studio.drop_style()
    active(studio)
    window.sources.section("content").add_button.setFocus()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(write_image(studio.folder / "content.png")))])
    QGuiApplication.clipboard().setMimeData(data)
    studio.press("paste")
    studio.until(lambda: len(window.document.sources("content")) == 1)


def test_the_canvas_shows_that_it_has_the_keys(studio: Studio) -> None:
    window = studio.window
    studio.drop_style()
    active(studio)
    view = window.canvas.view
    pictures = {}
    for reason in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.MouseFocusReason):
        window.panel.search.setFocus()
        view.setFocus(reason)
        pictures[reason] = view.viewport().grab().toImage().pixelColor(0, view.height() // 2).name()
    ground, accent = theme.colors().canvas, theme.colors().accent
    assert pictures == {Qt.FocusReason.TabFocusReason: accent, Qt.FocusReason.MouseFocusReason: ground}


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


def test_no_two_actions_have_the_same_key() -> None:
    keys = [QKeySequence(key).toString() for item in ITEMS for key in item.keys]
    assert sorted(keys) == sorted(set(keys))


def test_lists_and_the_crop_show_that_they_have_the_keys(studio: Studio, qtbot) -> None:
    studio.window.set_theme("dark")
    editor = MaskEditor(Beginning("Target mask", MaskFile(np.zeros((60, 80), np.uint8), first_regions())), None)
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
    editor.done(0)
    editor.deleteLater()


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
