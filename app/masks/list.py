"""The regions of a mask as a list: colour, name and share of each; add, rename, recolour, merge and remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.masks.picture import UNPAINTED, MaskPicture
from app.masks.regions import Region, distance
from app.widgets import theme
from engine.images.regions import MOST_REGIONS

_LABEL, _SHARE, _COLOR, _LACKING, _SWATCH = (Qt.ItemDataRole.UserRole + n for n in range(5))
_ROW_PX, _SWATCH_PX, _CHIP_PX = 36, 26, 9
_NEAR = 24.0


class RegionList(QWidget):
    """Signals:
    chosen(label): the region to paint with.
    hovered(label): the pointer rests on a region; `UNPAINTED` when it leaves.
    """

    chosen = Signal(int)
    hovered = Signal(int)

    def __init__(self, picture: MaskPicture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = picture
        self._others: tuple[Region, ...] | None = None
        self._other_title = ""
        self.list = QListWidget(self)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed | QListWidget.EditTrigger.DoubleClicked)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.setAccessibleName(self.tr("Regions"))
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.currentItemChanged.connect(lambda _item, _before: self.chosen.emit(self.label))
        self.list.itemChanged.connect(self._on_renamed)
        self.list.itemEntered.connect(lambda item: self.hovered.emit(int(item.data(_LABEL))))
        self.list.viewportEntered.connect(lambda: self.hovered.emit(UNPAINTED))
        self.list.viewport().installEventFilter(self)
        self._swatches: dict[int, QImage | None] = {}
        self.add_button = self._button("add", self.tr("Add a region"), self.add)
        self.color_button = self._button("palette", self.tr("Another colour for this region"), self.choose_color)
        self.rename_button = self._button("rename", self.tr("Rename this region (F2)"), self._edit_name)
        self.remove_button = self._button("remove", self.tr("Remove this region, or merge it into one"), self._offer)
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for button in (self.add_button, self.color_button, self.rename_button, self.remove_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT // 2)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        picture.regions_changed.connect(self.refresh)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(UNPAINTED)
        return super().eventFilter(watched, event)

    def set_swatches(self, swatches: Mapping[int, QImage | None]) -> None:
        """What regions look like, by label: a small picture beside the colour, where there is one."""
        self._swatches = dict(swatches)
        with QSignalBlocker(self.list):
            for row in range(self.list.count()):
                item = self.list.item(row)
                item.setData(_SWATCH, self._swatches.get(int(item.data(_LABEL))))
        self.list.viewport().update()

    @property
    def label(self) -> int:
        """The label of the chosen region; `UNPAINTED` where there is none."""
        item = self.list.currentItem()
        return UNPAINTED if item is None else int(item.data(_LABEL))

    def choose(self, label: int) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(_LABEL) == label:
                self.list.setCurrentRow(row)

    def choose_row(self, row: int) -> None:
        """Chooses a region by its place in the list, from 0; nothing where there are fewer."""
        if row < self.list.count():
            self.list.setCurrentRow(row)

    def set_needed(self, regions: Sequence[Region], title: str) -> None:
        """The regions of the mask that this one is painted from, and its title; one that it lacks is marked."""
        self._others, self._other_title = tuple(regions), title
        self.refresh()

    def lacking(self, region: Region) -> bool:
        """Whether the other mask has no region of this colour."""
        return self._others is not None and all(distance(region.color, o.color) >= _NEAR for o in self._others)

    def refresh(self) -> None:
        """Shows the picture's regions; the same one stays chosen."""
        kept, shares = self.label, self.picture.shares()
        with QSignalBlocker(self.list):
            self.list.clear()
            for region in self.picture.regions:
                item = QListWidgetItem(region.name, self.list)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                item.setData(_LABEL, region.label)
                item.setData(_COLOR, QColor(*region.color))
                item.setData(_SHARE, shares[region.label])
                item.setData(_LACKING, self.lacking(region))
                item.setData(_SWATCH, self._swatches.get(region.label))
                self._describe(item)
            rows = [row for row in range(self.list.count()) if self.list.item(row).data(_LABEL) == kept]
            self.list.setCurrentRow(rows[0] if rows else 0)
        self.add_button.setEnabled(len(self.picture.regions) < MOST_REGIONS)
        for button in (self.color_button, self.rename_button, self.remove_button):
            button.setEnabled(self.label != UNPAINTED)
        if self.label != kept:
            self.chosen.emit(self.label)

    def show_shares(self, shares: dict[int, float]) -> None:
        with QSignalBlocker(self.list):
            for row in range(self.list.count()):
                item = self.list.item(row)
                item.setData(_SHARE, shares.get(item.data(_LABEL), 0.0))
                self._describe(item)
        self.list.viewport().update()

    # ------------------------------------------------------------ what the artist can do

    def add(self) -> None:
        region = self.picture.add_region()
        if region is not None:
            self.choose(region.label)
            self._edit_name()

    def choose_color(self) -> None:
        label = self.label
        dialog = QColorDialog(QColor(*self.picture.region(label).color), self)
        dialog.setWindowTitle(self.tr("Colour of {}").format(self.picture.region(label).name))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda c: self.picture.recolor(label, (c.red(), c.green(), c.blue())))
        dialog.open()

    def menu(self, label: int) -> QMenu:
        """What can be done with a region."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        others = [region for region in self.picture.regions if region.label != label]
        merge = menu.addMenu(self.tr("Merge into"))
        merge.setEnabled(bool(others))
        for other in others:
            action = merge.addAction(other.name, lambda into=other.label: self.picture.remove(label, into))
            action.setIcon(_swatch(QColor(*other.color)))
        menu.addAction(theme.icon("remove"), self.tr("Remove and unpaint"), lambda: self.picture.remove(label))
        return menu

    def _offer(self) -> None:
        corner = self.remove_button.mapToGlobal(self.remove_button.rect().bottomLeft())
        self.menu(self.label).popup(corner)

    def _show_menu(self, point: QPoint) -> None:
        item = self.list.itemAt(point)
        if item is None:
            return
        menu = self.menu(item.data(_LABEL))
        first = menu.actions()[0]
        for text, icon, act in (
            (self.tr("Rename"), "rename", self._edit_name),
            (self.tr("Another colour…"), "palette", self.choose_color),
        ):
            action = menu.addAction(theme.icon(icon), text, act)
            menu.removeAction(action)
            menu.insertAction(first, action)
        menu.insertSeparator(first)
        menu.popup(self.list.viewport().mapToGlobal(point))

    def _edit_name(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.list.editItem(item)

    def _on_renamed(self, item: QListWidgetItem) -> None:
        label, name = int(item.data(_LABEL)), item.text().strip()
        if name != self.picture.region(label).name:
            self.picture.rename(label, name)
            self.refresh()

    def _describe(self, item: QListWidgetItem) -> None:
        share = percent(item.data(_SHARE))
        lacking = item.data(_LACKING) and item.data(_SHARE) > 0
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {share}")
        if lacking:
            text = self.tr("{} has no such region: it will look like the one whose colour is nearest.")
            item.setToolTip(text.format(self._other_title))
        else:
            item.setToolTip(self.tr("{} of the picture. Double click to rename.").format(share))

    def _button(self, icon: str, words: str, act) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(16, 16))
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.clicked.connect(lambda _checked=False: act())
        return button


class _Row(QStyledItemDelegate):
    """Number, swatch, name, share; a warning where the other mask lacks the region."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _ROW_PX)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect  # type: ignore[attr-defined]
        editor.setGeometry(rect.adjusted(_SWATCH_PX + 14, 2, -4, -2))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        named = theme.colors()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            ground = QColor(named.accent)
            ground.setAlpha(46)
            painter.fillRect(rect, ground)
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(named.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(named.button))
        swatch = QRectF(rect.left() + 10, rect.center().y() - _SWATCH_PX / 2 + 0.5, _SWATCH_PX, _SWATCH_PX)
        _draw_swatch(painter, swatch, index.data(_COLOR), index.data(_SWATCH))
        share = percent(index.data(_SHARE))
        metrics = painter.fontMetrics()
        room = rect.adjusted(_SWATCH_PX + 18, 0, -8, 0)
        painter.setPen(QColor(named.muted))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
        room.setRight(room.right() - metrics.horizontalAdvance("100 %") - 8)
        if index.data(_LACKING) and index.data(_SHARE) > 0:
            theme.icon("warning").paint(painter, QRect(room.right() - 16, rect.center().y() - 8, 16, 16))
            room.setRight(room.right() - 20)
        painter.setPen(QColor(named.text))
        text = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def _draw_swatch(painter: QPainter, place: QRectF, color: QColor, picture: QImage | None) -> None:
    """The colour of a region; where it is known what the region looks like, that, with the colour at its left."""
    outline = QPainterPath()
    outline.addRoundedRect(place, 4, 4)
    painter.save()
    painter.setClipPath(outline)
    painter.fillRect(place, color)
    if picture is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = min(picture.width(), picture.height())
        middle = QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)
        painter.drawImage(place.adjusted(_CHIP_PX, 0, _CHIP_PX, 0), picture, middle)
    painter.restore()
    painter.setPen(QPen(QColor(theme.colors().muted), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(outline)


def percent(share: float) -> str:
    """ "34 %", "0.4 %", "–" for nothing."""
    if share <= 0:
        return "–"
    if share < 0.01:
        return f"{max(0.1, 100 * share):.1f} %"
    return f"{100 * share:.0f} %"


def _swatch(color: QColor) -> QIcon:
    pixmap = QPixmap(16, 16)
    pixmap.fill(color)
    return QIcon(pixmap)
