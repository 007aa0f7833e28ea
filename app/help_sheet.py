"""The sheet of keys under "?". It reads the table of actions, so it can not be out of date."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app import actions
from app.widgets.keyed_dialog import KeyedDialog
from app.widgets.placing import place


class HelpSheet(KeyedDialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard and mouse"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups: dict[str, list[tuple[str, str]]] = {}
        for item in actions.ITEMS:
            if item.keys:
                key = QKeySequence(item.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
                groups.setdefault(item.menu, []).append((key, item.text.removesuffix("…")))
        groups |= {"Canvas": list(actions.MOUSE), "Painting masks": list(actions.MASKS), "Pieces": list(actions.PIECES)}
        groups["By keys"] = list(actions.KEYS)
        measure = self.fontMetrics().horizontalAdvance
        self._keys_px = max(measure(key) for lines in groups.values() for key, _words in lines)
        columns = QHBoxLayout()
        columns.setSpacing(32)
        for names in (("File", "Edit", "Help", "By keys"), ("Training", "View", "Painting masks", "Pieces")):
            columns.addWidget(self._column({name: groups[name] for name in names}), 1)
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.reject)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(24, 24, 24, 0)
        layout.setSpacing(16)
        layout.addLayout(columns)
        layout.addWidget(self._column({"Canvas": groups["Canvas"]}))  # its lines are long
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setAccessibleName(self.windowTitle())
        area.setWidget(body)
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 8, 24, 16)
        foot.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area, 1)
        whole.addLayout(foot)
        area.setFocus()  # which the arrows scroll at once; Escape closes
        bar = area.verticalScrollBar().sizeHint().width()
        frame = 2 * area.frameWidth()
        place(self, body.sizeHint() + QSize(bar + frame, foot.sizeHint().height() + whole.spacing() + frame))

    def _column(self, groups: dict[str, list[tuple[str, str]]]) -> QWidget:
        """Keys, and what they do; all columns of keys are as wide as the widest, so that the words stand in line."""
        column = QWidget(self)
        grid = QGridLayout(column)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, self._keys_px)
        for name, lines in groups.items():
            if grid.rowCount() > 1:
                grid.setRowMinimumHeight(grid.rowCount(), 12)
            heading = QLabel(name, column)
            heading.setProperty("role", "heading")
            grid.addWidget(heading, grid.rowCount(), 0, 1, 2)
            for key, words in lines:
                row = grid.rowCount()
                shown = QLabel(key, column)
                shown.setProperty("role", "muted")
                grid.addWidget(shown, row, 0)
                grid.addWidget(QLabel(words, column), row, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        return column
