"""The pointer rests on the canvas: what lies there is told beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from torch import Tensor

from app.canvas.hover import PieceHover, words
from engine.box import Box, Size
from engine.messages.events import PieceFound
from engine.pieces import Piece
from engine.renderer import PIECES_LAYER
from tests.app.studio import Studio
from tests.app.test_live import live, shown  # noqa: F401 - a fixture
from tests.engine.toy import Toy


def rest(studio: Studio, place: QPoint) -> None:
    viewport = studio.window.canvas.view.viewport()
    event = QHelpEvent(QEvent.Type.ToolTip, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)


def test_the_piece_under_the_pointer_is_told(live: Studio, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    asked: list[tuple[int, int]] = []

    def piece_at(_toy: Toy, row: int, column: int) -> Piece:
        asked.append((row, column))
        return Piece(Path("/images/leaves & co.jpg"), 0.8, 0.25, 0.5)

    paint = Toy.paint

    def paint_pieces(toy: Toy, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        return paint(toy, box, canvas_size) | {PIECES_LAYER: torch.zeros(1, box.height, box.width)}

    monkeypatch.setattr(Toy, "paint", paint_pieces)
    monkeypatch.setattr(Toy, "piece_at", piece_at)
    monkeypatch.setattr(Toy, "capabilities", frozenset({"pieces"}))
    shown(live)
    view = live.window.canvas.view
    rest(live, view.viewport().rect().center())
    live.until_seen(PieceFound)
    live.until(lambda: "leaves" in QToolTip.text())
    ((row, column),) = asked
    assert abs(row - view.extent.height / 2) <= 2
    assert abs(column - view.extent.width / 2) <= 2
    rest(live, QPoint(1, 1))
    assert len(asked) == 1, "there is nothing beside the canvas"
    QToolTip.hideText()


def test_tip_and_tray_name_the_same_piece_where_the_painted_pixels_say_another(
    live: Studio,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paint = Toy.paint

    def paint_pieces(toy: Toy, box: Box, canvas_size: Size) -> dict[str, Tensor]:
        return paint(toy, box, canvas_size) | {PIECES_LAYER: torch.zeros(1, box.height, box.width)}

    monkeypatch.setattr(Toy, "paint", paint_pieces)
    monkeypatch.setattr(Toy, "piece_at", lambda *_: Piece(Path("/images/a.jpg"), 1.0, 0.25, 0.5, index=3))
    monkeypatch.setattr(Toy, "capabilities", frozenset({"pieces"}))
    shown(live)
    hover = live.window.findChild(PieceHover)
    assert isinstance(hover, PieceHover)
    said: list[tuple[str, int]] = []
    hover.pointed.connect(lambda index: said.append(("pointed", index)))
    hover.found.connect(lambda index, _place: said.append(("found", index)))
    hover.pinned.connect(lambda index: said.append(("pinned", index)))
    viewport = live.window.canvas.view.viewport()
    live.until(lambda: live.window.canvas.view.piece_at(viewport.rect().center()) == 0)
    live.qtbot.mouseMove(viewport, viewport.rect().center())
    rest(live, viewport.rect().center())
    live.until(lambda: QToolTip.isVisible())
    assert said[-2:] == [("pointed", 3), ("found", 3)]
    live.qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=viewport.rect().center())
    live.until(lambda: said[-1] == ("found", 3) and len(said) > 4)
    assert [each for each in said if each[0] == "pinned"] == [("pinned", 0)], "what was clicked stays chosen"
    rest(live, viewport.rect().center())
    live.until(lambda: QToolTip.isVisible())
    QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))
    live.until(lambda: not QToolTip.isVisible())
    assert hover._asked is not None
    hover._on_found(PieceFound(hover._asked, Piece(Path("/images/a.jpg"), 1.0, 0.25, 0.5, index=3)))
    assert not QToolTip.isVisible()
    assert said[-1] == ("pointed", -1), "an answer that comes after the pointer has left says nothing"


def test_what_is_said_of_a_piece() -> None:
    piece = Piece(Path("/images/leaves & co.jpg"), 0.8, 0.25, 0.5)
    text = "<b>leaves &amp; co.jpg</b><br>50 % from its left, 25 % from its top<br>80 % of what lies here"
    assert text in words(piece)
    assert "what lies here" not in words(replace(piece, share=1.0))
