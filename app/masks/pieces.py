"""Which style images may lie in the chosen region: a list to tick, for maps whose regions are given images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from app.masks.picture import UNPAINTED, MaskPicture
from app.widgets import theme, thumbnails
from app.widgets.controls import Note
from engine.job import SourceImage

_SIDE_PX = 36
_READ_PX = 6 * _SIDE_PX
"""Longest side of what is read of an image: the middle of a panorama is shown sharply, too."""


class RegionPieces(QWidget):
    """
    Signals:
        changed(images): the artist gave an image to a region, or took it away; all images with their regions.
        shown(): other images, or a thumbnail more: regions may look otherwise.
    """

    changed = Signal(tuple)
    shown = Signal()

    def __init__(
        self, picture: MaskPicture, parent: QWidget | None = None, read: thumbnails.Reader = thumbnails.read_source
    ) -> None:
        super().__init__(parent)
        self._picture, self._label = picture, UNPAINTED
        self._images: tuple[SourceImage, ...] = ()
        self._colors = self._present_colors()
        self.heading = QLabel(self)
        self.heading.setProperty("role", "heading")
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Images in this region"))
        self.list.setIconSize(QSize(_SIDE_PX, _SIDE_PX))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.itemChanged.connect(self._on_ticked)
        self.note = Note(self)
        self._thumbnails = thumbnails.Thumbnails(read, _READ_PX, self)
        self._thumbnails.ready.connect(self._arrived)
        self._thumbnails.failed.connect(lambda path, _reason: self._arrived(path))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT // 2)
        column.addWidget(self.heading)
        column.addWidget(self.list, 1)
        column.addWidget(self.note)
        picture.regions_changed.connect(self._on_regions)

    # ------------------------------------------------------------ what is shown

    def set_images(self, images: Sequence[SourceImage]) -> None:
        """Shows the style images; emits nothing."""
        self._images = tuple(images)
        for image in self._images:
            self._thumbnails.want(image.path)
        self._show()

    @property
    def directs(self) -> bool:
        """Whether there are images that are given to regions."""
        return bool(self._images)

    def swatch(self, label: int) -> QImage | None:
        """A square of the first image that was given to a region; None without one, and while it is not read."""
        color = self._color(label)
        there = [image for image in self._images if image.regions is not None and color in image.regions]
        if not there:
            return None
        image = self._thumbnails.image(there[0].path)
        return None if image is None else _square(image)

    def set_label(self, label: int) -> None:
        """The region whose images are shown."""
        self._label = label
        self._show()

    def _show(self) -> None:
        there = self._label != UNPAINTED and bool(self._images)
        self.setVisible(there)
        if not there:
            return
        name, color = self._picture.region(self._label).name, self._color(self._label)
        self.heading.setText(self.tr("Images in {}").format(name))
        self.list.setAccessibleName(self.heading.text())
        with QSignalBlocker(self.list):
            row = self.list.currentRow()
            self.list.clear()
            for image in self._images:
                item = QListWidgetItem(self._icon(image.path), Path(image.path).stem, self.list)
                self._show_reason(item, image.path)
                item.setCheckState(Qt.CheckState.Checked if _may(image, color) else Qt.CheckState.Unchecked)
            self.list.setCurrentRow(row)
        given = any(_may(image, color) for image in self._images)
        self.note.say("" if given else self.tr("No image is given to it, so all may lie there."))
        self.shown.emit()

    def _show_reason(self, item: QListWidgetItem, path: str) -> None:
        """A file that can not be read lies in no region: why is said, and nothing to tick is offered."""
        reason = self._thumbnails.reason(path)
        item.setToolTip(reason or path)
        usual = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled
        item.setFlags(Qt.ItemFlag.NoItemFlags if reason else usual)

    def _icon(self, path: str) -> QIcon:
        image = self._thumbnails.image(path)
        if self._thumbnails.reason(path):
            return QIcon(theme.icon("broken").pixmap(_SIDE_PX, _SIDE_PX))
        if image is None:
            empty = QPixmap(_SIDE_PX, _SIDE_PX)
            empty.fill(Qt.GlobalColor.transparent)
            return QIcon(empty)
        return QIcon(QPixmap.fromImage(_square(image)))

    def _arrived(self, path: str) -> None:
        with QSignalBlocker(self.list):
            for row, image in enumerate(self._images[: self.list.count()]):
                if image.path == path:
                    self.list.item(row).setIcon(self._icon(path))
                    self._show_reason(self.list.item(row), path)
        self.shown.emit()

    # ------------------------------------------------------------ what the artist can do

    def give(self, index: int, here: bool) -> None:
        """Lets an image lie in the shown region, or not."""
        image, every = self._images[index], list(self._colors.values())
        color = self._color(self._label)
        lies = set(every if image.regions is None else image.regions)
        self._place(index, lies | {color} if here else lies - {color})

    def menu(self, index: int) -> QMenu:
        """Where an image may lie, besides what its tick says."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        color = self._color(self._label)
        menu.addAction(self.tr("Only here"), lambda: self._place(index, {color}))
        menu.addAction(self.tr("Anywhere"), lambda: self._place(index, set(self._colors.values())))
        menu.addAction(self.tr("Nowhere"), lambda: self._place(index, set()))
        return menu

    def _place(self, index: int, colors: set[str]) -> None:
        every = set(self._colors.values())
        regions = None if colors >= every else tuple(sorted(colors))
        image = self._images[index].model_copy(update={"regions": regions})
        self._images = (*self._images[:index], image, *self._images[index + 1 :])
        self._show()
        self.changed.emit(self._images)

    def _show_menu(self, point: QPoint) -> None:
        item = self.list.itemAt(point)
        if item is not None:
            self.menu(self.list.row(item)).popup(self.list.viewport().mapToGlobal(point))

    def _on_ticked(self, item: QListWidgetItem) -> None:
        index, here = self.list.row(item), item.checkState() == Qt.CheckState.Checked
        if here != _may(self._images[index], self._color(self._label)):
            self.give(index, here)

    # ------------------------------------------------------------ regions

    def _on_regions(self) -> None:
        """A region that has another colour now keeps its images."""
        before, self._colors = self._colors, self._present_colors()
        other = {before[n]: self._colors[n] for n in before if self._colors.get(n, before[n]) != before[n]}
        moved = tuple(
            image
            if image.regions is None
            else image.model_copy(update={"regions": tuple(sorted({other.get(c, c) for c in image.regions}))})
            for image in self._images
        )
        changed, self._images = moved != self._images, moved
        if self._label not in self._colors:
            self._label = UNPAINTED
        self._show()
        if changed:
            self.changed.emit(self._images)

    def _color(self, label: int) -> str:
        return self._colors[label]

    def _present_colors(self) -> dict[int, str]:
        return {region.label: "#{:02x}{:02x}{:02x}".format(*region.color) for region in self._picture.regions}


def _square(image: QImage) -> QImage:
    """Its middle, of one size whatever the image's: icons of other sizes push the names beside them about."""
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    return middle.scaled(
        2 * _SIDE_PX, 2 * _SIDE_PX, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def _may(image: SourceImage, color: str) -> bool:
    return image.regions is None or color in image.regions
