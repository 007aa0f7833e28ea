"""The canvas: pieces land where they belong, looks are pulled, zoom and pan keep their promises."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView
from engine.box import Box, Size
from engine.messages.events import ViewRendered
from tests.app.canvas.painter import CANVAS, answer, connected, shown


def test_fitted_shows_the_whole_canvas(view: CanvasView) -> None:
    view.fit()
    assert view.visible_box() == CANVAS.box


def test_a_look_asks_for_what_is_seen_at_the_size_it_is_seen(view: CanvasView) -> None:
    view.fit()
    looks = connected(view)
    assert looks[-1].box == CANVAS.box
    scale = min(1.0, view.zoom * view.devicePixelRatioF())
    assert looks[-1].size == Size(round(300 * scale), round(400 * scale))


@pytest.mark.parametrize("zoom", [0.05, 0.3, 0.77, 1.0, 3.0, 20.0])
def test_a_look_lies_on_the_canvas_and_is_never_enlarged(view: CanvasView, zoom: float) -> None:
    view.set_extent(Size(4000, 3000))
    view.zoom_by(zoom / view.zoom)
    looks = connected(view)
    assert Size(4000, 3000).box.contains(looks[-1].box)
    assert looks[-1].size.height <= looks[-1].box.height
    assert looks[-1].size.width <= looks[-1].box.width


def test_pieces_land_where_they_belong(view: CanvasView) -> None:
    view.fit()
    look = connected(view)[-1]
    view.show_piece(answer(look, (255, 0, 0), Box(0, 0, 300, 200), done=False))
    view.show_piece(answer(look, (0, 0, 255), Box(0, 200, 300, 200)))
    assert shown(view, 150, 50) == (255, 0, 0)
    assert shown(view, 150, 350) == (0, 0, 255)
    assert shown(view, 150, 196) == (255, 0, 0)
    assert shown(view, 150, 203) == (0, 0, 255)


def test_the_next_look_waits_for_the_paint_of_the_last_piece(view: CanvasView, qtbot) -> None:
    looks = connected(view)
    first = looks[-1]
    count = len(looks)
    view.show_piece(answer(first, (9, 9, 9), Box(0, 0, 100, 100), done=False))
    QApplication.processEvents()
    assert len(looks) == count
    view.show_piece(answer(first, (9, 9, 9)))
    qtbot.waitUntil(lambda: len(looks) > count, timeout=20_000)
    assert looks[-1].ticket > first.ticket


def test_a_picture_that_stands_still_is_not_asked_for_again(view: CanvasView, qtbot) -> None:
    looks = connected(view, alive=False)
    qtbot.waitUntil(lambda: not view._settle.isActive(), timeout=20_000)
    count = len(looks)
    view.show_piece(answer(looks[-1], (9, 9, 9)))
    view.viewport().repaint()
    QApplication.processEvents()
    assert len(looks) == count


def test_a_resting_picture_is_asked_for_when_it_has_rested(view: CanvasView, qtbot) -> None:
    looks = connected(view)
    qtbot.waitUntil(lambda: not view._settle.isActive(), timeout=20_000)
    count = len(looks)
    view.set_resting(True)
    view.show_piece(answer(looks[-1], (9, 9, 9)))
    view.viewport().repaint()
    QApplication.processEvents()
    assert len(looks) == count
    view.set_resting(False)
    assert len(looks) == count + 1


def test_a_change_of_the_view_is_asked_for_once_it_rests(view: CanvasView, qtbot) -> None:
    looks = connected(view, alive=False)
    qtbot.waitUntil(lambda: not view._settle.isActive(), timeout=20_000)
    count = len(looks)
    for _ in range(5):
        view.zoom_by(1.2)
    assert len(looks) == count
    qtbot.waitUntil(lambda: len(looks) == count + 1, timeout=20_000)
    assert looks[-1].box.area < CANVAS.area


def test_the_earlier_picture_stays_until_the_new_one_comes(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], (0, 200, 0)))
    view.zoom_by(3.0)
    view.ask()
    assert shown(view, 150, 200)[1] > 150
    look = looks[-1]
    corner = Box(look.box.top, look.box.left, look.box.height, look.box.width // 4)
    view.show_piece(answer(look, (200, 0, 0), corner, done=False))
    middle = look.box.left + look.box.width // 2
    assert shown(view, look.box.top + look.box.height // 2, middle)[1] > 150
    assert shown(view, look.box.top + look.box.height // 2, look.box.left + 4)[0] > 150


def test_late_pieces_of_an_earlier_view_do_not_cover_the_new_one(view: CanvasView) -> None:
    looks = connected(view)
    old = looks[-1]
    view.ask()
    view.show_piece(answer(looks[-1], (0, 0, 250)))
    view.show_piece(answer(old, (250, 0, 0)))
    assert shown(view, 150, 200) == (0, 0, 250)


def test_pieces_of_another_layer_are_passed_over(view: CanvasView) -> None:
    looks = connected(view)
    old = looks[-1]
    view.show_piece(answer(old, (0, 0, 250)))
    view.set_layer("mask")
    assert looks[-1].layer == "mask"
    view.show_piece(answer(old, (250, 0, 0)))
    assert shown(view, 150, 200) == (0, 0, 250)


def test_an_empty_answer_changes_nothing(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], (0, 0, 250)))
    empty = ViewRendered(
        np.zeros((0, 0, 3), np.uint8),
        Box(0, 0, 0, 0),
        Size(0, 0),
        "result",
        1,
        looks[-1].ticket,
        looks[-1].requester,
        True,
    )
    view.show_piece(empty)
    assert view.extent == CANVAS
    assert shown(view, 150, 200) == (0, 0, 250)


def test_pixels_go_through_the_display_transform_and_back(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], (0, 0, 250)))
    count = len(looks)
    view.set_display_transform(lambda pixels: 255 - pixels)
    assert len(looks) > count, "the picture is asked for again"
    view.show_piece(answer(looks[-1], (0, 0, 250)))
    assert shown(view, 150, 200) == (255, 255, 5)
    view.set_display_transform(None)
    view.show_piece(answer(looks[-1], (0, 0, 250)))
    assert shown(view, 150, 200) == (0, 0, 250)


def test_the_wheel_zooms_at_the_pointer(view: CanvasView) -> None:
    view.zoom_by(2.0)
    at = QPoint(130, 90)
    before = view.mapToScene(at)
    event = QWheelEvent(
        QPointF(at),
        view.viewport().mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    zoom = view.zoom
    QApplication.sendEvent(view.viewport(), event)
    after = view.mapToScene(at)
    assert view.zoom > zoom
    assert abs(after.x() - before.x()) < 2
    assert abs(after.y() - before.y()) < 2


def test_keys_and_double_click(view: CanvasView, qtbot) -> None:
    fitted = view.zoom
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoom > fitted
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.zoom == pytest.approx(fitted)
    qtbot.keyClick(view, Qt.Key.Key_1)
    assert view.zoom * view.devicePixelRatioF() == pytest.approx(1.0)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton)
    assert view.zoom == pytest.approx(fitted)
    assert view.fitted


def test_a_still_covers_the_picture_and_goes_again(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], (0, 0, 250)))
    still = QImage(40, 30, QImage.Format.Format_RGB32)
    still.fill(Qt.GlobalColor.yellow)
    view.compare.show(still, share=1.0)
    assert shown(view, 150, 200) == (255, 255, 0)
    view.compare.show(None)
    assert shown(view, 150, 200) == (0, 0, 250)


def test_a_standing_picture_is_there_in_every_layer(view: CanvasView) -> None:
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.magenta)
    view.set_picture(picture)
    for layer in ("result", "mask"):
        view.set_layer(layer)
        assert shown(view, 150, 200) == (255, 0, 255)
