"""The window by keys alone: from stop to stop as one reads, from panel to panel, and never lost."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.actions import ITEMS
from app.snapshots.tile import SnapshotTile
from app.widgets import theme
from app.widgets.ring import hand
from engine.method import method_class
from tests.app.keys import F6, SHIFT, TAB, active, held, in_sight, tabbed
from tests.app.studio import Studio
from tests.app.test_ways_back import keep, paused_at
from tests.app.toys import write_image


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
    themes = menu.activeAction().menu()
    assert isinstance(themes, QMenu)
    themes.popup(QPoint(0, 0))
    studio.qtbot.keyClick(themes, Qt.Key.Key_D)
    assert themes.activeAction().text() == "Dark", "in the menus below as well"
    themes.close()
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


def test_words_where_a_source_would_be_are_no_stop(studio: Studio) -> None:
    active(studio)
    studio.window.side.bring("pieces")
    assert studio.window.tray.source not in tabbed(studio)


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


def test_no_two_actions_have_the_same_key() -> None:
    keys = [QKeySequence(key).toString() for item in ITEMS for key in item.keys]
    assert sorted(keys) == sorted(set(keys))


def test_a_hand_on_the_mouse_sees_no_ring_around_the_picture(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a drop the keys go on to the canvas by themselves, as if by Tab."""
    monkeypatch.setattr(hand(), "on_mouse", False)
    window, view = studio.window, studio.window.canvas.view
    handle = window.windowHandle()
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(2, 2))
    studio.drop_style()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert not view._ring._shown
    QTest.keyClick(handle, Qt.Key.Key_Shift)
    window.panel.setFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert view._ring._shown
