"""The whole thread boundary: a session runs in this thread, its events arrive in the window's thread as signals."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, Signal

from app import crash
from engine import device
from engine.errors import TesseraError
from engine.messages.commands import Command, Stop
from engine.messages.events import Ended, Failed
from engine.training.session import Session


class Worker(QThread):
    """Runs one session from beginning to end. `session_event` carries each of its events."""

    session_event = Signal(object)

    def __init__(self, session: Session, device_key: str = "auto", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._device_key = device_key

    def post(self, command: Command) -> None:
        """From any thread; returns at once."""
        self._session.post(command)

    def stop_and_wait(self, keep: bool = True) -> None:
        """Ends the session after the present step and waits for the thread."""
        self.post(Stop(keep))
        self.post(Stop(keep=False))  # is read only where the first was refused, since the disk is full
        self.wait()

    def run(self) -> None:
        try:
            device.prepare_thread(device.choose(self._device_key), background=True)
            for event in self._session.run():
                self.session_event.emit(event)
        except TesseraError as error:
            self.session_event.emit(Failed(str(error), fatal=True))
            self.session_event.emit(Ended(0))
        except Exception as error:  # a defect of the program must not take the window along
            self.session_event.emit(Failed(crash.crash_message(crash.record(error)), fatal=True))
            self.session_event.emit(Ended(0))
