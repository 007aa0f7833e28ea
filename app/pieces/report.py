"""The report: which image gave how much of the picture, of its area and of what is copied there; saved as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.widgets import theme
from app.widgets.controls import Note
from engine.errors import TesseraError
from engine.reports import ENDINGS, ImageShare, write

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class ReportPanel(QWidget):
    """
    Signals:
        count_wanted(): the whole picture shall be counted.
    """

    count_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: tuple[ImageShare, ...] = ()
        self._counting = False
        self.table = QTableWidget(0, 3, self)
        self.table.setHorizontalHeaderLabels([self.tr("Image"), self.tr("Area"), self.tr("Copied")])
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setShowGrid(False)
        told = (
            self.tr("What the pieces are cut from"),
            self.tr("How much of the picture's area it gave"),
            self.tr("How much it gave of what is copied rather than painted over"),
        )
        for column, words in enumerate(told):
            header = self.table.horizontalHeaderItem(column)
            assert header is not None
            header.setTextAlignment((_RIGHT if column else _LEFT) | Qt.AlignmentFlag.AlignVCenter)
            header.setToolTip(words)
        for column in (1, 2):
            self.table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setAccessibleName(self.tr("Rows"))
        self.table.horizontalHeader().setAccessibleName(self.tr("Columns"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(self.tr("Which image gave how much of the picture"))
        self.note = Note(self)
        self.count_button = QPushButton(self.tr("Count"), self)
        self.count_button.setToolTip(self.tr("Count the whole picture, which takes as long as to paint it"))
        self.count_button.clicked.connect(self._count)
        self.save_button = QPushButton(self.tr("Save…"), self)
        self.save_button.setToolTip(self.tr("Save the table as CSV or JSON"))
        self.save_button.clicked.connect(self.browse)
        row = QHBoxLayout()
        row.addWidget(self.count_button)
        row.addStretch(1)
        row.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.UNIT, theme.UNIT, theme.UNIT, theme.UNIT)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        column.addLayout(row)
        column.addStretch(0)
        self.set_possible(False)
        self.show_shares(())

    def set_possible(self, possible: bool) -> None:
        """Whether there is a picture laid of pieces at present."""
        self.count_button.setEnabled(possible)
        if not possible:
            self.give_up()

    @property
    def counting(self) -> bool:
        """Whether an answer is waited for."""
        return self._counting

    def give_up(self) -> None:
        """Nobody answers any more: what was counted before is all that there is."""
        if self._counting:
            self.show_shares(self._shares)

    def show_shares(self, shares: Sequence[ImageShare]) -> None:
        """What was counted; the largest first."""
        self._counting = False
        self._shares = tuple(shares)
        self.table.setRowCount(len(self._shares))
        for row, each in enumerate(self._shares):
            cells = (each.path.name, f"{100 * each.share:.1f} %", f"{100 * each.copied:.1f} %")
            for column, words in enumerate(cells):
                item = QTableWidgetItem(words)
                item.setToolTip(str(each.path))
                if column:
                    item.setTextAlignment(_RIGHT | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self.table.setVisible(bool(self._shares))  # no empty frame
        self.save_button.setEnabled(bool(self._shares))
        nothing = self.tr("Press Count to see which image gave how much of the picture.")
        self.note.say("" if self._shares else nothing)

    def _count(self) -> None:
        self._counting = True
        self.note.say(self.tr("Counting…"))
        self.count_wanted.emit()

    def browse(self) -> QFileDialog:
        """Asks where to save the table, without blocking."""
        dialog = QFileDialog(self, self.tr("Save the report"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{ending[1:].upper()} (*{ending})" for ending in ENDINGS])
        dialog.setDefaultSuffix(ENDINGS[0][1:])
        dialog.filterSelected.connect(lambda name: dialog.setDefaultSuffix(name.partition(" ")[0].lower()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        dialog.open()
        return dialog

    def save_to(self, path: Path) -> None:
        """Writes the table; the note says whether it could be."""
        try:
            write(path, list(self._shares))
        except TesseraError as error:
            self.note.say(str(error), "error")
        else:
            self.note.say(self.tr("Saved as {}.").format(path.name))
