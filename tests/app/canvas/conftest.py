"""A canvas on screen, of `CANVAS` pixels, that nobody paints on."""

from __future__ import annotations

import pytest

from app.canvas.view import CanvasView
from tests.app.canvas.painter import CANVAS


@pytest.fixture
def view(qtbot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.show()
    qtbot.waitExposed(view)
    view.set_extent(CANVAS)
    return view
