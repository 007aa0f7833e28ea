"""Where and how large: the fields of an export, what they add up to, and why they may not do. Paints nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
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


class ExportForm(QWidget):
    """File, layer, size and depth. `changed` says that any of them did.

    Args:
        canvas: the size that was trained for, 1x; gives the proportion.
        layers: what can be painted, the first is chosen.
        folder: where the file is proposed to go.
        snapshot: passed on in the request.
    """

    changed = Signal()

    def __init__(
        self, canvas: Size, layers: tuple[Layer, ...], folder: Path, snapshot: Path | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._snapshot = snapshot
        self.file_name = QLineEdit("mosaic", self)
        self.format = QComboBox(self)
        for title, suffix in _SUFFIXES.items():
            self.format.addItem(title, suffix)
        self.folder = QLineEdit(str(folder), self)
        self.choose = QPushButton("Choose…", self)
        self.choose.clicked.connect(self._choose)
        self.layer = QComboBox(self)
        for layer in layers:
            self.layer.addItem(layer.title, layer.key)
            self.layer.setItemData(self.layer.count() - 1, layer.help, Qt.ItemDataRole.ToolTipRole)
        self.width_px, self.height_px = self._side("Width", True), self._side("Height", False)
        self.factors = {factor: self._factor(factor) for factor in (1, 2, 4)}
        self.bits = QComboBox(self)
        self.bits.addItem("8 bits a colour, for screens and most printers", 8)
        self.bits.addItem("16 bits a colour, for more editing afterwards", 16)
        self._lay_out()
        self._mark_factor()
        for edit in (self.file_name, self.folder):
            edit.textChanged.connect(self.changed)
        for combo in (self.format, self.layer, self.bits):
            combo.currentIndexChanged.connect(self.changed)

    def request(self) -> messages.Export:
        """The export as it is set up now."""
        bits: Literal[8, 16] = 16 if self.bits.currentData() == 16 else 8
        return messages.Export(self.out(), self.size_px(), self.layer.currentData(), bits=bits, snapshot=self._snapshot)

    def out(self) -> Path:
        """The file that will be written; a suffix that was typed is not doubled."""
        name = self.file_name.text().strip()
        if Path(name).suffix.lower() in (".png", ".tif", ".tiff"):
            name = name[: -len(Path(name).suffix)]
        return Path(self.folder.text().strip()).expanduser() / f"{name}{self.format.currentData()}"

    def size_px(self) -> Size:
        return Size(self.height_px.value(), self.width_px.value())

    def obstacle(self) -> str:
        """Why the export can not start, as a sentence; empty when it can."""
        name, out = self.file_name.text().strip(), self.out()
        if not name or name.startswith("."):
            return "Give the file a name."
        if any(sign in name for sign in _FORBIDDEN):
            return f"A file name can not contain any of {' '.join(_FORBIDDEN)}"
        if not out.parent.is_dir():
            return f"There is no folder {out.parent}. Choose another one."
        try:
            export.check(out, self.size_px(), self.bits.currentData())
        except TesseraError as error:
            return str(error)
        return ""

    def on_paper(self) -> str:
        """ "8.3 megapixels · 29.8 × 20.0 cm in print at 300 DPI"."""
        size = self.size_px()
        return f"{words.pixels(size.area)} · {words.print_size(size.width, size.height, _DPI)} in print at {_DPI} DPI"

    def on_disk(self) -> str:
        """ "File of about 18.8 MB · 84.1 GB free on this disk"."""
        packed = self.size_px().area * 3 * self.bits.currentData() / 8 * _PACKED
        folder = self.out().parent
        free = f" · {words.amount(shutil.disk_usage(folder).free)} free on this disk" if folder.is_dir() else ""
        return f"File of about {words.amount(packed)}{free}"

    def _side(self, title: str, is_width: bool) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(_SMALLEST, export.LARGEST_SIDE)
        box.setSuffix(" px")
        box.setAccessibleName(title)
        box.setValue(self._canvas.width if is_width else self._canvas.height)
        box.setMinimumWidth(104)
        box.valueChanged.connect(lambda value: self._link(value, is_width))
        return box

    def _factor(self, factor: int) -> QToolButton:
        button = QToolButton(self)
        button.setText(f"{factor}×")
        button.setCheckable(True)
        button.setToolTip("The size that it is trained for" if factor == 1 else f"{factor} times as wide and high")
        button.clicked.connect(lambda: self._scale_by(factor))
        return button

    def _lay_out(self) -> None:
        size = QHBoxLayout()
        size.setSpacing(theme.UNIT)
        size.addWidget(self.width_px)
        size.addWidget(QLabel("×", self))
        size.addWidget(self.height_px)
        size.addSpacing(theme.UNIT)
        for button in self.factors.values():
            size.addWidget(button)
        size.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * theme.UNIT)
        grid.setVerticalSpacing(theme.UNIT)
        grid.setColumnStretch(1, 1)
        rows: list[tuple[str, QWidget, QWidget | None]] = [
            ("File name", self.file_name, self.format),
            ("Folder", self.folder, self.choose),
            ("Picture", self.layer, None),
            ("Size", self.width_px, None),
            ("Depth", self.bits, None),
        ]
        for row, (title, field, beside) in enumerate(rows):
            label = QLabel(title, self)
            label.setProperty("role", "muted")
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            if field is self.width_px:
                grid.addLayout(size, row, 1, 1, 2)
                continue
            field.setAccessibleName(title)
            grid.addWidget(field, row, 1, 1, 1 if beside else 2)
            if beside:
                grid.addWidget(beside, row, 2)
        self.format.setAccessibleName("Format")

    def _link(self, value: int, is_width: bool) -> None:
        ratio = self._canvas.height / self._canvas.width
        other = self.height_px if is_width else self.width_px
        with QSignalBlocker(other):
            other.setValue(round(value * ratio if is_width else value / ratio))
        self._mark_factor()
        self.changed.emit()

    def _scale_by(self, factor: int) -> None:
        for box, side in ((self.width_px, self._canvas.width), (self.height_px, self._canvas.height)):
            with QSignalBlocker(box):
                box.setValue(factor * side)
        self._mark_factor()
        self.changed.emit()

    def _mark_factor(self) -> None:
        size = self.size_px()
        for factor, button in self.factors.items():
            button.setChecked(size == Size(factor * self._canvas.height, factor * self._canvas.width))

    def _choose(self) -> None:
        dialog = QFileDialog(self, "Folder to export to", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()
