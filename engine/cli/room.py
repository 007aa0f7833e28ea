"""A disk that is full when a training ends: what was learned waits for room, instead of going with the program."""

from __future__ import annotations

import threading
import time

from engine.cli.terminal import say
from engine.messages.commands import Keep, Stop
from engine.messages.events import Event, Failed, Kept
from engine.training.session import Session

EVERY_S = 5.0
PATIENCE_S = 15 * 60.0


class Room:
    """Hears a session's events, and has it try again where it could not keep what it learned.

    Attributes:
        refused: why it could not be kept; empty where it is.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.refused = ""
        self._until: float | None = None
        """Of `time.monotonic`; None where nothing was refused."""

    def hear(self, event: Event) -> None:
        """To be told every event of the session; posts commands to it, and waits between two tries."""
        match event:
            case Failed(command=Stop()) if self._until is None:
                self._until = time.monotonic() + PATIENCE_S
                self.refused = event.message
                say(f"{event.message} Until then it is tried again, for {PATIENCE_S / 60:.0f} minutes.")
                self._wait()
            case Failed(command=Keep()) if self._until is not None:
                self._wait()
            case Kept() if self._until is not None:
                self.refused = ""
                self._session.post(Stop())

    def _wait(self) -> None:
        assert self._until is not None
        if time.monotonic() >= self._until:
            self._session.post(Stop(keep=False))
            return
        timer = threading.Timer(EVERY_S, self._session.post, [Keep(reason="stopped")])
        timer.daemon = True
        timer.start()
