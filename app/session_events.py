"""Where the events of the session are handed out: who wants some registers for their type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject

from app import crash
from engine.messages.commands import Requester
from engine.messages.events import Event, ViewRendered

CANVAS = Requester("canvas")
TOUCHED = Requester("touched")
"""The part of the canvas that a stroke of a brush changed."""
LOUPE = Requester("loupe")
PEEK = Requester("peek")
"""Pictures beside the canvas, for one who exports."""

COMPARED = Requester("left of the line"), Requester("right of the line")
"""Moments that are compared on the canvas."""

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, eq=False)
class _Listener:
    kind: type[Event]
    requester: Requester | None
    hear: Callable[[Any], object]

    def wants(self, event: Event) -> bool:
        if not isinstance(event, self.kind):
            return False
        return self.requester is None or (isinstance(event, ViewRendered) and event.requester == self.requester)


class SessionEvents(QObject):
    """Hands each event to its listeners, in the order in which they registered.

    An exception in one of them keeps the event from no other: it is told as one that nobody caught.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listeners: list[_Listener] = []

    def on(self, kind: type[E], hear: Callable[[E], object], owner: QObject | None = None) -> None:
        """Has `hear` called with every event of a type; of `Event`, with all.

        Args:
            owner: with whose end the listener is forgotten, where that is before the program's.
        """
        self._add(_Listener(kind, None, hear), owner)

    def on_view(
        self, requester: Requester, hear: Callable[[ViewRendered], object], owner: QObject | None = None
    ) -> None:
        """Has `hear` called with the pieces of the views that `requester` asked for; `owner` as in `on`."""
        self._add(_Listener(ViewRendered, requester, hear), owner)

    def deliver(self, event: Event) -> None:
        """Hands one event out. The session's thread reaches this as a slot, in the window's thread."""
        for listener in list(self._listeners):
            if listener not in self._listeners or not listener.wants(event):
                continue
            try:
                listener.hear(event)
            except Exception as error:
                crash.tell(error)

    def _add(self, listener: _Listener, owner: QObject | None) -> None:
        self._listeners.append(listener)
        if owner is not None:
            owner.destroyed.connect(lambda: self._listeners.remove(listener))
