"""The pieces of the picture as a list for a view, and how one of them is drawn: what it shows, its use, its marks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.widgets import theme, thumbnails
from engine.pieces import PieceInfo

THUMBNAIL_PX = 512
"""Longest side of the source images that pieces are cut from."""
CELL = QSize(70, 88)
_SIDE_PX = 62
_MARK_PX = 16
INFO = Qt.ItemDataRole.UserRole
PICTURE = Qt.ItemDataRole.UserRole + 1
MOST_USED = Qt.ItemDataRole.UserRole + 2
MARKED = Qt.ItemDataRole.UserRole + 3
_Index = QModelIndex | QPersistentModelIndex


class PieceModel(QAbstractListModel):
    """Holds what the session said last of each piece."""

    def __init__(self, parent: QObject | None = None, read: thumbnails.Reader = thumbnails.read_source) -> None:
        super().__init__(parent)
        self.infos: tuple[PieceInfo, ...] = ()
        self._marked = -1
        self._cuts: dict[tuple[object, ...], QImage] = {}
        self.sources = thumbnails.Thumbnails(read, THUMBNAIL_PX, self)
        """Source images, small, by path."""
        self.sources.ready.connect(lambda _path: self._tell())

    def set_infos(self, infos: Sequence[PieceInfo]) -> None:
        infos = tuple(infos)
        if infos == self.infos:
            return
        for info in infos:
            self.sources.want(str(info.path))
        if len(infos) != len(self.infos):
            self.beginResetModel()
            self.infos = infos
            self.endResetModel()
        else:
            self.infos = infos
            self._tell()

    def mark(self, index: int) -> None:
        """The piece that the pointer rests on in the picture; -1 for none."""
        if index != self._marked:
            self._marked = index
            self._tell()

    def forget(self, path: str) -> None:
        """An image was changed on the disk."""
        self.sources.forget(path)
        self._cuts.clear()

    def row_of(self, index: int) -> int:
        """The row of the piece with this number; -1 where there is none."""
        return next((row for row, info in enumerate(self.infos) if info.index == index), -1)

    def _tell(self) -> None:
        if self.infos:
            self.dataChanged.emit(self.index(0), self.index(len(self.infos) - 1))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.infos)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self.infos):
            return None
        info = self.infos[index.row()]
        match role:
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.DisplayRole:
                return ", ".join(facts(info))
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join(facts(info))
            case _ if role == INFO:
                return info
            case _ if role == PICTURE:
                return self._picture(info)
            case _ if role == MOST_USED:
                return max((other.usage for other in self.infos), default=0.0)
            case _ if role == MARKED:
                return info.index == self._marked
        return None

    def _picture(self, info: PieceInfo) -> QImage | None:
        source = self.sources.image(str(info.path))
        if source is None:
            return None
        key = (info.path, info.box, info.flip)
        if key not in self._cuts:
            if len(self._cuts) > 2 * len(self.infos) + 50:
                self._cuts.clear()
            self._cuts[key] = cut(source, info)
        return self._cuts[key]


def cut(source: QImage, info: PieceInfo) -> QImage:
    """What a piece shows, out of its whole image, as it lies in the picture."""
    place = frame_in(QRectF(source.rect()), info).toAlignedRect().intersected(source.rect())
    down, right = (-1 if flip else 1 for flip in info.flip)
    return source.copy(place).transformed(QTransform.fromScale(right, down))


def frame_in(place: QRectF, info: PieceInfo) -> QRectF:
    """Where a piece's box lies on its image, which is drawn at `place`."""
    top, left, height, width = info.box
    return QRectF(
        place.left() + left * place.width(),
        place.top() + top * place.height(),
        max(1.0, width * place.width()),
        max(1.0, height * place.height()),
    )


def facts(info: PieceInfo) -> list[str]:
    """What there is to say of a piece, in words."""
    said = [f"Piece {info.index + 1}", info.path.name, f"{percent(info.usage)} of the picture"]
    if info.weight == 0:
        said.append("muted")
    elif info.weight != 1:
        said.append(f"favoured × {info.weight:g}")
    if info.locked:
        said.append("locked")
    if _is_moved(info):
        said.append("another place than drawn")
    return said


def _is_moved(info: PieceInfo) -> bool:
    """Whether it was given another place. One that is locked keeps its own while another is drawn beneath it."""
    return info.replaced and not info.locked


def percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"


class PieceDelegate(QStyledItemDelegate):
    """A square with what the piece shows, its marks, and below it a bar and number of its use."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        info = index.data(INFO)
        if not isinstance(info, PieceInfo):
            return
        named = theme.colors()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        frame = QRectF(rect.center().x() - _SIDE_PX / 2 + 0.5, rect.top() + 3, _SIDE_PX, _SIDE_PX)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self._draw_picture(painter, frame, index.data(PICTURE), info)
        chosen, focused = (bool(state & flag) for flag in (_SELECTED, _FOCUSED))
        pen = QPen(QColor(named.accent), 3) if chosen else QPen(QColor(named.border), 1)
        if index.data(MARKED) and not chosen:
            pen = QPen(QColor(named.text), 2)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 4, 4)
        if focused:
            painter.setPen(QPen(QColor(named.text), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(frame.adjusted(3, 3, -3, -3), 3, 3)
        self._draw_use(painter, frame, info, float(index.data(MOST_USED) or 0))
        painter.restore()

    def _draw_picture(self, painter: QPainter, frame: QRectF, picture: QImage | None, info: PieceInfo) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(frame, 4, 4)
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(frame, QColor(theme.colors().base))
        if picture is not None and not picture.isNull():
            side = min(picture.width(), picture.height())
            middle = QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)
            painter.setOpacity(0.25 if info.weight == 0 else 1.0)
            painter.drawImage(frame, picture, middle)
            painter.setOpacity(1.0)
        marks = [name for name, there in _marks(info) if there]
        for place, name in enumerate(marks):
            spot = QRectF(frame.right() - (place + 1) * (_MARK_PX + 4), frame.top() + 3, _MARK_PX + 2, _MARK_PX + 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.colors().window))
            painter.drawRoundedRect(spot, 4, 4)
            theme.icon(name).paint(painter, spot.adjusted(2, 2, -2, -2).toAlignedRect())
        painter.restore()

    def _draw_use(self, painter: QPainter, frame: QRectF, info: PieceInfo, most: float) -> None:
        named = theme.colors()
        bar = QRectF(frame.left(), frame.bottom() + 3, frame.width(), 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(named.border))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.setBrush(QColor(named.accent))
        bar.setWidth(frame.width() * min(1.0, info.usage / most if most > 0 else 0.0))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.setPen(QColor(named.muted))
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        words = QRectF(frame.left(), frame.bottom() + 6, frame.width(), 15)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, percent(info.usage))


_SELECTED, _FOCUSED = QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_HasFocus


def _marks(info: PieceInfo) -> tuple[tuple[str, bool], ...]:
    """Icons, and whether a piece has them."""
    return ("lock", info.locked), ("mute", info.weight == 0), ("favour", info.weight > 1), ("rename", _is_moved(info))
