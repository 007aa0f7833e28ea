"""Every picture that shows whether it has the keys is painted anew as they come, and as they go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.export.crop import CropField
from app.images.source_tile import SourceTile
from app.pieces.source_view import SourceView
from app.snapshots.grid import Cell
from app.snapshots.shared_place import Place
from app.snapshots.tile import SnapshotTile
from engine.box import Size
from engine.job import Job, SourceImage
from engine.snapshots import Snapshot
from tests.engine import toy

MOMENT = Snapshot(Path("0001"), "", 1, 1.0, Job(method="toy", settings=toy.ToySettings()), {}, "kept", None, "")
PICTURES: dict[str, Callable[[QWidget], QWidget]] = {
    "crop": lambda parent: CropField(Size(60, 80), parent),
    "moment": lambda parent: SnapshotTile(MOMENT, parent),
    "moment among many": lambda parent: Cell(MOMENT, Place(), parent),
    "source": lambda parent: SourceTile(SourceImage(path="a.png"), parent),
    "source of a piece": SourceView,
}


class Paintings(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return super().eventFilter(watched, event)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_painted_anew_as_the_keys_come_and_go(kind: str, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column, field = QVBoxLayout(window), QLineEdit(window)
    picture = PICTURES[kind](window)
    picture.setMinimumSize(40, 40)
    for widget in (field, picture):
        column.addWidget(widget)
    with qtbot.waitActive(window):
        window.show()
    field.setFocus()
    paintings = Paintings(picture)
    qtbot.waitUntil(lambda: field.hasFocus() and not window.isHidden())
    qtbot.wait(0)  # what showing the window asked for is painted
    for widget in (picture, field):
        before = paintings.count
        widget.setFocus()
        qtbot.waitUntil(lambda before=before: paintings.count > before)
