"""What commands without a window share: what they say while they work, Ctrl-C, and arguments that are refused."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from engine.errors import BadSettingError, TesseraError, UsageError

_BAR = 24
_QUIET_S = 30.0
_HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)
"""A terminal that goes, as when a connection is lost; Windows has none."""
_ENDINGS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, _HANGUP) if number is not None)


class UnreadError(TesseraError):
    """Nobody reads what is printed any more: a pipe was closed, a terminal has gone, or a file of reports is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"What is printed can not be written any more ({error.strerror}).")


def say(message: str) -> None:
    """A line of its own, also while a bar is shown. Raises UnreadError."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    _write(f"{clear}{message}\n", sys.stderr)


def answer(message: str) -> None:
    """A line of what the command was asked for, to standard output. Raises UnreadError."""
    _write(f"{message}\n", sys.stdout)


def _write(text: str, stream: TextIO) -> None:
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        raise UnreadError(error) from None


class Progress:
    """A bar where someone looks at it; in a file, a line at each tenth of the way, or every half minute."""

    def __init__(self) -> None:
        self._bar = sys.stderr.isatty()
        self._tenth, self._said = -1, time.monotonic()

    def show(self, share: float, text: str) -> None:
        """`share` is 0..1. Raises UnreadError."""
        share = min(1.0, max(0.0, share))
        if self._bar:
            full = round(share * _BAR)
            line = f"[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}  {text}"
            _write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K", sys.stderr)
        elif int(share * 10) > self._tenth or time.monotonic() - self._said >= _QUIET_S:
            self._tenth, self._said = int(share * 10), time.monotonic()
            _write(f"{share:4.0%}  {text}\n", sys.stderr)

    def end(self) -> None:
        """Raises UnreadError."""
        if self._bar:
            _write("\n", sys.stderr)


def silence() -> None:
    """Writes nowhere from now on what nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def argument(name: str) -> Iterator[None]:
    """Names the argument in what is wrong with its value."""
    try:
        yield
    except BadSettingError as error:
        raise UsageError(f"argument {name}: {str(error).removeprefix(f'{name} ')}") from None


@contextmanager
def interrupted(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, a terminal that goes and a system that shuts down end the work in good order; once more ends it at once.

    What is to be ignored stays so, as of a terminal that goes after `nohup`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: object) -> None:
        # a shell whose terminal has gone tells of it a second time
        signal.signal(number, signal.SIG_IGN if number == _HANGUP else previous[number])
        with suppress(OSError):
            os.write(
                2, b"\ntessera: Stopping; once more to stop at once.\n"
            )  # print would trip over one that it breaks
        stop()

    previous: dict[int, Any] = {number: signal.getsignal(number) for number in _ENDINGS}
    if _HANGUP is not None and previous[_HANGUP] is signal.SIG_IGN:
        del previous[_HANGUP]
    for number in previous:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
