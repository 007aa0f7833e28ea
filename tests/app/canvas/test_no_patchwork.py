"""No patchwork: tiles of two pictures are never seen beside one another, and what is stored is seen at once."""

from __future__ import annotations

from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from app.canvas.picture_view import PATCHES
from app.canvas.view import CanvasView
from engine.box import Box, Size
from engine.messages.events import ViewRendered
from tests.app.canvas.painter import CANVAS, answer, connected, shown

RED, GREEN, BLUE = (250, 0, 0), (0, 250, 0), (0, 0, 250)
LEFT, RIGHT = Box(0, 0, 300, 200), Box(0, 200, 300, 200)


def halves(view: CanvasView) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    return shown(view, 150, 50), shown(view, 150, 350)


def plain(color: tuple[int, int, int]) -> QImage:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor(*color))
    return image


def test_the_next_picture_is_shown_when_all_of_it_is_there(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED))
    view.ask()
    view.show_piece(answer(looks[-1], BLUE, LEFT, done=False))
    assert halves(view) == (RED, RED)
    view.show_piece(answer(looks[-1], BLUE, RIGHT))
    assert halves(view) == (BLUE, BLUE)


def test_a_coarse_picture_of_all_of_it_is_shown_at_once_and_its_tiles_follow(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED))
    view.ask(coarse_first=True)
    view.show_piece(answer(looks[-1], GREEN, done=False))
    assert halves(view) == (GREEN, GREEN)
    view.show_piece(answer(looks[-1], BLUE, LEFT, done=False))
    assert halves(view) == (BLUE, GREEN)


def test_the_first_picture_is_coarse_first_though_training_begins_before_it_comes(view: CanvasView) -> None:
    looks = connected(view, alive=False)
    view.ask(coarse_first=True)
    view.set_session(connected=True, alive=True)
    assert looks[-1].coarse_first, "tiles came one by one onto an empty canvas, for half a minute on a busy machine"
    view.show_piece(answer(looks[-1], GREEN, done=False))
    view.ask()
    assert not looks[-1].coarse_first, "something stands"


def test_each_layer_s_last_full_picture_is_kept_and_shown_at_once(view: CanvasView) -> None:
    looks = connected(view, alive=False)
    view.show_piece(answer(looks[-1], RED))
    view.set_layer("mask")
    assert looks[-1].coarse_first, "nothing of this layer is kept"
    view.show_piece(answer(looks[-1], GREEN, LEFT, done=False))
    assert halves(view) == (RED, RED)
    view.show_piece(answer(looks[-1], GREEN))
    assert halves(view) == (GREEN, GREEN)
    view.set_layer("result")
    assert halves(view) == (RED, RED)
    assert not looks[-1].coarse_first, "the one that is kept is sharp"
    view.show_piece(answer(looks[-1], BLUE, LEFT, done=False))
    assert halves(view) == (RED, RED)


def test_after_a_change_a_kept_layer_is_painted_coarse_first(view: CanvasView) -> None:
    looks = connected(view, alive=False)
    view.show_piece(answer(looks[-1], RED))
    view.set_layer("mask")
    view.show_piece(answer(looks[-1], GREEN))
    view.ask(coarse_first=True)
    view.set_layer("result")
    assert looks[-1].coarse_first


def test_the_patches_leave_the_canvas_as_it_was(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED))
    view.set_layer(PATCHES)
    look, strip = looks[-1], answer(looks[-1], BLUE, Box(0, 0, 64, 128))
    view.show_piece(ViewRendered(strip.image, strip.box, strip.box.size, PATCHES, 1, look.ticket, look.requester, True))
    assert view.extent == Size(64, 128)
    view.set_layer("result")
    assert view.extent == CANVAS
    assert halves(view) == (RED, RED)


def test_going_back_shows_the_stored_picture_and_asks_for_nothing_before_the_network_is_there(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED))
    before, count = looks[-1], len(looks)
    view.leave_for(plain(GREEN))
    assert halves(view) == (GREEN, GREEN)
    view.show_piece(answer(before, RED))
    view.ask()
    QApplication.processEvents()
    assert len(looks) == count
    assert halves(view) == (GREEN, GREEN)
    view.begin(CANVAS)
    view.ask(coarse_first=True)
    view.show_piece(answer(looks[-1], BLUE, LEFT, done=False))
    assert halves(view) == (GREEN, GREEN)
    view.show_piece(answer(looks[-1], BLUE, RIGHT))
    assert halves(view) == (BLUE, BLUE)


def test_a_moment_that_can_not_be_gone_to_leaves_the_present_to_be_painted(view: CanvasView) -> None:
    looks = connected(view)
    count = len(looks)
    view.leave_for(plain(GREEN))
    view.stay()
    assert len(looks) == count + 1


def test_another_picture_replaces_the_shown_one_as_a_whole(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED))
    view.begin(CANVAS)
    view.ask(coarse_first=True)
    view.show_piece(answer(looks[-1], BLUE, LEFT, done=False))
    assert halves(view) == (RED, RED)
    view.show_piece(answer(looks[-1], BLUE, RIGHT))
    assert halves(view) == (BLUE, BLUE)


def test_a_picture_stands_in_for_a_larger_or_smaller_one_as_a_whole(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED, LEFT, done=False))
    view.show_piece(answer(looks[-1], GREEN, RIGHT))
    small = Size(CANVAS.height // 2, CANVAS.width // 2)
    view.begin(small)
    assert (shown(view, 75, 25), shown(view, 75, 175)) == (RED, GREEN), "and not its upper left quarter"
    assert view.piece_at(view.on_screen(Box(75, 25, 1, 1)).center().toPoint()) == -1


def test_a_canvas_of_another_shape_begins_empty(view: CanvasView) -> None:
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED))
    view.begin(Size(300, 300))
    assert view.picture() is None


def test_a_picture_that_takes_long_says_how_much_of_it_is_there(view: CanvasView) -> None:
    looks = connected(view, alive=False)
    view.show_piece(answer(looks[-1], RED))
    without = view.viewport().grab().toImage()
    view.ask()
    view.show_piece(answer(looks[-1], BLUE, LEFT, done=False))
    edge = view.on_screen(CANVAS.box).topLeft().toPoint()
    grabbed = view.viewport().grab().toImage()
    assert grabbed.pixelColor(edge.x() + 4, edge.y()) != without.pixelColor(edge.x() + 4, edge.y())
    assert halves(view) == (RED, RED)


def test_a_stop_leaves_no_line_that_speaks_of_a_picture_to_come(view: CanvasView) -> None:
    """The line stood above the picture for as long as the project was open."""
    looks = connected(view)
    view.show_piece(answer(looks[-1], RED))
    view.set_session(connected=True, alive=False)
    view.ask()
    view.show_piece(answer(looks[-1], BLUE, LEFT, done=False))
    assert shown(view, 0, 10) != RED
    view.set_session(connected=False, alive=False)
    assert shown(view, 0, 10) == RED
