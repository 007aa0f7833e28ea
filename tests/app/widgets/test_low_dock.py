"""The row of moments is low until there is one, and leaves its room to the picture."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from engine.messages.commands import Keep
from engine.messages.events import Kept
from tests.app.studio import Studio


@pytest.mark.parametrize("size", [(960, 540), (1024, 700), (1920, 1000)])
def test_without_moments_their_row_takes_a_tenth_of_the_window(studio: Studio, size: tuple[int, int]) -> None:
    window = studio.window
    window.resize(*size)
    window.reset_layout()
    QApplication.processEvents()
    assert window.docks["snapshots"].height() <= max(84, window.height() // 10)
    assert window.strip.keep_button.isVisible()
    assert window.strip.empty.isVisible()
    needed = window.strip.empty.heightForWidth(window.strip.empty.width())
    assert needed <= window.strip.empty.height(), "its words are whole"


def test_the_first_moment_makes_room_for_itself_and_the_last_one_leaves_it(studio: Studio) -> None:
    window = studio.window
    window.resize(1024, 700)
    low = window.docks["snapshots"].height()
    studio.train()
    window.training.keep()
    studio.until(lambda: len(window.strip.pending) == 1)
    QApplication.processEvents()
    high = window.docks["snapshots"].height()
    assert high > 2 * low
    studio.until_seen(Kept)
    QApplication.processEvents()
    assert window.docks["snapshots"].height() == high, "nothing moves when it is kept"
    studio.stop()
    window.files.new()
    studio.until(lambda: not window.strip.tiles)
    QApplication.processEvents()
    assert window.docks["snapshots"].height() == low


def test_an_autosave_leaves_the_room_of_moments_to_the_picture(studio: Studio) -> None:
    window = studio.window
    window.resize(1024, 700)
    low = window.docks["snapshots"].height()
    studio.train()
    window.training.post(Keep(reason="autosave"))
    studio.until(lambda: len(window.strip.tiles) == 1)
    QApplication.processEvents()
    assert window.strip.tiles[0].isVisible()
    assert window.strip.empty.isVisible()
    assert "No moments yet" in window.strip.empty.text()
    assert window.docks["snapshots"].height() <= low + window.strip.tiles[0].height() + 16


def test_a_height_given_by_hand_stays_with_the_moments(studio: Studio) -> None:
    window = studio.window
    window.resize(1400, 1000)
    dock = window.docks["snapshots"]
    window.strip.filled.emit(True)
    window.low_row.share()
    window.resizeDocks([dock], [333], Qt.Orientation.Vertical)
    QApplication.processEvents()
    given = dock.height()
    window.low_row.set_filled(False)
    QApplication.processEvents()
    assert dock.height() < given
    window.low_row.set_filled(True)
    QApplication.processEvents()
    assert dock.height() == given
