"""Ctrl-C in the terminal, a terminal that goes and a system that shuts down: the window ends and keeps the work.

Without this the first would be an error of whatever code runs, and the others would end the program where it stands.
"""

from __future__ import annotations

import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal

_HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)
"""Windows has none."""
_ENDINGS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, _HANGUP) if number is not None)


class Endings(QObject):
    """Listens from now on, in the window's thread. What is ignored stays so, as a terminal that goes after `nohup`.

    Python runs its handlers between any two lines of its own: they only write a byte, and Qt tells of it.
    """

    asked = Signal()
    """Somebody ends the program who can not be asked. A second time it ends at once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._here, self._there = socket.socketpair()
        for end in (self._here, self._there):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._here.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._tell)
        for number in _ENDINGS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._once)
        signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)

    def _once(self, number: int, _frame: FrameType | None) -> None:
        # a shell whose terminal has gone tells of it a second time
        signal.signal(number, signal.SIG_IGN if number == _HANGUP else signal.SIG_DFL)

    def _tell(self) -> None:
        told = self._here.recv(64)
        if any(number in _ENDINGS for number in told):
            self.asked.emit()
