"""Looking closer: a snapshot beside the present picture, and the loupe with pixels of its own."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QImage

from app.canvas.loupe import SIDE_PX
from app.canvas.panel import SHARE_POSITIONS, CanvasPanel
from app.canvas.view import CanvasView
from app.session_events import CANVAS as CANVAS_VIEW
from app.session_events import LOUPE
from tests.app.canvas.painter import CANVAS, answer, connected, rgb, shown

BLUE, YELLOW, RED = (0, 0, 250), (255, 255, 0), (255, 0, 0)


@pytest.fixture
def panel(qtbot) -> CanvasPanel:
    panel = CanvasPanel()
    qtbot.addWidget(panel)
    panel.resize(700, 560)
    panel.show_start(False)
    panel.show()
    qtbot.waitExposed(panel)
    panel.view.set_extent(CANVAS)
    panel.view.fit()
    return panel


def still() -> QImage:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.yellow)
    return image


def at(view: CanvasView, row: float, column: float) -> QPoint:
    return view.mapFromScene(QPointF(column, row))


def test_a_snapshot_lies_left_of_the_line_and_the_present_right_of_it(panel: CanvasPanel, qtbot) -> None:
    view = panel.view
    looks = connected(view, alive=False)
    view.show_piece(answer(looks[-1], BLUE))
    panel.show_still(still(), "Step 5")
    assert view.compare.share == 0.5, "it opens in the middle"
    assert panel.share.value() == SHARE_POSITIONS // 2
    view.compare.set_share(1.0)
    assert shown(view, 200, 380) == YELLOW
    middle = CANVAS.height // 2
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=at(view, middle, CANVAS.width))
    qtbot.mouseMove(view.viewport(), at(view, middle, CANVAS.width / 2))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=at(view, middle, CANVAS.width / 2))
    assert view.compare.share == pytest.approx(0.5, abs=0.02)
    assert panel.share.value() == round(view.compare.share * SHARE_POSITIONS)
    assert (shown(view, 250, 100), shown(view, 250, 300)) == (YELLOW, BLUE)


def test_the_slider_moves_the_line_and_escape_ends_it(panel: CanvasPanel, qtbot) -> None:
    view = panel.view
    view.show_piece(answer(connected(view, alive=False)[-1], BLUE))
    panel.show_still(still(), "Step 5")
    assert panel.share.isVisible()
    panel.share.setFocus()
    qtbot.keyClick(panel.share, Qt.Key.Key_Home)
    assert shown(view, 200, 380) == BLUE
    panel.back.click()
    assert not panel.share.isVisible()
    assert not panel.back.isVisible()
    assert shown(view, 250, 20) == BLUE


def test_dragging_away_from_the_line_moves_the_picture(panel: CanvasPanel, qtbot) -> None:
    view = panel.view
    panel.show_still(still(), "Step 5")
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=at(view, 100, 50))
    qtbot.mouseMove(view.viewport(), at(view, 120, 90))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=at(view, 120, 90))
    assert view.compare.share == 0.5


def test_the_loupe_asks_for_the_place_under_the_pointer_at_its_own_size(panel: CanvasPanel, qtbot) -> None:
    view = panel.view
    looks = connected(view)
    view.show_piece(answer(looks[-1], BLUE))
    pointer = at(view, 100, 150)
    QCursor.setPos(view.viewport().mapToGlobal(pointer))
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_Z)
    assert view.loupe.isVisible()
    look = looks[-1]
    assert CANVAS.box.contains(look.box)
    assert abs(look.box.top + look.box.height / 2 - 100) < 40
    assert look.box.width < CANVAS.width
    count = len(looks)
    view.ask()
    assert len(looks) == count, "the canvas rests while the loupe asks"
    assert (look.requester, looks[0].requester) == (LOUPE, CANVAS_VIEW)
    view.loupe.show_piece(answer(look, RED))
    picture = view.loupe.grab().toImage()
    assert rgb(picture.pixelColor(SIDE_PX // 2, SIDE_PX // 2)) == RED
    assert shown(view, 250, 50) == BLUE
    qtbot.waitUntil(lambda: len(looks) > count, timeout=20_000)
    qtbot.keyRelease(view, Qt.Key.Key_Z)
    assert not view.loupe.isVisible()
    assert looks[-1].box == CANVAS.box


def test_the_loupe_shows_how_it_will_print_as_the_canvas_does(panel: CanvasPanel, qtbot) -> None:
    view = panel.view
    looks = connected(view)
    view.set_display_transform(lambda pixels: 255 - pixels)
    QCursor.setPos(view.viewport().mapToGlobal(at(view, 100, 150)))
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_Z)
    view.loupe.show_piece(answer(looks[-1], (0, 255, 255)))
    picture = view.loupe.grab().toImage()
    assert rgb(picture.pixelColor(SIDE_PX // 2, SIDE_PX // 2)) == RED
    qtbot.keyRelease(view, Qt.Key.Key_Z)


def test_without_a_session_the_loupe_enlarges_what_is_there(panel: CanvasPanel, qtbot) -> None:
    view = panel.view
    view.set_picture(still())
    QCursor.setPos(view.viewport().mapToGlobal(at(view, 150, 200)))
    qtbot.keyPress(view, Qt.Key.Key_Z)
    assert rgb(view.loupe.grab().toImage().pixelColor(SIDE_PX // 2, SIDE_PX // 2)) == YELLOW
    qtbot.keyRelease(view, Qt.Key.Key_Z)
