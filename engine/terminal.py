"""What a command says while it works, on standard error; results are printed by the command itself."""

from __future__ import annotations

import shutil
import sys
import time

_BAR = 24
_QUIET_S = 30.0


def say(sentence: str) -> None:
    """A line of its own, also while a bar is shown."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{clear}{sentence}", file=sys.stderr, flush=True)


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
