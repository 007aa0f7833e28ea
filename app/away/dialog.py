"""The window “While you are away”: the runs that are to be trained one after another, and how far they are.

It only shows and asks; controller.py carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.away import runs as make
from app.document import Document
from app.widgets import theme, words
from app.widgets.controls import Note, StillCombo
from app.widgets.keyed_dialog import KeyedDialog
from app.widgets.placing import place
from engine.errors import TesseraError
from engine.images.find import SUFFIXES
from engine.method import method_class, method_keys
from engine.plans.journal import Entry
from engine.plans.plan import Plan, Run, checked
from engine.plans.plan_file import read_plan, write_plan
from engine.stop_rule import MOST_MINUTES, MOST_STEPS, StopRule

PLAN_FILES = "Tessera plan (*.toml *.json)"
USUAL_MINUTES, USUAL_STALL_MINUTES, USUAL_STEPS = 30.0, 5.0, 5000
MOST_SEEDS = 100


class AwayDialog(KeyedDialog):
    """Modeless; closing it ends nothing.

    Signals:
        start_requested(Plan): it was checked.
        go_on_requested(): with the plan that was broken off.
        skip_requested(): the present run ends, and the next one begins.
        end_requested(): the present run is kept, and the plan given up.

    Args:
        document: what new runs are made from, as it is when they are made.
    """

    start_requested = Signal(object)
    go_on_requested = Signal()
    skip_requested = Signal()
    end_requested = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.runs: list[Run] = []
        self._mode = "edited"
        self.setWindowTitle(self.tr("While you are away"))
        self.setModal(False)
        self.note = Note(self)
        self.by = StillCombo(self)
        self.by.setAccessibleName(self.tr("When each ends"))
        self.by.addItem(self.tr("Each trains for"), "minutes")
        self.by.addItem(self.tr("Each trains until step"), "steps")
        self.minutes = self._amount(self.tr("Minutes of each"), USUAL_MINUTES)
        self.steps = QSpinBox(self)
        self.steps.setRange(1, MOST_STEPS)
        self.steps.setValue(USUAL_STEPS)
        self.steps.setGroupSeparatorShown(True)
        self.steps.setAccessibleName(self.tr("Step at which each ends"))
        self.steps.hide()
        self.stalls = QCheckBox(self.tr("sooner where the style match has not risen for"), self)
        self.stalls.setChecked(True)
        self.stall_minutes = self._amount(self.tr("Minutes without a rise"), USUAL_STALL_MINUTES)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Trainings, one after another"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setMinimumHeight(160)
        self.count = QSpinBox(self)
        self.count.setRange(1, MOST_SEEDS)
        self.count.setValue(3)
        self.count.setAccessibleName(self.tr("How many seeds"))
        self.add_seeds = QPushButton(self.tr("Add seeds"), self)
        self.add_contents = QPushButton(self.tr("Add contents…"), self)
        self.add_preset, self.add_method = QPushButton(self.tr("Add a preset"), self), QPushButton(self)
        self.add_method.setText(self.tr("Add a method"))
        self.remove_button = QPushButton(self.tr("Remove"), self)
        self.open_button = QPushButton(self.tr("Open a file…"), self)
        self.save_button = QPushButton(self.tr("Save as a file…"), self)
        self.facts = QLabel(self)
        self.facts.setProperty("role", "muted")
        self.facts.setWordWrap(True)
        self.close_button = QPushButton(self.tr("Close"), self)
        self.start = QPushButton(self.tr("Start"), self)
        self.start.setProperty("role", "primary")
        self.go_on = QPushButton(self.tr("Go on"), self)
        self.go_on.setProperty("role", "primary")
        self.skip = QPushButton(self.tr("Skip this one"), self)
        self.end = QPushButton(self.tr("End the plan"), self)
        self._lay_out()
        self._connect()
        self.start_anew()

    # ------------------------------------------------------------ what is asked for

    def until(self) -> StopRule:
        """When each run ends."""
        stall_minutes = self.stall_minutes.value() if self.stalls.isChecked() else None
        if self.by.currentData() == "steps":
            return StopRule(steps=self.steps.value(), stall_minutes=stall_minutes)
        return StopRule(minutes=self.minutes.value(), stall_minutes=stall_minutes)

    @property
    def plan(self) -> Plan:
        return Plan(tuple(self.runs))

    def show_plan(self, plan: Plan) -> None:
        """A plan to be changed and started."""
        self.runs = list(plan.runs)
        self._show_rows([Entry(run) for run in self.runs])
        self._show_mode("edited")

    def show_entries(self, entries: Sequence[Entry], runs: bool, now: str = "") -> None:
        """A plan that is carried out, or was broken off.

        Args:
            runs: whether it is carried out at the moment.
            now: how far the present run is.
        """
        self.runs = [entry.run for entry in entries]
        self._show_rows(entries, now)
        self._show_mode("runs" if runs else "broken off")

    def show_over(self, entries: Sequence[Entry]) -> None:
        """What became of a plan that is over."""
        self.show_entries(entries, runs=False)
        self._show_mode("over")

    @property
    def over(self) -> bool:
        """Whether it shows what became of a plan, of which nothing is left to do."""
        return self._mode == "over"

    def start_anew(self) -> None:
        """A new plan: what is open, from where it stands."""
        self.note.say("")
        self.show_plan(Plan((make.present(self._document, self.until()),)))

    def add(self, runs: list[Run]) -> None:
        """More runs, at the end."""
        self.show_plan(Plan((*self.runs, *runs)))
        self.list.setCurrentRow(len(self.runs) - 1)

    def take_file(self, path: Path) -> bool:
        """Shows the plan of a file; False, and what is wrong with it, where it can not be had."""
        try:
            self.show_plan(read_plan(path))
        except TesseraError as error:
            self.note.say(str(error), "error")
            return False
        self.note.say("")
        return True

    def save_file(self, path: Path) -> bool:
        """Writes the plan to a file for `tessera train --plan`."""
        try:
            write_plan(path if path.suffix else path.with_suffix(".json"), self.plan)
        except TesseraError as error:
            self.note.say(str(error), "error")
            return False
        self.note.say(self.tr("Saved. `tessera train --plan FILE --out FOLDER` carries it out without the window."))
        return True

    # ------------------------------------------------------------ how

    def _amount(self, name: str, value: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(0.1, MOST_MINUTES)
        box.setDecimals(1)
        box.setValue(value)
        box.setSuffix(self.tr(" min"))
        box.setAccessibleName(name)
        return box

    def _lay_out(self) -> None:
        rule = QGridLayout()
        rule.setHorizontalSpacing(theme.UNIT)
        rule.setVerticalSpacing(theme.UNIT)
        rule.addWidget(self.by, 0, 0)
        rule.addWidget(self.minutes, 0, 1)
        rule.addWidget(self.steps, 0, 1)
        rule.addWidget(self.stalls, 1, 0)
        rule.addWidget(self.stall_minutes, 1, 1)
        rule.setColumnStretch(2, 1)
        seeds, others, ends = (QHBoxLayout() for _ in range(3))
        for row, widgets in (
            (seeds, (self.count, self.add_seeds, self.add_contents, self.add_preset, self.add_method)),
            (others, (self.remove_button,)),
        ):
            row.setSpacing(theme.UNIT)
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
        others.addWidget(self.open_button)
        others.addWidget(self.save_button)
        ends.setSpacing(theme.UNIT)
        ends.addWidget(self.skip)
        ends.addWidget(self.end)
        ends.addStretch(1)
        for widget in (self.close_button, self.go_on, self.start):
            ends.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(theme.UNIT)
        column.addLayout(rule)
        column.addWidget(self.list, 1)
        for layout in (seeds, others):
            column.addLayout(layout)
        column.addWidget(self.facts)
        column.addWidget(self.note)
        column.addLayout(ends)
        place(self, QSize(620, 460))

    def _connect(self) -> None:
        document = self._document
        for box in (self.minutes, self.stall_minutes, self.steps):
            box.valueChanged.connect(lambda _value: self._on_rule())
        self.by.currentIndexChanged.connect(lambda _index: self._on_rule())
        self.stalls.toggled.connect(lambda _on: self._on_rule())
        self.add_seeds.clicked.connect(
            lambda: self.add(make.seeds(document, self.runs, self.count.value(), self.until()))
        )
        self.add_contents.clicked.connect(self._ask_contents)
        presets, methods = QMenu(self), QMenu(self)
        presets.aboutToShow.connect(lambda: self._fill(presets, [(p.name, p.name) for p in document.method.presets]))
        methods.aboutToShow.connect(
            lambda: self._fill(methods, [(key, method_class(key).title) for key in method_keys()])
        )
        presets.triggered.connect(lambda action: self._add_preset(action.data()))
        methods.triggered.connect(lambda action: self._add_method(action.data()))
        self.add_preset.setMenu(presets)
        self.add_method.setMenu(methods)
        self.remove_button.clicked.connect(self._remove)
        self.list.itemSelectionChanged.connect(self._on_selection)
        self.open_button.clicked.connect(self._ask_file)
        self.save_button.clicked.connect(self._ask_place)
        self.close_button.clicked.connect(self.close)
        self.start.clicked.connect(self._on_start)
        self.go_on.clicked.connect(self.go_on_requested)
        self.skip.clicked.connect(self.skip_requested)
        self.end.clicked.connect(self.end_requested)

    def _fill(self, menu: QMenu, choices: list[tuple[str, str]]) -> None:
        menu.clear()
        for key, title in choices:
            menu.addAction(title).setData(key)

    def _add_preset(self, name: str) -> None:
        self._try(lambda: make.preset(self._document, self.runs, name, self.until()))

    def _add_method(self, key: str) -> None:
        self._try(lambda: make.method(self._document, self.runs, key, self.until()))

    def _try(self, made: Callable[[], list[Run]]) -> None:
        try:
            self.add(made())
        except TesseraError as error:
            self.note.say(str(error), "error")

    def _ask_contents(self) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        dialog = QFileDialog(self, self.tr("A training for each of these contents"), filter=f"Images ({pattern})")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(
            lambda names: self.add(make.contents(self._document, self.runs, map(Path, names), self.until()))
        )
        dialog.open()

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Open a plan"), filter=PLAN_FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.take_file(Path(name)))
        dialog.open()

    def _ask_place(self) -> None:
        dialog = QFileDialog(self, self.tr("Save the plan"), "plan.json", "Tessera plan (*.json)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_file(Path(name)))
        dialog.open()

    def _remove(self) -> None:
        gone = {index.row() for index in self.list.selectedIndexes()}
        self.show_plan(Plan(tuple(run for row, run in enumerate(self.runs) if row not in gone)))

    def _on_rule(self) -> None:
        self.minutes.setVisible(self.by.currentData() == "minutes")
        self.steps.setVisible(self.by.currentData() == "steps")
        self.stall_minutes.setEnabled(self.stalls.isChecked())
        self.show_plan(Plan(tuple(replace(run, until=self.until()) for run in self.runs)))

    def _on_selection(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selectedIndexes()) and self.start.isVisibleTo(self))

    def _on_start(self) -> None:
        self.runs = make.brought_up_to_date(self._document, self.runs)
        try:
            plan = checked(self.plan)
        except TesseraError as error:
            self.note.say(str(error), "error")
            return
        self.note.say("")
        self.start_requested.emit(plan)

    def _show_rows(self, entries: Sequence[Entry], now: str = "") -> None:
        row = self.list.currentRow()
        self.list.clear()
        for number, entry in enumerate(entries, 1):
            item = QListWidgetItem(f"{number}.  {entry.run.name}   ·   {self._state(entry, now)}", self.list)
            item.setToolTip(entry.told or entry.run.name)
        self.list.setCurrentRow(min(row, len(entries) - 1))

    def _state(self, entry: Entry, now: str) -> str:
        if entry.progress == "waiting":
            until = entry.run.until
            parts = [words.duration(60 * until.minutes)] if until.minutes is not None else []
            if until.steps is not None:
                parts.append(self.tr("step {}").format(f"{until.steps:,}"))
            return self.tr("until {}").format(self.tr(" or ").join(parts)) if parts else self.tr("without an end")
        if entry.progress == "begun":
            return now or self.tr("broken off")
        return entry.told or {"done": self.tr("done"), "failed": self.tr("failed")}[entry.progress]

    def _show_mode(self, mode: str) -> None:
        self._mode = mode
        edited = mode == "edited"
        for widget in (
            self.by,
            self.minutes,
            self.steps,
            self.stalls,
            self.count,
            self.add_seeds,
            self.add_preset,
            self.add_method,
        ):
            widget.setEnabled(edited)
        self.stall_minutes.setEnabled(edited and self.stalls.isChecked())
        self.add_contents.setEnabled(edited and make.varied_slot(self._document) is not None)
        self.open_button.setEnabled(edited)
        self.save_button.setEnabled(bool(self.runs))
        self.start.setVisible(edited)
        self.start.setEnabled(bool(self.runs))
        self.go_on.setVisible(mode == "broken off")
        self.skip.setVisible(mode == "runs")
        self.end.setVisible(mode in ("runs", "broken off"))
        self._on_selection()
        minutes = [run.until.minutes for run in self.runs]
        together = sum(60 * m for m in minutes if m is not None)
        kept = self.tr("Each is kept as a moment under its name; the Grid of moments compares them.")
        if all(m is not None for m in minutes) and self.runs:
            most = self.tr("{} of training at most.").format(words.duration(together))
            self.facts.setText(f"{most} {kept}")
        else:
            self.facts.setText(kept)
