"""The row of moments by keys: they mean the moment that has them, and stay in the row."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton

from tests.app.keys import F6, TAB, active, held
from tests.app.studio import Studio
from tests.app.test_ways_back import keep, paused_at


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
