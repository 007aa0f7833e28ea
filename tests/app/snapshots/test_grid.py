"""Many moments at one zoom: what is done to one is done to all, and two of them are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.snapshots.grid import MomentGrid
from app.snapshots.shared_place import LARGEST_ZOOM, Place
from tests.app.snapshots.test_strip import heard, snapshots


@pytest.fixture
def grid(qtbot, tmp_path) -> MomentGrid:
    grid = MomentGrid(snapshots(tmp_path, 5))
    grid.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(grid)
    with qtbot.waitExposed(grid):
        grid.show()
    qtbot.waitUntil(lambda: not grid.cells[4]._image.isNull(), timeout=20_000)
    return grid


def wheel(widget, at: QPoint, turns: int) -> None:
    place = QPointF(widget.mapToGlobal(at))
    none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False
    QApplication.sendEvent(widget, QWheelEvent(QPointF(at), place, QPoint(), QPoint(0, 120 * turns), *none))


def test_all_pictures_zoom_and_move_together(grid: MomentGrid, qtbot) -> None:
    one, other = grid.cells[0], grid.cells[3]
    before = other.grab().toImage()
    wheel(one, one.rect().center(), 3)
    assert grid.place.zoom == pytest.approx(1.25**3)
    place = grid.place.x
    qtbot.mousePress(one, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(one, QPoint(60, 100))
    qtbot.mouseRelease(one, Qt.MouseButton.LeftButton, pos=QPoint(60, 100))
    assert grid.place.x > place
    assert not grid.chosen, "dragging chooses nothing"
    qtbot.mouseDClick(one, Qt.MouseButton.LeftButton, pos=QPoint(60, 100))
    assert grid.place.zoom == 1
    assert other.grab().toImage().size() == before.size()


def test_two_that_are_clicked_are_compared(grid: MomentGrid, qtbot) -> None:
    pairs = heard(grid.pair_requested)
    assert not grid.compare.isEnabled()
    qtbot.mouseClick(grid.cells[1], Qt.MouseButton.LeftButton)
    qtbot.keyClick(grid.cells[4], Qt.Key.Key_Space)
    assert grid.compare.isEnabled()
    assert not grid.back.isEnabled()
    grid.compare.click()
    assert pairs == [(grid.cells[1].moment, grid.cells[4].moment)]
    assert not grid.isVisible()


def test_stars_and_removals_are_for_all_that_are_chosen(grid: MomentGrid, qtbot) -> None:
    starred, removed = heard(grid.starred), heard(grid.removed)
    for cell in grid.cells[:2]:
        qtbot.mouseClick(cell, Qt.MouseButton.LeftButton)
    grid.star.click()
    grid.remove.click()
    chosen = [cell.moment for cell in grid.cells[:2]]
    assert starred == [(moment, True) for moment in chosen]
    assert removed == [(chosen,)]


@given(st.lists(st.tuples(st.floats(0.1, 10), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)), max_size=12))
def test_the_place_stays_on_the_picture_and_the_pointer_on_its_point(turns: list[tuple[float, float, float]]) -> None:
    place = Place()
    for factor, across, down in turns:
        before = place.x + across / place.zoom
        place.zoom_by(factor, across, down)
        half = 0.5 / place.zoom
        assert 1 <= place.zoom <= LARGEST_ZOOM
        assert half - 1e-9 <= place.x <= 1 - half + 1e-9
        if half + 1e-6 < place.x < 1 - half - 1e-6:
            assert place.x + across / place.zoom == pytest.approx(before)
