"""The tree of moments above their tiles: a dot for each, a line from where it came from, a lane for each branch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.widgets import theme, words

if TYPE_CHECKING:
    from engine.moments import Place

LANE_PX = 11
RADIUS_PX = 3.5
MOST_LANES = 4
"""Further branches share the last lane's height."""


class TreeBand(QWidget):
    """Shows `places` at the middles of the tiles that stand below it, in the same order."""

    LEAST_PX = LANE_PX + 4
    """Its height where there is one branch."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Branches")
        self._places: Sequence[Place] = ()
        self._tiles: Sequence[QWidget] = ()
        self._present: int | None = None
        self.show_places((), (), None)

    def show_places(self, places: Sequence[Place], tiles: Sequence[QWidget], present: int | None) -> None:
        """Draws the tree of the moments whose tiles these are.

        Args:
            present: index of the moment that the training goes on from.
        """
        self._places, self._tiles, self._present = places, tiles, present
        branches = 1 + max((place.lane for place in places), default=0)
        self.setFixedHeight(self.LEAST_PX + LANE_PX * (min(MOST_LANES, branches) - 1))
        counted = f"{words.counted(len(places), 'moment')} in {words.counted(branches, 'line')} of training"
        self.setAccessibleDescription(counted)
        self.update()

    def _at(self, index: int) -> QPointF:
        tile, lane = self._tiles[index], min(self._places[index].lane, MOST_LANES - 1)
        return QPointF(tile.x() + tile.width() / 2, 2 + LANE_PX * (lane + 0.5))

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen = event.rect().adjusted(-400, 0, 400, 0)
        for index, place in enumerate(self._places):
            at = self._at(index)
            color = QColor(named.curves[place.lane % len(named.curves)])
            if place.parent is not None:
                start = self._at(place.parent)
                if start.x() > seen.right() or at.x() < seen.left():
                    continue
                painter.setPen(QPen(color, 1.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPath(_way(start, at))
        for index, place in enumerate(self._places):
            at = self._at(index)
            if not seen.left() <= at.x() <= seen.right():
                continue
            color = QColor(named.curves[place.lane % len(named.curves)])
            painter.setPen(QPen(color, 1.6))
            painter.setBrush(color if place.snapshot.reason == "kept" else QColor(named.window))
            painter.drawEllipse(at, RADIUS_PX, RADIUS_PX)
            if index == self._present:
                painter.setPen(QPen(QColor(named.accent), 1.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, RADIUS_PX + 2.4, RADIUS_PX + 2.4)


def _way(start: QPointF, end: QPointF) -> QPainterPath:
    """Straight along a lane, and down (or up) to another in a short curve behind its parent."""
    path = QPainterPath(start)
    if start.y() != end.y():
        bend = min(28.0, (end.x() - start.x()) / 2)
        middle = start.x() + bend / 2
        path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), QPointF(start.x() + bend, end.y()))
    path.lineTo(end)
    return path
