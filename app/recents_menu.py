"""File, Open recent: the projects that were worked on lately, with their pictures."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QIcon, QPixmap
from PySide6.QtWidgets import QMenu

from app.recents import PREVIEW, Recents
from app.widgets.thumbnails import Thumbnails, read_preview, read_source

ICON_PX = 48


class RecentsMenu(QObject):
    """
    Args:
        menu: in which it lies.
        before: the action that follows it there.
    """

    chosen = Signal(object)
    """Path of a project."""

    def __init__(self, recents: Recents, menu: QMenu, before: QAction, parent: QObject) -> None:
        super().__init__(parent)
        self._recents = recents
        self.menu = QMenu(self.tr("Open recent"), menu)
        self.menu.setToolTipsVisible(True)
        menu.insertMenu(before, self.menu)
        self._pictures = Thumbnails(
            lambda path, side: read_preview(path, side) if path.name == PREVIEW else read_source(path, side),
            ICON_PX,
            self,
        )
        self._pictures.ready.connect(self._show_picture)
        self._waiting: dict[str, list[QAction]] = {}
        self.menu.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Lists them as they are now."""
        self.menu.clear()
        self._waiting.clear()
        for recent in self._recents.listing():
            words = self.tr("{}, saved {}").format(recent.title, recent.when).replace("&", "&&")
            action = self.menu.addAction(words, lambda folder=recent.folder: self.chosen.emit(folder))
            action.setToolTip(str(recent.folder))
            if recent.picture is not None:
                self._waiting.setdefault(str(recent.picture), []).append(action)
                self._pictures.want(str(recent.picture))
                self._show_picture(str(recent.picture))
        if self.menu.isEmpty():
            self.menu.addAction(self.tr("No projects yet")).setEnabled(False)
            return
        self.menu.addSeparator()
        clear = self.menu.addAction(self.tr("Clear the list"), self._recents.clear)
        clear.setToolTip(self.tr("The projects stay; untitled ones stay in the list as well"))

    def _show_picture(self, path: str) -> None:
        image = self._pictures.image(path)
        if image is not None:
            for action in self._waiting.get(path, ()):
                action.setIcon(QIcon(QPixmap.fromImage(image)))
