"""Asks the session for small pictures beside the canvas: a region as an export would paint it, a whole repeat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.box import Box
from engine.messages import Ended, Failed, RenderView, ViewRendered
from engine.preview.tiles import screen_box

Shown = Callable[[np.ndarray], object]


@dataclass
class _Waiting:
    look: RenderView
    shown: Shown
    failed: Callable[[str], object]
    picture: np.ndarray


class Peeks(QObject):
    """Looks with negative tickets, one after another: of several that wait, the session would read only the newest.

    The canvas has to keep still meanwhile; `busy_changed` says so.

    Args:
        post: gives a look to the session.
    """

    busy_changed = Signal(bool)

    def __init__(self, post: Callable[[RenderView], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._post = post
        self._waiting: deque[_Waiting] = deque()
        self._ticket = 0

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def ask(self, look: RenderView, shown: Shown, failed: Callable[[str], object]) -> None:
        """Paints a region of a canvas that `look` names; `shown(uint8 [h, w, 3])` is called with each piece that comes.

        Args:
            failed: is called with a sentence instead, at the end.
        """
        assert look.canvas_size is not None
        visible = look.box.clip(look.canvas_size.box)
        whole = screen_box(visible, visible, look.size)
        self._ticket -= 1
        look = replace(look, box=visible, ticket=self._ticket)
        self._waiting.append(_Waiting(look, shown, failed, np.zeros((whole.height, whole.width, 3), np.uint8)))
        if len(self._waiting) == 1:
            self.busy_changed.emit(True)
            self._post(look)

    def forget(self) -> None:
        """Nobody waits for the answers any more."""
        if self._waiting:
            self._waiting.clear()
            self.busy_changed.emit(False)

    def on_event(self, event: object) -> None:
        """Every event of the session comes by here."""
        if not self._waiting:
            return
        waiting = self._waiting[0]
        match event:
            case ViewRendered() if event.ticket == waiting.look.ticket:
                self._put(waiting, event)
                waiting.shown(waiting.picture)
                if event.done:
                    self._next()
            case ViewRendered() if event.ticket >= 0 and event.done:
                self.busy_changed.emit(True)  # the canvas had asked at the same moment
                self._post(waiting.look)
            case Failed() if event.fatal or (isinstance(event.command, RenderView) and event.command.ticket < 0):
                waiting.failed(event.message)
                self._next()
            case Ended():
                for left in list(self._waiting):
                    left.failed(self.tr("The training has ended. Open this window again."))
                self.forget()

    @staticmethod
    def _put(waiting: _Waiting, event: ViewRendered) -> None:
        height, width, _ = waiting.picture.shape
        place = screen_box(event.box, waiting.look.box, waiting.look.size)
        if event.image.size:
            rows, columns = place.within(Box(0, 0, height, width))
            waiting.picture[rows, columns] = event.image

    def _next(self) -> None:
        if self._waiting:
            self._waiting.popleft()
        if self._waiting:
            self._post(self._waiting[0].look)
        else:
            self.busy_changed.emit(False)
