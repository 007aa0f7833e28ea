"""Whether the last session ended as it should: a lock in the project's folder that only a clean end takes away.

What is offered then is canvas/first_start.py's; saving the project is document.py's, snapshots are the session's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QDate, QLocale, QLockFile, QObject, QTime, Signal

from app.document import Document
from app.preferences import Preferences
from engine.project import FILE_NAME
from engine.snapshots import Snapshot, listing

LOCK_NAME = ".open.lock"


@dataclass(frozen=True)
class Rescue:
    """A project that was open when the program was cut off.

    Args:
        snapshot: its newest, where there is one.
        saved: when anything of it was last written.
    """

    folder: Path
    snapshot: Snapshot | None
    saved: datetime

    @property
    def when(self) -> str:
        """ "at 16:03", or with the date where that was not today."""
        locale, short, saved = QLocale(), QLocale.FormatType.ShortFormat, self.saved
        time = locale.toString(QTime(saved.hour, saved.minute), short)
        if saved.date() == datetime.now().date():
            return f"at {time}"
        return f"on {locale.toString(QDate(saved.year, saved.month, saved.day), short)}, {time}"


class Recovery(QObject):
    """Locks the document's folder while it is open, and remembers it as the last project from its first save on."""

    shared = Signal(object)
    """Path of a project that another window has open as well."""

    def __init__(self, document: Document, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._preferences = document, preferences
        self._lock: QLockFile | None = None
        self._folder: Path | None = None
        self.rescue = self._left_behind()
        document.saved.connect(self._follow)
        document.job_replaced.connect(self._follow)
        document.leaving.connect(self.release)

    def release(self) -> None:
        """The session ends as it should."""
        if self._lock is not None:
            self._lock.unlock()
        self._lock = self._folder = None

    def _left_behind(self) -> Rescue | None:
        """The last project, where its lock is still there and whoever held it is not."""
        folder = self._preferences.last_project
        if folder is None or not (folder / FILE_NAME).is_file() or not (folder / LOCK_NAME).exists():
            return None
        lock = _lock(folder)
        if not lock.tryLock(0):
            return None
        lock.unlock()
        snapshots = listing(folder)
        newest = snapshots[-1] if snapshots else None
        written = [folder / FILE_NAME, *([newest.folder] if newest else [])]
        saved = max(path.stat().st_mtime for path in written)
        return Rescue(folder, newest, datetime.fromtimestamp(saved))

    def _follow(self) -> None:
        """Locks the folder that the document has now, once there is anything in it."""
        folder = self._document.folder
        if folder == self._folder:
            return
        self.release()
        if not (folder / FILE_NAME).is_file():
            return
        lock = _lock(folder)
        if lock.tryLock(0):
            self._lock = lock
        elif lock.error() == QLockFile.LockError.LockFailedError:
            self.shared.emit(folder)
        self._folder = folder
        self._preferences.last_project = folder
        self._preferences.save()


def _lock(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder / LOCK_NAME))
    lock.setStaleLockTime(0)  # only the end of the process makes it stale, never its age
    return lock
