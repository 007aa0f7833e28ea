"""Which projects were made here, or were allowed to use images outside their folder: a list of folders, one a line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from engine.errors import NoRoomError
from engine.files import write_atomically

MOST = 2000


class KnownProjects:
    """
    Args:
        file: the list; is made with the first project.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def knows(self, folder: Path) -> bool:
        return str(folder.absolute()) in self._lines()

    def add(self, folder: Path) -> None:
        """A list that can not be written costs a question the next time."""
        name = str(folder.absolute())
        lines = self._lines()
        if lines[-1:] != [name] and "\n" not in name:
            with suppress(NoRoomError, UnicodeEncodeError):
                write_atomically(self._file, "\n".join([*[line for line in lines if line != name][-MOST:], name, ""]))

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return []
