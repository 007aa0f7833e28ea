"""What answers a canvas in place of the engine, and what is then seen of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from app.canvas.view import CanvasView
from engine.box import Box, Size
from engine.messages.commands import RenderView
from engine.messages.events import ViewRendered

CANVAS = Size(300, 400)


def answer(look: RenderView, color: tuple[int, int, int], box: Box | None = None, done: bool = True) -> ViewRendered:
    box = box or look.box
    scale = look.size.width / look.box.width
    shape = (max(1, round(box.height * scale)), max(1, round(box.width * scale)), 3)
    return ViewRendered(np.full(shape, color, np.uint8), box, CANVAS, look.layer, 1, look.ticket, look.requester, done)


def rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def shown(view: CanvasView, row: int, column: int) -> tuple[int, int, int]:
    """The colour on screen of a pixel of the canvas."""
    point = view.mapFromScene(QPointF(column + 0.5, row + 0.5))
    return rgb(view.viewport().grab().toImage().pixelColor(point))


def connected(view: CanvasView, alive: bool = True) -> list[RenderView]:
    looks: list[RenderView] = []
    view.view_requested.connect(looks.append)
    view.set_session(True, alive)
    return looks
