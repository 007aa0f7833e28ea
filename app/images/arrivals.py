"""Pictures that are no files yet: those of the clipboard, and those that a browser lets go over the window.

A browser hands over the picture itself, or only says where it found it; that is then fetched, which takes a while.
"""

from __future__ import annotations

import re
import urllib.request
from contextlib import suppress
from html import unescape
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PySide6.QtCore import QByteArray, QDateTime, QIODevice, QMimeData, QObject, QSaveFile, QStandardPaths, QUrl, Signal
from PySide6.QtGui import QImage, QImageWriter

from app.widgets.background import Tasks
from engine.errors import BadImageError

PATIENCE_S, MOST_BYTES = 30.0, 300_000_000
"""For a server to answer; of a picture that is fetched."""
_SUFFIXES = {"image/jpeg": ".jpg", "image/svg+xml": ".svg"}
_IMAGE_IN_PAGE = re.compile(r"<img\b[^>]*?\bsrc\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)


def default_folder() -> Path:
    """Where pictures are saved that were no files: a folder in the user's application data."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "pasted"


def local_paths(data: QMimeData) -> list[Path]:
    """The files and folders of this computer in a drag or on the clipboard, there also as text, a line for each."""
    if data.hasUrls():
        return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    lines = [line.strip().strip("'\"") for line in data.text().splitlines()] if data.hasText() else []
    paths = [Path(QUrl(line).toLocalFile() if line.startswith("file:") else line) for line in lines if line]
    return paths if all(path.is_absolute() and _is_there(path) for path in paths) else []


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # any text may be on the clipboard
        return False


def is_wanted(data: QMimeData) -> bool:
    """Whether there is anything that could be a picture."""
    return bool(local_paths(data)) or data.hasImage() or bool(address_of(data))


def address_of(data: QMimeData) -> str:
    """Where a picture lies that a browser let go: that of the page's own image rather than of what it links to."""
    found = _IMAGE_IN_PAGE.search(data.html()) if data.hasHtml() else None
    candidates = [unescape(found[1])] if found else []
    candidates += [bytes(url.toEncoded().data()).decode() for url in data.urls()] if data.hasUrls() else []
    return next((each for each in candidates if each.startswith(("http://", "https://", "data:image/"))), "")


def saved_image(image: QImage, folder: Path) -> Path:
    """A picture as a new file. Raises BadImageError: it could not be written."""
    stamp = QDateTime.currentDateTime().toString("yyyyMMdd-HHmmss-zzz")
    path = folder / f"pasted-{stamp}.png"
    with suppress(OSError):  # the failure to open the file below is what is told
        folder.mkdir(parents=True, exist_ok=True)
    file = QSaveFile(str(path))
    if (
        file.open(QIODevice.OpenModeFlag.WriteOnly)
        and QImageWriter(file, QByteArray(b"png")).write(image)
        and file.commit()
    ):
        return path
    raise BadImageError(f"The pasted picture could not be saved to {folder} ({file.errorString()}).")


def fetched(address: str, folder: Path) -> Path:
    """The picture at an address, as a file under the name that it has there. Raises BadImageError, one sentence."""
    parts = urlsplit(address)
    host = parts.hostname or "the page"
    request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (Tessera)", "Accept": "image/*"})
    advice = "Save it from the browser, and drop the file."
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            kind = answer.headers.get_content_type()
            if not kind.startswith("image/"):
                raise BadImageError(f"What was dropped from {host} is no picture but a page. Drop the picture itself.")
            content = answer.read(MOST_BYTES + 1)
    except (OSError, ValueError, HTTPException) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise BadImageError(f"The picture could not be fetched from {host} ({reason}). {advice}") from None
    if len(content) > MOST_BYTES:
        raise BadImageError(f"The picture at {host} is larger than {MOST_BYTES // 10**6} MB. {advice}")
    stem = re.sub(r"[^\w.-]+", "_", Path(unquote(parts.path)).stem if parts.scheme != "data" else "")[:60] or "picture"
    suffix = _SUFFIXES.get(kind) or "." + kind.removeprefix("image/").removeprefix("x-")
    path = _free(folder, stem, suffix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise BadImageError(f"The picture could not be saved to {folder} ({error.strerror or error}).") from None
    return path


def _free(folder: Path, stem: str, suffix: str) -> Path:
    """A name that no other file has."""
    path, number = folder / f"{stem}{suffix}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{suffix}", number + 1
    return path


class Arrivals(QObject):
    """Turns what was dropped or pasted into files.

    Signals:
        arrived(slot, paths): they are there; at once, or when they were fetched.
        waiting(host): a picture is being fetched; an empty text when none is any more.
        problem(sentence)
    """

    arrived = Signal(str, list)
    waiting = Signal(str)
    problem = Signal(str)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder or default_folder()
        self._tasks = Tasks(self)
        self._tasks.all_ended.connect(lambda: self.waiting.emit(""))
        self._project = 0
        """Counts those that pictures were fetched for."""

    def take(self, slot: str, data: QMimeData) -> bool:
        """False where there is no picture in it."""
        paths, address = local_paths(data), address_of(data)
        if paths:
            self.arrived.emit(slot, paths)
        elif address:
            image = QImage(data.imageData()) if data.hasImage() else QImage()
            self._fetch(slot, address, image)
        elif data.hasImage():
            self._save(slot, QImage(data.imageData()))
        else:
            return False
        return True

    def forget(self) -> None:
        """Another project is shown: what is still being fetched was not meant for it."""
        self._project += 1

    def wait(self) -> None:
        """For what is being fetched, before the window goes."""
        self._tasks.wait()

    def _fetch(self, slot: str, address: str, shown: QImage) -> None:
        """The file itself, with all that is in it; where it can not be had, what the browser shows of it."""

        project = self._project

        def done(path: Path) -> None:
            if project == self._project:
                self.arrived.emit(slot, [path])

        def failed(error: BaseException) -> None:
            if project != self._project:
                return
            if not shown.isNull():
                self._save(slot, shown)
            elif isinstance(error, BadImageError):
                self.problem.emit(str(error))
            else:
                raise error

        self.waiting.emit(urlsplit(address).hostname or self.tr("the browser"))
        self._tasks.run(lambda: fetched(address, self.folder), done, failed)

    def _save(self, slot: str, image: QImage) -> None:
        try:
            path = saved_image(image, self.folder)
        except BadImageError as error:
            self.problem.emit(str(error))
        else:
            self.arrived.emit(slot, [path])
