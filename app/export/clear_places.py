"""Checks on the canvas and on pictures beside it, where a file of them will be transparent: read beside the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.canvas.view import CanvasView
from app.export.crop import CropField
from app.export.windows import Pane
from app.widgets.background import Tasks
from engine.box import Size
from engine.export.transparency import opacity_of_print, opacity_on
from engine.options import RenderMode

if TYPE_CHECKING:
    from torch import Tensor

OPACITY_PX = 4_000_000
"""Of a canvas or print at most, where it is shown what will be transparent."""

Shown = CanvasView | CropField | Pane


@dataclass(frozen=True)
class Print:
    """A print that will be transparent as its content is; see `ExportRequest`.

    Args:
        trained: the canvas that was trained for.
    """

    content: Path
    trained: Size
    size: Size
    render_mode: RenderMode
    crop: tuple[float, float] | None = None

    def opacity(self) -> Tensor | None:
        """float32 [h, w], 0..1; None where it is opaque everywhere. Raises BadImageError."""
        return opacity_of_print(self.content, self.trained, self.size, self.render_mode, self.crop, OPACITY_PX)


@dataclass(frozen=True)
class Canvas:
    """A canvas, of which a file will be transparent as its content is."""

    content: Path
    size: Size

    def opacity(self) -> Tensor | None:
        """float32 [h, w], 0..1; None where it is opaque everywhere. Raises BadImageError."""
        return opacity_on(self.content, self.size, OPACITY_PX)


class ClearPlaces(QObject):
    """Widgets and what they show of a content's transparency."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wanted: list[tuple[Shown, Print | Canvas | None]] = []
        self._tasks = Tasks(self)

    def show_on(self, widgets: Sequence[Shown], picture: Print | Canvas | None) -> None:
        """Lays checks over these, which all show the same; None shows all of the picture."""
        wanted = dict(self._alive())
        changed = [widget for widget in widgets if widget not in wanted or wanted[widget] != picture]
        if not changed:
            return
        self._wanted = [(w, p) for w, p in self._alive() if w not in changed] + [(w, picture) for w in changed]
        for widget in changed:
            widget.set_opacity(None)
        if picture is not None:
            self._read(picture)

    def wait(self) -> None:
        """For contents that are still being read."""
        self._tasks.wait()

    def _read(self, picture: Print | Canvas) -> None:
        def arrived(opacity: Tensor | None) -> None:
            plane: np.ndarray | None = None if opacity is None else opacity.numpy()
            for widget, wanted in self._alive():
                if wanted == picture:
                    widget.set_opacity(plane)

        # the dialog says what is wrong with a file
        self._tasks.run(picture.opacity, arrived, lambda _error: None)

    def _alive(self) -> list[tuple[Shown, Print | Canvas | None]]:
        return [(widget, picture) for widget, picture in self._wanted if shiboken6.isValid(widget)]
