"""Images that change on disk while they are in use: painted on in another program, and saved."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.document import Document

LOOK_MS = 250
MOST_LOOKS = 40
"""So often a file is looked for that is gone: many programs write a new one and put it in the place of the old."""
MOST_WATCHED = 2000

Stamp = tuple[int, int]


class WatchedImages(QObject):
    """Watches the images of all slots of a document.

    Signals:
        changed(paths): the files are others, and no longer being written.
    """

    changed = Signal(list)

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._suspect)
        self._stamps: dict[str, Stamp | None] = {}
        """Of each watched file, as it was when its image was read."""
        self._suspects: dict[str, tuple[Stamp | None, int]] = {}
        """Files that may have changed: as they were at the last look, and how often they were looked at."""
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        document.sources_changed.connect(lambda _slot: self.refresh())
        for signal in (document.method_changed, document.job_replaced):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Watches what the document has now."""
        sources = self._document.job.sources.values()
        wanted = list(dict.fromkeys(image.path for images in sources for image in images))[:MOST_WATCHED]
        gone = self._stamps.keys() - wanted
        for path in gone:
            del self._stamps[path]
            self._suspects.pop(path, None)
        if gone:
            self._watcher.removePaths(list(gone))
        new = [path for path in wanted if path not in self._stamps]
        self._stamps |= {path: _stamp(path) for path in new}
        there = [path for path in new if self._stamps[path] is not None]
        if there:  # Qt complains of an empty list
            self._watcher.addPaths(there)

    def look(self) -> None:
        """Tells of those that have changed and rest now."""
        rested = []
        for path, (before, looks) in list(self._suspects.items()):
            now = _stamp(path)
            if now is not None and now == before:
                del self._suspects[path]
                if now != self._stamps.get(path):
                    self._stamps[path] = now
                    rested.append(path)
            elif looks >= MOST_LOOKS:
                del self._suspects[path]
            else:
                self._suspects[path] = now, looks + 1
            if now is not None and path not in self._watcher.files():
                self._watcher.addPath(path)  # another file has taken its place
        if not self._suspects:
            self._timer.stop()
        if rested:
            self.changed.emit(rested)

    def _suspect(self, path: str) -> None:
        if path in self._stamps:
            self._suspects[path] = None, 0
            self._timer.start()


def _stamp(path: str) -> Stamp | None:
    """Size and time of a file; None where there is none."""
    try:
        facts = Path(path).stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns
