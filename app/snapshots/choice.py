"""Which moments are shown: a chooser, a field for words of names and notes, and how much room all of them take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.widgets import theme, words
from app.widgets.controls import ElidedLabel, StillCombo

if TYPE_CHECKING:
    from engine.snapshots import Snapshot

KINDS = (
    ("all", "All moments"),
    ("starred", "With a star"),
    ("kept", "Kept by hand"),
    ("best", "Best matches"),
    ("branch", "This branch"),
    ("method", "This method"),
)
ROOM_PX = 520
"""In a narrower row there is no room for how much all of them take; the tooltip has it."""
RULE = (
    "Moments kept by themselves share {}. While they take more, the one goes that stands nearest to its neighbours in "
    "training time. Those kept by hand, with a star, a name or a note, the best matches and the newest of each branch "
    "always stay."
)


class Choice(QWidget):
    """
    Signals:
        changed(): other moments are to be shown.
        grid_requested(): many of them side by side.
    """

    changed = Signal()
    grid_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind = StillCombo(self)
        self.kind.setAccessibleName("Which moments to show")
        for key, title in KINDS:
            self.kind.addItem(title, key)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find in names and notes")
        self.search.setAccessibleName("Find in names and notes")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(180)
        self.search.setMinimumWidth(80)
        self.room = ElidedLabel("", self)
        self.room.setProperty("role", "muted")
        self.grid = grid_button(self)
        self.grid.clicked.connect(self.grid_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.kind)
        row.addWidget(self.search, 1)
        row.addWidget(self.room, 2)
        row.addWidget(self.grid)
        self.kind.currentIndexChanged.connect(self.changed)
        self.search.textChanged.connect(self.changed)

    def set_room(self, count: int, by_themselves: int, taken_bytes: int, budget_bytes: int) -> None:
        """How many moments there are, how many of them nobody asked for, and what these take of their budget."""
        taken = words.amount(taken_bytes)
        kept = f", {by_themselves} kept by themselves: {taken} of {words.amount(budget_bytes)}" if by_themselves else ""
        self.room.setText(f"{words.counted(count, 'moment')}{kept}" if count else "")
        rule = RULE.format(words.amount(budget_bytes))
        self.room.setToolTip(rule)
        self.kind.setToolTip(f"{rule} Now they take {taken}." if by_themselves else rule)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.room.setVisible(self.width() > ROOM_PX)

    def shown(self, moments: Sequence[Snapshot], present: Snapshot | None) -> list[Snapshot]:
        """Those of the moments that are asked for."""
        kind, text = self.kind.currentData(), self.search.text().strip().lower()
        return [
            moment
            for moment in moments
            if _is(kind, moment, present) and text in f"{moment.name} {moment.note}".lower()
        ]


def grid_button(parent: QWidget) -> QPushButton:
    """Opens many moments side by side."""
    button = QPushButton("Grid", parent)
    button.setProperty("role", "small")
    button.setToolTip("Look at many moments side by side, at one zoom (Ctrl+G)")
    return button


def _is(kind: str, moment: Snapshot, present: Snapshot | None) -> bool:
    match kind:
        case "starred":
            return moment.starred
        case "kept":
            return moment.reason == "kept"
        case "best":
            return moment.reason in ("style", "content")
        case "branch":
            own = () if present is None else (*present.line, present.parent, present.folder.name)
            return moment.folder.name in own
        case "method":
            return present is not None and moment.job.method == present.job.method
    return True
