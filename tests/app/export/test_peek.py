"""Pictures beside the canvas are put together of the pieces that a session answers with."""

from __future__ import annotations

import numpy as np
import pytest

from app.export.peek import Peeks
from app.session_events import PEEK, SessionEvents
from engine.box import Box, Size
from engine.messages.commands import RenderView
from engine.messages.events import ViewRendered


@pytest.mark.parametrize("box", [Box(0, 0, 480, 912), Box(7, 3, 473, 909), Box(0, 0, 481, 913)])
@pytest.mark.parametrize("size", [Size(2000, 2000), Size(300, 300)], ids=["as painted", "smaller"])
def test_a_coarse_picture_that_reaches_beyond_the_canvas_is_cut(qapp, monkeypatch, box: Box, size: Size) -> None:
    """A pixel of it is several of the canvas', whose sides need not be a multiple: another content's seldom are."""
    told: list[BaseException] = []
    monkeypatch.setattr("app.crash.tell", told.append)
    asked: list[RenderView] = []
    events, shown = SessionEvents(), list[np.ndarray]()
    canvas = Size(box.bottom, box.right)
    peeks = Peeks(asked.append, events)
    peeks.ask(RenderView(box, size, canvas_size=canvas, coarse_first=True), shown.append, pytest.fail)

    around = box.align(4)
    image = np.full((around.height // 4, around.width // 4, 3), 7, np.uint8)
    events.deliver(ViewRendered(image, around, canvas, "result", 0, asked[0].ticket, PEEK, done=True))
    assert not told
    assert (shown[0] == 7).all(), "all of the region is covered"
    assert not peeks.busy
