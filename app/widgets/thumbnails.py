"""Small pictures read in the background and kept: files in, QImages out. No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageReader

from app.widgets.arrays import to_image
from engine.errors import TesseraError

MOST_PREVIEW_PX = 16_000_000
Reader = Callable[[Path, int], QImage]


class Thumbnails(QObject):
    """Asks `read(path, side)` for each file once, off the window's thread.

    `read` may raise TesseraError, whose text is kept as the reason; other errors are told by their type.

    Signals:
        ready(path): `image(path)` is there.
        failed(path, sentence): the file can not be read.
    """

    ready = Signal(str)
    failed = Signal(str, str)

    def __init__(self, read: Reader, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._side = side
        self._images: dict[str, QImage] = {}
        self._reasons: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._inbox = _Inbox()
        self._inbox.read.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._inbox.unreadable.connect(self._miss, Qt.ConnectionType.QueuedConnection)

    def want(self, path: str) -> None:
        """Starts reading a file that was not read yet."""
        if path in self._images or path in self._reasons or path in self._waiting:
            return
        self._waiting.add(path)
        inbox, read, side = self._inbox, self._read, self._side
        # the job holds nothing of the window, which may be gone when it runs
        QThreadPool.globalInstance().start(lambda: _read_into(inbox, read, path, side))

    def image(self, path: str) -> QImage | None:
        return self._images.get(path)

    def reason(self, path: str) -> str:
        """Why a file could not be read; empty when it could, or is still on its way."""
        return self._reasons.get(path, "")

    def forget(self, path: str) -> None:
        """The next `want` reads the file again."""
        self._images.pop(path, None)
        self._reasons.pop(path, None)

    def keep_only(self, paths: Iterable[str]) -> None:
        """Forgets all files but these, which are the only ones that are shown."""
        wanted = set(paths)
        self._images = {path: image for path, image in self._images.items() if path in wanted}
        self._reasons = {path: reason for path, reason in self._reasons.items() if path in wanted}

    def _take(self, path: str, image: QImage) -> None:
        self._waiting.discard(path)
        self._images[path] = image
        self.ready.emit(path)

    def _miss(self, path: str, message: str) -> None:
        self._waiting.discard(path)
        self._reasons[path] = message
        self.failed.emit(path, message)


class _Inbox(QObject):
    read = Signal(str, QImage)
    unreadable = Signal(str, str)


def _read_into(inbox: _Inbox, read: Reader, path: str, side: int) -> None:
    image, reason = QImage(), ""
    try:
        image = read(Path(path), side)
    except TesseraError as error:
        reason = str(error)
    except Exception as error:
        reason = f"{Path(path).name} could not be read ({type(error).__name__})."
    with suppress(RuntimeError):  # the program has ended meanwhile
        if reason:
            inbox.unreadable.emit(path, reason)
        else:
            inbox.read.emit(path, image)


def read_source(path: Path, side: int) -> QImage:
    """A source image as the engine sees it: upright, in sRGB. Raises BadImageError."""
    from engine.images.read import thumbnail  # brings torch along, which may not be loaded before the window is shown

    return to_image(thumbnail(path, side))


def read_preview(path: Path, height: int = 0) -> QImage:
    """A PNG of our own making, scaled down to a height where one is given; null where there is none.

    One that is too large to be ours is not read: its few bytes may be a whole memory of pixels.
    """
    reader = QImageReader(str(path), QByteArray(b"png"))
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MOST_PREVIEW_PX:
        return QImage()
    if height and size.height() > height:
        reader.setScaledSize(QSize(max(1, round(size.width() * height / size.height())), height))
    return reader.read()
