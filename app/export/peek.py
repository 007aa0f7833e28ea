"""Asks the session for small pictures beside the canvas: a region as an export would paint it, a whole repeat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.session_events import PEEK, SessionEvents
from engine.box import Box
from engine.messages.commands import RenderView
from engine.messages.events import Ended, Failed, ViewRendered
from engine.preview.tiles import screen_box

Shown = Callable[[np.ndarray], object]


@dataclass
class _Waiting:
    request: RenderView
    shown: Shown
    failed: Callable[[str], object]
    picture: np.ndarray


class Peeks(QObject):
    """One view after another: of several that wait, the session would paint only a requester's newest.

    Args:
        post: gives a request to the session.
        events: where its answers arrive.
    """

    busy_changed = Signal(bool)
    """Whether anybody waits for a picture."""

    def __init__(
        self, post: Callable[[RenderView], object], events: SessionEvents, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._post = post
        events.on_view(PEEK, self._on_view, self)
        events.on(Failed, self._on_failed, self)
        events.on(Ended, self._on_ended, self)
        self._waiting: deque[_Waiting] = deque()
        self._ticket = 0

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def ask(self, request: RenderView, shown: Shown, failed: Callable[[str], object]) -> None:
        """Has a region of a canvas painted that `request` names.

        Args:
            shown: is called with the picture, uint8 [h, w, 3], after each piece that came.
            failed: is called with a sentence instead, at the end.
        """
        assert request.canvas_size is not None
        visible = request.box.clip(request.canvas_size.box)
        whole = screen_box(visible, visible, request.size)
        self._ticket += 1
        request = replace(request, box=visible, ticket=self._ticket, requester=PEEK)
        self._waiting.append(_Waiting(request, shown, failed, np.zeros((whole.height, whole.width, 3), np.uint8)))
        if len(self._waiting) == 1:
            self.busy_changed.emit(True)
            self._post(request)

    def forget(self) -> None:
        """Nobody waits for the answers any more."""
        if self._waiting:
            self._waiting.clear()
            self.busy_changed.emit(False)

    def _on_view(self, event: ViewRendered) -> None:
        if not self._waiting or event.ticket != self._waiting[0].request.ticket:
            return
        waiting = self._waiting[0]
        self._put(waiting, event)
        waiting.shown(waiting.picture)
        if event.done:
            self._next()

    def _on_failed(self, event: Failed) -> None:
        if self._waiting and (event.fatal or event.command == self._waiting[0].request):
            self._waiting[0].failed(event.message)
            self._next()

    def _on_ended(self, _event: Ended) -> None:
        for left in list(self._waiting):
            left.failed(self.tr("The training has ended. Open this window again."))
        self.forget()

    @staticmethod
    def _put(waiting: _Waiting, event: ViewRendered) -> None:
        """Lays a piece in its place. A coarse one reaches beyond the region: its pixels are several of the canvas'."""
        if not event.image.size:
            return
        whole = Box(0, 0, *waiting.picture.shape[:2])
        place = screen_box(event.box, waiting.request.box, waiting.request.size)
        inside = place.clip(whole)
        piece = _as_large_as(event.image, place.height, place.width)
        waiting.picture[inside.within(whole)] = piece[inside.within(place)]

    def _next(self) -> None:
        if self._waiting:
            self._waiting.popleft()
        if self._waiting:
            self._post(self._waiting[0].request)
        else:
            self.busy_changed.emit(False)


def _as_large_as(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The nearest pixels of [h, w, 3]: what comes first is coarse, and smaller than its place."""
    if image.shape[:2] == (height, width):
        return image
    rows = np.arange(height) * image.shape[0] // max(1, height)
    columns = np.arange(width) * image.shape[1] // max(1, width)
    return image[rows[:, None], columns]
