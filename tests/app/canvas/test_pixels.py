"""The painted pixels: what a brush touched is put where it belongs, and each pixel knows its piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from app.canvas.pixels import Pixels, on_pixels
from app.session_events import CANVAS, TOUCHED
from engine.box import Box, Size
from engine.messages.commands import RenderView, Requester
from engine.messages.events import ViewRendered
from engine.preview.views import _at_pixels

CANVAS_SIZE = Size(100, 200)


def view(box: Box, size: Size, shade: int, index: int, requester: Requester, ticket: int = 1) -> ViewRendered:
    image = np.full((size.height, size.width, 3), shade, np.uint8)
    pieces = np.full((size.height, size.width), index, np.int16)
    return ViewRendered(image, box, CANVAS_SIZE, "result", 0, ticket, requester, True, pieces)


def painted() -> Pixels:
    pixels, ground, size = Pixels(), QColor("black"), Size(50, 100)
    asked = RenderView(CANVAS_SIZE.box, size, ticket=1)
    pixels.put(view(CANVAS_SIZE.box, size, 10, 3, CANVAS), asked, ground)
    return pixels


def test_a_touched_part_is_laid_over_what_is_there_and_changes_nothing_else():
    pixels = painted()
    box, size = on_pixels(Box(21, 41, 18, 38), CANVAS_SIZE.box, Size(50, 100))
    assert (box, size) == (Box(20, 40, 20, 40), Size(10, 20))
    pixels.put_touched(view(box, size, 200, 5, TOUCHED, ticket=9), QColor("black"))
    front = pixels._front
    assert front is not None
    shades = np.array([[QColor(front.pixel(x, y)).red() for x in range(100)] for y in range(50)])
    assert (shades[10:20, 20:40] == 200).all()
    shades[10:20, 20:40] = 10
    assert (shades == 10).all()
    assert pixels.piece_at(25, 50) == 5
    assert pixels.piece_at(19, 50) == pixels.piece_at(25, 81) == 3
    assert pixels.piece_at(-1, 5) == -1
    whole = pixels.whole("result")
    assert whole is not None
    assert QColor(whole.pixel(60, 30)).red() == 200


def test_what_one_piece_covers_is_what_is_connected_with_a_place():
    pixels = painted()
    for left in (40, 160):
        box, size = on_pixels(Box(20, left, 20, 20), CANVAS_SIZE.box, Size(50, 100))
        pixels.put_touched(view(box, size, 200, 7, TOUCHED), QColor("black"))
    found = pixels.covered(0.3, 0.25, CANVAS_SIZE)
    assert found is not None
    assert found.sum() == 10 * 10
    assert found[12, 22]
    assert pixels.covered(1.2, 0.5, CANVAS_SIZE) is None
    assert pixels.covered(0.3, 0.25, Size(300, 300)) is None, "a part of that canvas is out of sight"


def test_a_view_of_a_part_keeps_what_is_known_of_the_rest():
    pixels = painted()
    part = Box(50, 100, 50, 100)
    pixels.put(
        view(part, Size(50, 100), 99, 4, CANVAS, ticket=2), RenderView(part, Size(50, 100), ticket=2), QColor("black")
    )
    assert pixels.piece_at(60, 150) == 4
    assert pixels.piece_at(10, 10) == -1


@pytest.mark.parametrize(("corner", "zoom"), [((3, 5), 1.0), ((2.4, 7.3), 0.37), ((-20.2, -9.7), 0.61), ((1, 1), 2.7)])
def test_what_is_shown_at_a_point_is_what_lies_at_its_place_of_the_canvas(corner, zoom):
    """The pixel that a point is rounded to is the one whose piece is shown there, at every point of the screen."""
    truth = (np.arange(CANVAS_SIZE.height)[:, None] * 7 + np.arange(CANVAS_SIZE.width) * 3) % 32

    def place(box: Box) -> QRectF:
        """As the canvas's view places boxes: on whole pixels of the screen."""
        left, top = (round(start + zoom * side) for start, side in zip(corner, (box.left, box.top), strict=True))
        right, bottom = (
            round(start + zoom * side) for start, side in zip(corner, (box.right, box.bottom), strict=True)
        )
        return QRectF(left, top, right - left, bottom - top)

    scale = min(1.0, zoom)
    size = Size(round(CANVAS_SIZE.height * scale), round(CANVAS_SIZE.width * scale))
    pieces = _at_pixels([torch.from_numpy(truth)[None]], np.zeros((size.height, size.width, 3)))
    event = replace(view(CANVAS_SIZE.box, size, 10, 0, CANVAS), pieces=pieces)
    pixels = Pixels()
    pixels.put(event, RenderView(CANVAS_SIZE.box, size, ticket=1), QColor("black"))
    drawn, inside = place(CANVAS_SIZE.box), 0
    for y in range(-3, 300, 4):
        for x in range(-3, 560, 3):
            point = QPointF(x + 0.5, y + 0.5)
            found = pixels.place_at(point, place, CANVAS_SIZE)
            assert (found is not None) == drawn.contains(point)
            if found is not None:
                inside += 1
                assert pixels.piece_at(*found) == truth[found]
                shown = int((y + 0.5 - drawn.top()) * size.height / drawn.height())
                across = int((x + 0.5 - drawn.left()) * size.width / drawn.width())
                assert pieces is not None
                assert pieces[shown, across] == truth[found]
    assert inside > 90
