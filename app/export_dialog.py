"""Asks where and how large a picture is to be painted, and follows the painting. Starts nothing itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme, words
from engine import export, messages
from engine.box import Size
from engine.errors import TesseraError
from engine.method import Layer

_SUFFIXES = {"PNG": ".png", "TIFF": ".tif"}
_FORBIDDEN = '/\\:*?"<>|'
_SMALLEST = 64
_DPI = 300
# a mosaic is full of detail, so both formats save little of the plain bytes
_PACKED = 0.75


class ExportDialog(QDialog):
    """A modeless window; closing it does not stop a running export.

    Signals:
        start_requested(messages.Export)
        cancel_requested()

    Args:
        canvas: the size that was trained for, 1x.
        layers: what can be painted, the first is chosen.
        folder: where the file is proposed to go.
        snapshot: paint this one instead of the present state.
    """

    start_requested = Signal(object)
    cancel_requested = Signal()

    def __init__(
        self,
        canvas: Size,
        layers: tuple[Layer, ...],
        folder: Path,
        snapshot: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._snapshot = snapshot
        self._running = False
        self._out: Path | None = None
        self.setWindowTitle("Export" if snapshot is None else f"Export snapshot {snapshot.name}")
        self.setModal(False)
        self._make_form(layers, folder)
        self._make_foot()
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(2 * theme.UNIT)
        column.addWidget(self.form)
        column.addLayout(self.facts_column)
        column.addWidget(self.outcome)
        column.addStretch(1)
        column.addLayout(self.buttons)
        self.setMinimumWidth(460)
        self._refresh()

    # ------------------------------------------------------------ what it says

    def request(self) -> messages.Export:
        """The export as it is set up now."""
        bits: Literal[8, 16] = 16 if self.bits.currentData() == 16 else 8
        size = Size(self.height_px.value(), self.width_px.value())
        return messages.Export(self.out(), size, self.layer.currentData(), bits=bits, snapshot=self._snapshot)

    def out(self) -> Path:
        """The file that will be written."""
        suffix = self.format.currentData()
        name = self.file_name.text().strip()
        if Path(name).suffix.lower() in (".png", ".tif", ".tiff"):
            name = name[: -len(Path(name).suffix)]
        return Path(self.folder.text().strip()).expanduser() / f"{name}{suffix}"

    @property
    def running(self) -> bool:
        return self._running

    def obstacle(self) -> str:
        """Why the export can not start, as a sentence; empty when it can."""
        name, out = self.file_name.text().strip(), self.out()
        if not name or out.stem == "":
            return "Give the file a name."
        if any(sign in name for sign in _FORBIDDEN):
            return f"A file name can not contain any of {' '.join(_FORBIDDEN)}"
        if not out.parent.is_dir():
            return f"There is no folder {out.parent}. Choose another one."
        try:
            export.check(out, self.request().size or self._canvas, self.bits.currentData())
        except TesseraError as error:
            return str(error)
        return ""

    def on_event(self, event: messages.Event) -> None:
        """Follows a running export; other events, and those of an export it did not start, are ignored."""
        if not self._running:
            return
        if isinstance(event, messages.Progressed) and event.job == "export":
            self.bar.setRange(0, event.total)
            self.bar.setValue(event.done)
            left = "" if event.seconds_left is None else f"about {words.duration(event.seconds_left)} left"
            self.time_left.setText(left)
        elif isinstance(event, messages.Exported) and event.out == self._out:
            self._end("good", self._summary(event))
            self.show_button.show()
            self.start.setText("Export another")
        elif isinstance(event, messages.ExportCancelled) and event.out == self._out:
            self._end("muted", "Cancelled. No file was written.")
        elif isinstance(event, messages.Failed) and (event.fatal or isinstance(event.command, messages.Export)):
            self._end("error", event.sentence)

    # ------------------------------------------------------------ building

    def _make_form(self, layers: tuple[Layer, ...], folder: Path) -> None:
        self.form = QWidget(self)
        grid = QGridLayout(self.form)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * theme.UNIT)
        grid.setVerticalSpacing(theme.UNIT)
        grid.setColumnStretch(1, 1)

        self.file_name = QLineEdit("mosaic", self.form)
        self.format = QComboBox(self.form)
        for title, suffix in _SUFFIXES.items():
            self.format.addItem(title, suffix)
        self.folder = QLineEdit(str(folder), self.form)
        self.choose = QPushButton("Choose…", self.form)
        self.choose.clicked.connect(self._choose)
        self.layer = QComboBox(self.form)
        for layer in layers:
            self.layer.addItem(layer.title, layer.key)
            self.layer.setItemData(self.layer.count() - 1, layer.help, Qt.ItemDataRole.ToolTipRole)
        self.width_px, self.height_px = self._side("Width", True), self._side("Height", False)
        self.bits = QComboBox(self.form)
        self.bits.addItem("8 bits a colour, for screens and most printers", 8)
        self.bits.addItem("16 bits a colour, for more editing afterwards", 16)

        size = QHBoxLayout()
        size.setSpacing(theme.UNIT)
        size.addWidget(self.width_px)
        size.addWidget(QLabel("×", self.form))
        size.addWidget(self.height_px)
        size.addSpacing(theme.UNIT)
        self.factors: dict[int, QToolButton] = {}
        for factor in (1, 2, 4):
            button = QToolButton(self.form)
            button.setText(f"{factor}×")
            button.setCheckable(True)
            button.setToolTip("The size that it is trained for" if factor == 1 else f"{factor} times as wide and high")
            button.clicked.connect(lambda _, factor=factor: self._scale_by(factor))
            self.factors[factor] = button
            size.addWidget(button)
        size.addStretch(1)

        rows: list[tuple[str, QWidget | QHBoxLayout, QWidget | None]] = [
            ("File name", self.file_name, self.format),
            ("Folder", self.folder, self.choose),
            ("Picture", self.layer, None),
            ("Size", size, None),
            ("Depth", self.bits, None),
        ]
        for row, (title, field, beside) in enumerate(rows):
            label = QLabel(title, self.form)
            label.setProperty("role", "muted")
            grid.addWidget(label, row, 0)
            span = 1 if beside else 2
            if isinstance(field, QWidget):
                grid.addWidget(field, row, 1, 1, span)
                field.setAccessibleName(title)
                label.setBuddy(field)
            else:
                grid.addLayout(field, row, 1, 1, span)
            if beside:
                grid.addWidget(beside, row, 2)
        self.format.setAccessibleName("Format")
        for edit in (self.file_name, self.folder):
            edit.textChanged.connect(self._refresh)
        for combo in (self.format, self.layer, self.bits):
            combo.currentIndexChanged.connect(self._refresh)

    def _side(self, title: str, is_width: bool) -> QSpinBox:
        box = QSpinBox(self.form)
        box.setRange(_SMALLEST, export.LARGEST_SIDE)
        box.setSuffix(" px")
        box.setAccessibleName(title)
        box.setValue(self._canvas.width if is_width else self._canvas.height)
        box.setMinimumWidth(104)
        box.valueChanged.connect(lambda value: self._link(value, is_width))
        return box

    def _make_foot(self) -> None:
        self.print_size, self.file_size = QLabel(self), QLabel(self)
        self.facts_column = QVBoxLayout()
        self.facts_column.setSpacing(2)
        for label in (self.print_size, self.file_size):
            label.setProperty("role", "muted")
            self.facts_column.addWidget(label)
        self.message = QLabel(self)
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.running_box = QWidget(self)
        running = QHBoxLayout(self.running_box)
        running.setContentsMargins(0, 0, 0, 0)
        self.bar = QProgressBar(self.running_box)
        self.bar.setAccessibleName("Progress of the export")
        self.time_left = QLabel(self.running_box)
        self.time_left.setProperty("role", "muted")
        running.addWidget(self.bar, 1)
        running.addWidget(self.time_left)
        # one place for both, always as high as three lines: the window must not jump
        self.outcome = QStackedWidget(self)
        self.outcome.addWidget(self.message)
        self.outcome.addWidget(self.running_box)
        self.outcome.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.start, self.cancel, self.close_button, self.show_button = (
            QPushButton(text, self) for text in ("Export", "Cancel export", "Close", "Show in folder")
        )
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        self.cancel.clicked.connect(self._cancel)
        self.cancel.hide()
        self.close_button.clicked.connect(self.close)
        self.show_button.clicked.connect(lambda: words.show_in_folder(self._out) if self._out else None)
        self.show_button.hide()
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(theme.UNIT)
        self.buttons.addWidget(self.show_button)
        self.buttons.addStretch(1)
        for button in (self.close_button, self.cancel, self.start):
            self.buttons.addWidget(button)

    # ------------------------------------------------------------ reacting

    def _link(self, value: int, is_width: bool) -> None:
        ratio = self._canvas.height / self._canvas.width
        other = self.height_px if is_width else self.width_px
        with QSignalBlocker(other):
            other.setValue(round(value * ratio if is_width else value / ratio))
        self._refresh()

    def _scale_by(self, factor: int) -> None:
        self.width_px.setValue(factor * self._canvas.width)
        with QSignalBlocker(self.height_px):
            self.height_px.setValue(factor * self._canvas.height)
        self._refresh()

    def _choose(self) -> None:
        dialog = QFileDialog(self, "Folder to export to", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()

    def _refresh(self) -> None:
        width, height = self.width_px.value(), self.height_px.value()
        self.print_size.setText(
            f"{words.pixels(width * height)} · {words.print_size(width, height, _DPI)} in print at {_DPI} DPI"
        )
        for factor, button in self.factors.items():
            button.setChecked((width, height) == (factor * self._canvas.width, factor * self._canvas.height))
        folder = self.out().parent
        free = f" · {words.amount(shutil.disk_usage(folder).free)} free on this disk" if folder.is_dir() else ""
        self.file_size.setText(f"File of about {words.amount(self._file_bytes())}{free}")
        self.show_button.hide()
        self.start.setText("Export")
        obstacle = self.obstacle()
        self.start.setEnabled(not obstacle and not self._running)
        if obstacle:
            self._say("error", obstacle)
        elif self.out().exists():
            self._say("warning", f"{self.out().name} is there already and will be replaced.")
        else:
            self._say("muted", "")

    def _file_bytes(self) -> float:
        return self.width_px.value() * self.height_px.value() * 3 * self.bits.currentData() / 8 * _PACKED

    def _start(self) -> None:
        if self.obstacle():
            self._refresh()
            return
        request = self.request()
        self._out, self._running = request.out, True
        self._say("muted", "")
        self.bar.setRange(0, 0)
        self.time_left.setText("")
        self._show_running()
        self.start_requested.emit(request)

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.time_left.setText("stopping")
        self.cancel_requested.emit()

    def _end(self, role: str, sentence: str) -> None:
        self._running = False
        self._show_running()
        self._refresh()
        self._say(role, sentence)

    def _show_running(self) -> None:
        self.form.setEnabled(not self._running)
        self.outcome.setCurrentWidget(self.running_box if self._running else self.message)
        self.cancel.setVisible(self._running)
        self.cancel.setEnabled(True)
        self.start.setVisible(not self._running)
        self.show_button.hide()

    def _summary(self, event: messages.Exported) -> str:
        size = words.amount(event.out.stat().st_size) if event.out.exists() else ""
        facts = [f"{event.size.width:,} × {event.size.height:,} px", size, words.duration(event.seconds)]
        return f"{event.out}\n" + " · ".join(fact for fact in facts if fact)

    def _say(self, role: str, sentence: str) -> None:
        self.message.setProperty("role", role)
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        self.message.setText(sentence)
