"""Whether the last session ended as it should, and who has a project open: a lock in its folder.

Only a clean end takes it away. It holds the process, its program and its computer; its own time is when it was opened.
What is offered then is canvas/first_start.py's; saving the project is document.py's, snapshots are the session's.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QSysInfo, Signal

from app.document import Document
from app.preferences import Preferences
from app.widgets.words import moment
from engine import moments
from engine.errors import TesseraError
from engine.project import FILE_NAME, load_job
from engine.snapshots import Snapshot, listing

LOCK_NAME = ".open.lock"


@dataclass(frozen=True)
class Rescue:
    """A project that was open when the program was cut off.

    Args:
        snapshot: the one that it goes on from, where there is one.
        saved: when anything of it was last written.
    """

    folder: Path
    snapshot: Snapshot | None
    saved: datetime

    @property
    def when(self) -> str:
        return moment(self.saved)


@dataclass(frozen=True)
class Holder:
    """Who has a project open.

    Args:
        host: name of the computer.
        here: it is this one, where a program that has ended is told from one that runs.
        since: when it was opened.
    """

    host: str
    here: bool
    since: datetime


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

    def holder(self, folder: Path) -> Holder | None:
        """Who else has a project open; None where nobody has, or whoever had it was cut off: it can be taken over."""
        file = folder / LOCK_NAME
        if folder == self._folder or not os.path.exists(file):
            return None
        lock = _lock(folder)
        if lock.tryLock(0):
            lock.unlock()
            return None
        if lock.error() != QLockFile.LockError.LockFailedError:
            return None
        _pid, host, _program = lock.getLockInfo()
        try:
            since = datetime.fromtimestamp(file.stat().st_mtime)
        except OSError:  # let go of at this moment
            return None
        return Holder(host, host == QSysInfo.machineHostName(), since)

    def take_over(self, folder: Path) -> None:
        """Removes the lock of another computer, of which nobody here can tell whether it is in use."""
        (folder / LOCK_NAME).unlink(missing_ok=True)

    def release(self) -> None:
        """The session ends as it should."""
        if self._lock is not None:
            self._lock.unlock()
        self._lock = self._folder = None

    def _left_behind(self) -> Rescue | None:
        """The last project, where its lock is still there and whoever held it is not."""
        folder = self._preferences.last_project
        if folder is None or not os.path.isfile(folder / FILE_NAME) or not os.path.exists(folder / LOCK_NAME):
            return None
        lock = _lock(folder)
        if not lock.tryLock(0):
            return None
        lock.unlock()
        snapshots = listing(folder)
        newest = snapshots[-1] if snapshots else None
        written = [folder / FILE_NAME, *([newest.folder] if newest else [])]
        saved = max(path.stat().st_mtime for path in written)
        return Rescue(folder, _present(folder) or newest, datetime.fromtimestamp(saved))

    def _follow(self) -> None:
        """Locks the folder that the document has now, once there is anything in it."""
        folder = self._document.folder
        if folder == self._folder:
            return
        self.release()
        if not os.path.isfile(folder / FILE_NAME):
            return
        lock = _lock(folder)
        if lock.tryLock(0):
            self._lock = lock
        elif lock.error() == QLockFile.LockError.LockFailedError:
            self.shared.emit(folder)
        self._folder = folder
        self._preferences.last_project = folder
        self._preferences.save()


def _present(folder: Path) -> Snapshot | None:
    """Where a project's training stands; the newest snapshot may be of another branch, or of another method."""
    with suppress(TesseraError):
        return moments.present(folder, load_job(folder).method)
    return None


def _lock(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder / LOCK_NAME))
    lock.setStaleLockTime(0)  # only the end of the process makes it stale, never its age
    return lock
