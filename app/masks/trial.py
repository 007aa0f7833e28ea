"""The picture follows the brush: a mask that is being painted is shown by the running session, before it is kept.

On the canvas, and below the mask in the editor, which may lie over the canvas.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from app.document import Document
from app.masks.base_editor import BaseEditor
from app.masks.files import FOLDER, write
from app.masks.picture import UNPAINTED
from app.session_events import CANVAS, TOUCHED
from app.training import Training
from engine.errors import NoRoomError
from engine.job import SourceImage
from engine.messages.commands import Load
from engine.messages.events import Began, Ended, Failed, Kept, ViewRendered

_PAUSE_MS = 5
"""The brush rests this long at most before what it painted is tried out."""
_PATIENCE_MS = 1000
"""Where nobody looks at the canvas no picture arrives: the next mask is then sent after this time."""


class MaskTrial(QObject):
    """Lives as long as its editor. The next mask is sent when the one before is seen: the engine sets the pace."""

    def __init__(
        self,
        document: Document,
        training: Training,
        slot: str,
        editor: BaseEditor,
        painted: Callable[[], QImage | None] = lambda: None,
        free: bool = False,
    ) -> None:
        """
        Args:
            painted: the whole canvas as far as it is painted.
            free: any mask can be shown at once: nothing is learned of its regions.
        """
        super().__init__(editor)
        self._painted, self._free = painted, free
        self._document, self._training, self._slot, self._editor = document, training, slot, editor
        picture = editor.picture
        self._shape = picture.labels.shape
        self._known = frozenset(r.label for r in picture.regions if picture.shares()[r.label] > 0)
        """Regions that were learned; nothing while there is no mask that a session could have learned."""
        self._under_way = self._wanted = False
        self._files: list[Path] = []
        """Tried out, and needed by no snapshot."""
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._timer.timeout.connect(self._send)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._next)
        picture.painted.connect(self._on_painted)
        editor.applied.connect(self._on_applied)
        training.events.on(Began, self._on_began, self)
        training.events.on(Kept, lambda _event: self._files.clear(), self)  # a snapshot needs them, whichever it was
        training.events.on_view(CANVAS, self._on_view, self)
        training.events.on_view(TOUCHED, self._on_view, self)
        training.events.on(Failed, self._on_failed, self)
        training.events.on(Ended, lambda _event: self._next(), self)
        if training.answers:
            self._show()

    def end(self) -> None:
        """The editor is closed; the session works on the document's mask again."""
        self._timer.stop()
        self._patience.stop()
        self._wanted = False
        self._training.end_trial()
        if not self._under_way:
            self._clear()

    def _on_applied(self, labels: np.ndarray) -> None:
        """The first mask of all: what is learned from now on has its regions."""
        if not self._known:
            self._known, self._shape = frozenset(np.unique(labels).tolist()), labels.shape

    def _on_painted(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _send(self) -> None:
        if self._under_way:
            self._wanted = True
            return
        labels = self._editor.picture.completed()
        # another size, or a region that was not learned, would ask for a rebuild in the middle of a stroke
        fits = self._free or (
            labels.shape == self._shape and set(np.unique(labels).tolist()) <= {*self._known, UNPAINTED}
        )
        if not fits or self._editor.picture.blank:
            return
        path = self._fresh_path()
        try:
            write(path, labels, self._editor.picture.regions)
        except NoRoomError:  # it is told when the mask is to be kept
            return
        self._files.append(path)
        self._under_way = self._training.try_out(self._slot, (SourceImage(path=str(path)),))
        self._wanted = not self._under_way  # no session yet: as soon as there is one

    def _fresh_path(self) -> Path:
        """A file of its own for each, so that a snapshot kept while painting finds its mask again."""
        folder = self._document.folder / FOLDER
        return next(p for n in itertools.count(1) if not (p := folder / f"{self._slot}-trial-{n}.png").exists())

    def _clear(self, but: int = 0) -> None:
        """Removes what was tried out, except the newest ones."""
        while len(self._files) > but:
            self._files.pop(0).unlink(missing_ok=True)

    def _on_began(self, event: Began) -> None:
        self._clear(but=1)
        if event.touched is not None and not event.touched.area:  # it looks as it did, and nothing will be painted
            self._next()
        else:
            self._patience.start()

    def _on_view(self, event: ViewRendered) -> None:
        """The canvas, which heard of it before, has something new: all of it, sharp, or coarse at first."""
        if event.done or event.box.contains(event.canvas_size.box):
            self._show()
        if event.done and self._patience.isActive():
            self._next()

    def _on_failed(self, event: Failed) -> None:
        if isinstance(event.command, Load):
            self._next()

    def _show(self) -> None:
        image = self._painted()
        if image is not None:
            self._editor.underlay.set_result(image.copy())  # the canvas goes on painting in its own

    def _next(self) -> None:
        self._patience.stop()
        self._under_way = False
        if self._wanted:
            self._wanted = False
            self._send()
