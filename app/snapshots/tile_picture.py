"""What stands on the picture of a moment, and the words of its tooltip; the tile itself is tile.py's."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from html import escape
from math import cos, pi, sin
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPolygonF

from app.widgets import words

if TYPE_CHECKING:
    from engine.snapshots import Snapshot

PAD, STAR_PX = 4, 20
_BADGE_SHARE = 0.85
"""Of the usual size, that the words on a picture have."""


def draw_method(painter: QPainter, frame: QRectF, method: str) -> None:
    """The name of a method on the foot of a picture, as the badge of an image in its slot."""
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * _BADGE_SHARE)
    painter.setFont(font)
    foot = frame.adjusted(1, frame.height() - painter.fontMetrics().height() - PAD, -1, -1)
    painter.fillRect(foot, QColor(0, 0, 0, 150))
    painter.setPen(QColor("#ffffff"))
    shown = painter.fontMetrics().elidedText(method, Qt.TextElideMode.ElideRight, round(foot.width()) - 6)
    painter.drawText(foot.adjusted(4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, shown)


def draw_star(painter: QPainter, place: QRectF, given: bool) -> None:
    """A star on a dark disc, filled where it is given."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 130))
    painter.drawEllipse(place)
    points = [
        place.center() + QPointF(sin(k * pi / 5), -cos(k * pi / 5)) * (STAR_PX * (0.36 if k % 2 == 0 else 0.15))
        for k in range(10)
    ]
    painter.setPen(QPen(QColor("#ffffff"), 1))
    painter.setBrush(QColor("#ffd24a") if given else Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF(points))


def inside(frame: QRectF, image: QImage) -> QRectF:
    """The largest rectangle of the image's proportions in the middle of a frame."""
    factor = min(frame.width() / image.width(), frame.height() / image.height())
    width, height = image.width() * factor, image.height() * factor
    return QRectF(frame.center().x() - width / 2, frame.center().y() - height / 2, width, height)


def title_of(snapshot: Snapshot) -> str:
    """What a moment is called wherever it is shown: its name, or the step that it was kept at."""
    return snapshot.name or f"Step {snapshot.step:,}"


def describe(snapshot: Snapshot, title: str, method: str) -> str:
    """Rich text: method, step, date, note and the terms of then."""
    lines = [method] if method else []
    lines += [f"Step {snapshot.step:,} after {words.duration(snapshot.elapsed_s)} of training"]
    with suppress(ValueError):  # an odd date says nothing, the rest does
        lines.append(datetime.fromisoformat(snapshot.created).astimezone().strftime("%d %b %Y, %H:%M"))
    if snapshot.note:
        lines.append(snapshot.note)
    if snapshot.parent:
        lines.append(f"Came from moment {snapshot.parent}")
    # in one paragraph: one below the other they cover the neighbouring moments and half of the picture
    lines += [" · ".join(f"{key.replace('_', ' ')} {value:.3g}" for key, value in snapshot.terms.items())]
    return f"<b>{escape(title)}</b><br>" + "<br>".join(escape(line) for line in lines if line)
