"""The parts of the panel of settings: a heading with its knobs, and a fold of such sections that opens and closes.

A knob takes some 110 KB, and two milliseconds to make; most are in folds that stay closed. They are made when they are
first wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.settings.knobs import KnobWidget, matches
from app.widgets import theme
from engine.settings import Spec


class Section(QWidget):
    """A heading and its knobs; gone when the search leaves none.

    Args:
        make: a knob for one of the settings, below the widget given; called once for each.
    """

    def __init__(
        self, title: str, specs: Sequence[Spec], make: Callable[[Spec, QWidget], KnobWidget], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.knobs: list[KnobWidget] = []
        self.any_shown = True
        self._specs, self._make, self._words = specs, make, ""
        heading = QLabel(title, self)
        heading.setProperty("role", "heading")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 2 * theme.UNIT)
        self._column.setSpacing(0)
        self._column.addWidget(heading)
        self._column.addSpacing(theme.UNIT // 2)

    def build(self) -> None:
        """Makes the knobs, where they are not there yet."""
        if not self.knobs:
            self.knobs = [self._make(spec, self) for spec in self._specs]
            for knob in self.knobs:
                self._column.addWidget(knob)
            self.filter(self._words)

    def filter(self, words: str) -> int:
        """How many settings match; the knobs of the others are hidden."""
        self._words = words
        for knob in self.knobs:
            knob.setVisible(matches(knob.spec, words))
        found = sum(matches(spec, words) for spec in self._specs)
        self.any_shown = found > 0
        self.setVisible(self.any_shown)
        return found


class Fold(QWidget):
    """A header that shows and hides what is below it; a search opens it for as long as it lasts."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.sections: list[Section] = []
        self.header = QToolButton(self)
        self.header.setText(title)
        self.header.setCheckable(True)
        self.header.setProperty("role", "fold")
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.setIconSize(QSize(14, 14))
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.toggled.connect(self._open)
        self.body = QWidget(self)
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(0, theme.UNIT, 0, 0)
        self.column.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, theme.UNIT)
        layout.setSpacing(theme.UNIT // 2)
        layout.addWidget(line(self))
        layout.addWidget(self.header)
        layout.addWidget(self.body)
        self._open(False)

    def add(self, section: Section) -> None:
        """Below those that are there."""
        self.sections.append(section)
        self.column.addWidget(section)

    def set_searching(self, searching: bool, found: bool) -> None:
        """After the sections were filtered; `found` tells whether any of them is left."""
        self.setVisible(bool(self.sections) and (found or not searching))
        self.header.setEnabled(not searching)
        self._open(searching or self.header.isChecked())

    def _open(self, opened: bool) -> None:
        if opened:
            for section in self.sections:
                if section.any_shown:
                    section.build()
        self.body.setVisible(opened)
        self.header.setIcon(theme.icon("fold" if opened else "unfold"))


def line(parent: QWidget) -> QFrame:
    """A line from side to side."""
    result = QFrame(parent)
    result.setProperty("role", "line")
    return result
