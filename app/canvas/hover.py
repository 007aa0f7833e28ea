"""Where the pointer rests on the canvas: which image the piece there is from, and which place of it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip

from app.canvas.view import CanvasView
from app.training import Training
from engine.messages import FindPiece, PieceFound
from engine.method import Piece


class PieceHover(QObject):
    """Asks the session as soon as the pointer rests, and shows what it says there."""

    def __init__(self, training: Training, view: CanvasView, parent: QObject) -> None:
        super().__init__(parent)
        self._training, self._view = training, view
        self._asked: FindPiece | None = None
        self._place = QPoint()
        view.viewport().installEventFilter(self)
        training.events.on(PieceFound, self._on_found, self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return False
        training, view = self._training, self._view
        knows = training.built is not None and "pieces" in training.document.method.capabilities
        if not knows or training.state not in ("live", "training", "paused") or view.loupe.isVisible():
            return False
        point = view.mapToScene(event.pos())
        row, column = int(point.y()), int(point.x())
        if point.y() < 0 or point.x() < 0 or row >= view.extent.height or column >= view.extent.width:
            QToolTip.hideText()
            return True
        self._asked, self._place = FindPiece(row, column), event.globalPos()
        training.post(self._asked)
        return True

    def _on_found(self, event: PieceFound) -> None:
        if event.command == self._asked and event.piece is not None and self._view.isVisible():
            QToolTip.showText(self._place, words(event.piece), self._view.viewport())


def words(piece: Piece) -> str:
    """What is said of a piece, as rich text."""
    across, down = round(100 * piece.column), round(100 * piece.row)
    lines = [f"<b>{escape(piece.path.name)}</b>", f"{across} % from its left, {down} % from its top"]
    if piece.share < 0.995:
        lines.append(f"{100 * piece.share:.0f} % of what lies here")
    return "<br>".join(lines)
