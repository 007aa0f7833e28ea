"""The way of the commands to the training loop.

The mailbox keeps them in order, except that of those marked `latest_wins` at most one of each kind waits: the newest
`RenderView` of each requester, all `Retune`s in one.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

from engine.messages.commands import Command


@dataclass
class Mailbox:
    """Commands on their way to the loop. `post` never waits for the loop."""

    _waiting: list[Command] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def post(self, command: Command) -> None:
        """Puts a command behind those that wait, or in the place of one that it replaces; from any thread."""
        with self._changed:
            # Only back to the last command that keeps its place: a slider moved before a Load must not overrule it.
            for index in reversed(range(len(self._waiting))):
                earlier = self._waiting[index]
                if not (command.latest_wins and earlier.latest_wins):
                    break
                if type(earlier) is type(command) and command.replaces(earlier):
                    command = command.after(earlier)
                    del self._waiting[index]
                    break
            self._waiting.append(command)
            self._changed.notify()

    @property
    def replaces_pictures(self) -> bool:
        """Whether a waiting command does."""
        return any(command.replaces_pictures for command in self._waiting)

    def take(self, wait_s: float = 0) -> list[Command]:
        """All waiting commands, oldest first. Sleeps until there is one, at most so long; inf: as long as it takes."""
        with self._changed:
            if wait_s:
                self._changed.wait_for(lambda: self._waiting, None if wait_s == math.inf else wait_s)
            taken, self._waiting = self._waiting, []
            return taken
