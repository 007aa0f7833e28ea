"""Where something stands in the file of a plan, by lines, so that who wrote it by hand finds what is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_RUN = re.compile(r"\s*\[\[\s*run\s*\]\]")


@dataclass(frozen=True)
class Places:
    """Lines of a text in TOML, from 1 on, and which of them begin a run; of JSON there are none.

    Each answer goes behind the name of a run, in brackets; it is empty where the line is not known.
    """

    lines: tuple[str, ...] = ()
    begins: tuple[int, ...] = ()

    @classmethod
    def of(cls, text: str) -> Places:
        lines = tuple(text.splitlines())
        return cls(lines, tuple(number for number, line in enumerate(lines, 1) if _RUN.match(line)))

    def of_run(self, number: int) -> str:
        """The line that begins a run, counted from 1; 0 for what stands above all runs."""
        return _told(self.begins[number - 1]) if 0 < number <= len(self.begins) else ""

    def of_key(self, key: str, number: int = 0) -> str:
        """The line of a key of a run, or of one above all runs."""
        edges = (0, *self.begins, len(self.lines) + 1)
        if number >= len(edges) - 1:
            return ""
        first, end = list(pairwise(edges))[number]
        named = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
        found = (line for line in range(first + 1, end) if named.match(self.lines[line - 1]))
        line = next(found, None)
        return self.of_run(number) if line is None else _told(line)


def _told(line: int) -> str:
    return f" (line {line})"
