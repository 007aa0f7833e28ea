"""The images of all slots, one section below the other: browsing, pasting, thumbnails. A section is slot_section.py."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QFrame, QMenu, QVBoxLayout, QWidget

from app.images.arrivals import Arrivals
from app.images.painted_regions import PaintedRegions
from app.images.slot_section import SlotSection
from app.images.source_tile import SIDE
from app.widgets import theme, thumbnails
from app.widgets.down_area import DownArea
from engine.declarations import Slot
from engine.job import SourceImage

NO_PICTURE = "There is no picture on the clipboard. Copy an image, image files or their paths, then paste again."


class SourcesBar(QWidget):
    """Where images are dropped, weighted and put in order.

    Signals:
        dropped(slot, paths): files or folders to be added to a slot; the receiver answers with `set_sources`.
        changed(slot, images): the artist removed, moved or weighted images of a slot.
        problem(sentence): a file that can not be read, a clipboard without a picture.
        paint_requested(slot): the artist wants to paint a mask.
        grip_changed: a slider of an image was taken hold of or let go; see `JumpSlider`.

    Args:
        paste_folder: where pictures are saved that are no files; see `Arrivals`.
        read: makes a thumbnail; see `thumbnails.Thumbnails`.
    """

    dropped = Signal(str, list)
    changed = Signal(str, tuple)
    problem = Signal(str)
    paint_requested = Signal(str)
    grip_changed = Signal()

    def __init__(
        self,
        paste_folder: Path | None = None,
        read: thumbnails.Reader = thumbnails.read_source,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.arrivals = Arrivals(paste_folder, self)
        self.arrivals.arrived.connect(self.dropped)
        self.arrivals.problem.connect(self.problem)
        self.browse_folder: Path | None = None
        self._sections: dict[str, SlotSection] = {}
        # twice the size on screen, so that it stays sharp on a high-resolution display
        self._thumbnails = thumbnails.Thumbnails(read, 2 * SIDE, self)
        self._thumbnails.ready.connect(self._arrived)
        self._thumbnails.failed.connect(self._failed)
        self._painted = PaintedRegions(self)
        self._painted.known.connect(lambda _path: self._show_regions())
        self.scroll_area = DownArea(self)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.scroll_area)
        self.setMinimumWidth(200)

    def show_slots(self, slots: tuple[Slot, ...]) -> None:
        """Builds a section for each slot, empty."""
        self._sections = {}
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(theme.UNIT, theme.UNIT, theme.UNIT, theme.UNIT)
        column.setSpacing(2 * theme.UNIT)
        for slot in slots:
            section = SlotSection(slot, self._thumbnails, body)
            section.dropped.connect(lambda paths, key=slot.key: self.dropped.emit(key, paths))
            section.data_dropped.connect(lambda data, key=slot.key: self.arrivals.take(key, data))
            section.changed.connect(lambda images, key=slot.key: self.changed.emit(key, images))
            section.browse_requested.connect(lambda key=slot.key: self.browse(key))
            section.paint_requested.connect(lambda key=slot.key: self.paint_requested.emit(key))
            section.grip_changed.connect(self.grip_changed)
            self._sections[slot.key] = section
            column.addWidget(section)
        column.addStretch(1)
        self.scroll_area.setWidget(body)

    def set_sources(self, sources: dict[str, tuple[SourceImage, ...]]) -> None:
        """Shows the images of all slots; emits nothing."""
        for key, section in self._sections.items():
            section.set_images(tuple(sources.get(key, ())))
        self._show_regions()

    def _show_regions(self) -> None:
        """Dots on images tell of the regions that this method's map has; without one they may lie anywhere."""
        for section in self._sections.values():
            directed = self._sections.get(section.slot.directs)
            if directed is None:
                continue
            path = section.images[0].path if section.images else ""
            if path:
                self._painted.want(path)
                if not self._painted.knows(path):
                    continue  # after a stroke on the map, the dots stay until it is read
            directed.show_regions(partial(self._painted.lies_in, path=path))

    def section(self, slot: str) -> SlotSection:
        """Raises KeyError for a slot that is not shown."""
        return self._sections[slot]

    def show_image(self, path: Path) -> None:
        """Selects an image and gives it the keys, in the first slot that has it."""
        for section in self._sections.values():
            for index, image in enumerate(section.images):
                if image.path == str(path):
                    section.select(index)
                    return

    def browse(self, slot: str, folder: bool = False) -> QFileDialog:
        """Opens a file dialog for a slot, without blocking; with `folder`, for a whole folder."""
        wanted = self._sections[slot].slot
        one = wanted.maximum == 1
        what = "a folder" if folder else "images"
        dialog = QFileDialog(self, f"Choose the image of {wanted.title}" if one else f"Add {what} to {wanted.title}")
        if self.browse_folder is not None:
            dialog.setDirectory(str(self.browse_folder))
        if folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            from engine.images.find import SUFFIXES  # brings torch along

            dialog.setFileMode(QFileDialog.FileMode.ExistingFile if one else QFileDialog.FileMode.ExistingFiles)
            dialog.setNameFilters(["Images (" + " ".join(f"*{s}" for s in SUFFIXES) + ")", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda files: self._chosen(slot, [Path(file) for file in files]))
        dialog.open()
        return dialog

    def paste(self, slot: str) -> None:
        """Adds what is on the clipboard: files, or a bitmap, which is saved first."""
        if not self.arrivals.take(slot, QGuiApplication.clipboard().mimeData()):
            self.problem.emit(NO_PICTURE)

    def read_again(self, path: str) -> None:
        """A file that has changed is shown as it is now."""
        self._painted.forget(path)
        for section in self._sections.values():
            section.read_again(path)
        self._show_regions()

    def paste_slot(self) -> str:
        """The slot in which the focus is, else the first that lacks images, else the first of all."""
        held = QApplication.focusWidget()
        for key, section in self._sections.items():
            if held is not None and section.isAncestorOf(held):
                return key
        lacking = [k for k, section in self._sections.items() if len(section.images) < section.slot.minimum]
        return (lacking or list(self._sections))[0]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste) and self._sections:
            self.paste(self.paste_slot())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        for key, section in self._sections.items():
            if section.rect().contains(section.mapFromGlobal(event.globalPos())):
                self._menu(key, section).popup(event.globalPos())

    def _menu(self, key: str, section: SlotSection) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        slot = section.slot
        if slot.maximum == 1:
            menu.addAction(theme.icon("folder"), "Choose an image…", lambda: self.browse(key))
        else:
            menu.addAction(theme.icon("add"), "Add images…", lambda: self.browse(key))
            menu.addAction(theme.icon("folder"), "Add a folder…", lambda: self.browse(key, folder=True))
        if slot.painted:
            menu.addAction(theme.icon("brush"), "Paint…", lambda: self.paint_requested.emit(key))
        menu.addAction("Paste", lambda: self.paste(key))
        selected = next((i for i, tile in enumerate(section.tiles) if tile.hasFocus()), None)
        if selected is not None:
            menu.addSeparator()
            image = Path(section.images[selected].path)
            for other in self._sections:  # as by dragging it there
                there = self._sections[other].slot
                if other != key and not there.painted:
                    menu.addAction(f"Add to {there.title}", lambda other=other: self.dropped.emit(other, [image]))
            remove = QKeySequence(Qt.Key.Key_Delete)
            menu.addAction(theme.icon("remove"), "Remove", remove, lambda: section.remove(selected))
        return menu

    def _chosen(self, slot: str, paths: list[Path]) -> None:
        self.browse_folder = paths[0].parent
        self.dropped.emit(slot, paths)

    def _arrived(self, path: str) -> None:
        for section in self._sections.values():
            section.take_thumbnail(path)

    def _failed(self, path: str, message: str) -> None:
        self._arrived(path)
        self.problem.emit(message)
