"""Where the pointer is on the canvas: which piece lies there, at once; and where it rests, which place of its image.

What was painted last says which piece it is, so that an answer waits for nobody; the place is asked of the session.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip

from app.canvas.view import CanvasView
from app.training import Training
from engine.messages.commands import FindPiece
from engine.messages.events import PieceFound
from engine.pieces import Piece


class PieceHover(QObject):
    """
    Signals:
        pointed(index): the piece under the pointer; -1 for none.
        found(index, (row, column)): the same with the place of its image, where the pointer rests or clicked.
        pinned(index): it was clicked.
    """

    pointed = Signal(int)
    found = Signal(int, object)
    pinned = Signal(int)

    def __init__(self, training: Training, view: CanvasView, parent: QObject) -> None:
        super().__init__(parent)
        self._training, self._view = training, view
        self._asked: FindPiece | None = None
        self._tip: QPoint | None = None
        """Where the pointer rests; None for a question without a tip."""
        self._pressed: QPoint | None = None
        self._index = -1
        self._place: tuple[int, int] | None = None
        """The pixel of the canvas that the pointer is on."""
        self.share_of: Callable[[int], float | None] = lambda _index: None
        """The part of the canvas that a piece has, where that is known."""
        view.viewport().installEventFilter(self)
        training.events.on(PieceFound, self._on_found, self)

    @property
    def _knows(self) -> bool:
        training = self._training
        knows = training.built is not None and "pieces" in training.document.method.capabilities
        return knows and training.answers and not self._view.loupe.isVisible()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.ToolTip if isinstance(event, QHelpEvent):
                return self._rest(event)
            case QEvent.Type.MouseMove if isinstance(event, QMouseEvent) and not event.buttons():
                self._point(event.position().toPoint())
            case QEvent.Type.MouseButtonPress if isinstance(event, QMouseEvent):
                left = event.button() == Qt.MouseButton.LeftButton
                self._pressed = event.position().toPoint() if left else None
            case QEvent.Type.MouseButtonRelease if isinstance(event, QMouseEvent):
                self._release(event.position().toPoint())
            case QEvent.Type.Leave:
                self._place = None
                self._tell(-1)
            case _:
                pass
        return False

    def _point(self, point: QPoint) -> None:
        self._place = self._view.place_at(point)
        self._tell(self._view.piece_at(point) if self._knows else -1)

    def _tell(self, index: int) -> None:
        if index != self._index:
            self._index = index
            QToolTip.hideText()  # what it says is of another piece
            self.pointed.emit(index)

    def _release(self, point: QPoint) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None or (point - pressed).manhattanLength() >= QApplication.startDragDistance():
            return
        index = self._view.piece_at(point) if self._knows else -1
        if index >= 0:
            self.pinned.emit(index)
            self._ask(point, None)

    def _rest(self, event: QHelpEvent) -> bool:
        if not self._knows:
            return False
        if not self._ask(event.pos(), event.globalPos()):
            QToolTip.hideText()
        return True

    def _ask(self, point: QPoint, tip: QPoint | None) -> bool:
        """Asks for the place of the image at a point; False where there is no canvas."""
        place = self._view.place_at(point)
        if place is None:
            return False
        self._place = place
        self._asked, self._tip = FindPiece(*place), tip
        self._training.post(self._asked)
        return True

    def _on_found(self, event: PieceFound) -> None:
        if event.command != self._asked or event.piece is None or not self._view.isVisible():
            return
        if self._place != (event.command.row, event.command.column):
            return  # the pointer has moved on meanwhile
        piece = event.piece
        if piece.index >= 0:  # the same as the tip says, also where the painted pixels are older
            self._tell(piece.index)
        if piece.index == self._index:
            self.found.emit(piece.index, (piece.row, piece.column))
        if self._tip is not None:
            QToolTip.showText(self._tip, words(piece, self.share_of(piece.index)), self._view.viewport())


def words(piece: Piece, share: float | None = None) -> str:
    """What is said of a piece, as rich text.

    Args:
        share: the part of the canvas that it has, 0..1, where that is known.
    """
    across, down = round(100 * piece.column), round(100 * piece.row)
    lines = [f"<b>{escape(piece.path.name)}</b>", f"{across} % from its left, {down} % from its top"]
    if piece.share < 0.995:
        lines.append(f"{100 * piece.share:.0f} % of what lies here")
    if share is not None:
        lines += [f"{100 * share:.1f} % of the picture", "Click to keep it chosen in the tray."]
    return f"<p style='white-space: pre'>{'<br>'.join(lines)}</p>"  # else Qt breaks lines after a few words
