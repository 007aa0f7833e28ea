"""What commands without a window share: what they say while they work, Ctrl-C, and arguments that are refused."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import BadSettingError, UsageError

_BAR = 24
_QUIET_S = 30.0


def say(message: str) -> None:
    """A line of its own, also while a bar is shown."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{clear}{message}", file=sys.stderr, flush=True)


class Progress:
    """A bar where someone looks at it; in a file, a line at each tenth of the way, or every half minute."""

    def __init__(self) -> None:
        self._bar = sys.stderr.isatty()
        self._tenth, self._said = -1, time.monotonic()

    def show(self, share: float, text: str) -> None:
        """`share` is 0..1."""
        share = min(1.0, max(0.0, share))
        if self._bar:
            full = round(share * _BAR)
            line = f"[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}  {text}"
            print(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K", end="", file=sys.stderr, flush=True)
        elif int(share * 10) > self._tenth or time.monotonic() - self._said >= _QUIET_S:
            self._tenth, self._said = int(share * 10), time.monotonic()
            print(f"{share:4.0%}  {text}", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._bar:
            print(file=sys.stderr)


def silence() -> None:
    """Writes nowhere from now on what nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
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
    """Ctrl-C (and a system that shuts down) ends the work in good order; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, previous[number])
        print("\ntessera: Stopping; once more to stop at once.", file=sys.stderr)
        stop()

    previous: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in previous:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
