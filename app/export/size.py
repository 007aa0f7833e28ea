"""How large: a choice of sizes, width and height in any unit, and the pixels for each inch. Knows no files."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.widgets import theme, words
from engine.box import Size
from engine.export.format import LARGEST_SIDE
from engine.export.print_sizes import (
    MM_PER_INCH,
    PAPERS,
    PRINT_DPI,
    USES,
    Paper,
    Use,
    held_size,
    length_mm,
    pixels,
    proposed_size,
)

FACTORS = (1, 2, 4, 8)
CONTENT_FACTORS = (1, 2)
SMALLEST_PX = 64
DPI = 300.0
_UNITS = {"px": (0.0, 0), "cm": (10.0, 1), "mm": (1.0, 0), "inch": (MM_PER_INCH, 2)}
"""Millimetres of each (0: none of its own), and decimals."""


class SizeField(QWidget):
    """The size of the picture after cutting. `changed` says that it, or the resolution, did.

    It begins with at least the content's own size. What was chosen in pixels stays so when the resolution changes; what
    was chosen in a length keeps its length.

    Args:
        canvas: the size that was trained for, 1x; gives the proportion.
        content: size of the content in its file, to be offered as well; None where there is none.
        best: how many times as large as trained the originals hold; the field begins there where that is more.
    """

    changed = Signal()

    def __init__(
        self, canvas: Size, content: Size | None = None, parent: QWidget | None = None, best: float = 1.0
    ) -> None:
        super().__init__(parent)
        self._canvas, self._held = canvas, held_size(canvas, best)
        proposed = proposed_size(canvas, content)
        holds_more = self._held.area > proposed.area
        self._size = self._held if holds_more else proposed
        self._ratio = canvas.height / canvas.width
        self._on_paper: tuple[float, float] | None = None
        """Height and width in millimetres, where they are what was chosen."""
        self.choice = self._make_choice(content)
        self.unit = QComboBox(self)
        self.unit.addItems(list(_UNITS))
        self.unit.setAccessibleName(self.tr("Unit"))
        self.width_box, self.height_box = self._side(self.tr("Width"), True), self._side(self.tr("Height"), False)
        self.locked = self._make_lock()
        self.dpi_box = QDoubleSpinBox(self)
        self.dpi_box.setRange(10, 2400)
        self.dpi_box.setDecimals(0)
        self.dpi_box.setValue(PRINT_DPI if holds_more else DPI)
        self.dpi_box.setSuffix(self.tr(" DPI"))
        self.dpi_box.setAccessibleName(self.tr("Resolution in print"))
        self.dpi_box.setToolTip(
            self.tr("Pixels for each inch of the print. 300 is seen as sharp from reading distance.")
        )
        self._lay_out()
        self.unit.currentIndexChanged.connect(lambda _index: self._show())
        self.dpi_box.valueChanged.connect(lambda _value: self._on_dpi())
        self.choice.activated.connect(lambda _index: self.choose(self.choice.currentData()))
        self._show()

    @property
    def size_px(self) -> Size:
        return self._size

    @property
    def dpi(self) -> float:
        return self.dpi_box.value()

    @property
    def on_paper(self) -> bool:
        """Whether a length was chosen, which stays when the resolution changes."""
        return self._on_paper is not None

    def choose_longer(self, side_px: int, on_paper: bool) -> None:
        """The whole picture, its longer side of so many pixels; `on_paper` that length stays for other resolutions."""
        height, width = self._canvas.height, self._canvas.width
        factor = min(max(SMALLEST_PX, side_px), LARGEST_SIDE) / max(height, width)
        size = Size(max(SMALLEST_PX, round(height * factor)), max(SMALLEST_PX, round(width * factor)))
        self.choose(size)
        if on_paper:
            self._on_paper = length_mm(size.height, self.dpi), length_mm(size.width, self.dpi)
            self._show()

    def choose(self, size: Size | Paper | None) -> None:
        """A size in pixels, or a paper (turned as the canvas lies); None leaves all as it is."""
        if isinstance(size, Paper):
            landscape = self._canvas.width > self._canvas.height
            across, down = size.width_mm, size.height_mm
            self._on_paper = (across, down) if landscape else (down, across)
            self._ratio = self._on_paper[0] / self._on_paper[1]
            self._size = size.pixels(self.dpi, landscape)
            if self.unit.currentText() == "px":
                with QSignalBlocker(self.unit):
                    self.unit.setCurrentText("cm")
        elif size is not None:
            self._on_paper, self._size, self._ratio = None, size, size.height / size.width
        self._show()
        self.changed.emit()

    def fit(self, use: Use) -> None:
        """The whole picture for a use: nothing is cut away, and the resolution is what the originals hold."""
        self._on_paper = use.lengths_mm(self._canvas)
        self._ratio = self._canvas.height / self._canvas.width
        with QSignalBlocker(self.dpi_box), QSignalBlocker(self.unit):
            self.dpi_box.setValue(use.dpi(self._canvas, self._held))
            if self.unit.currentText() == "px":
                self.unit.setCurrentText("cm")
        self._size = self._in_pixels(*self._on_paper)
        self._show()
        self.changed.emit()

    # ------------------------------------------------------------ how

    def _make_choice(self, content: Size | None) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(self.tr("Size"))
        for factor in FACTORS:
            text = self.tr("As trained") if factor == 1 else self.tr("{} × as large").format(factor)
            box.addItem(text, Size(factor * self._canvas.height, factor * self._canvas.width))
        if self._held != self._canvas:
            box.addItem(self.tr("As large as the originals hold"), self._held)
        if content is not None and content != self._canvas:
            box.insertSeparator(box.count())
            for factor in CONTENT_FACTORS:
                text = self.tr("As the content") if factor == 1 else self.tr("{} × the content").format(factor)
                box.addItem(text, Size(factor * content.height, factor * content.width))
        box.insertSeparator(box.count())
        for paper in PAPERS:
            box.addItem(paper.name.replace(" x ", " × "), paper)
        box.insertSeparator(box.count())
        box.addItem(self.tr("Own size"), None)
        return box

    def _make_lock(self) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(theme.icon("link"))
        button.setIconSize(QSize(16, 16))
        button.setCheckable(True)
        button.setChecked(True)
        button.setToolTip(self.tr("Keep the proportion of width and height"))
        button.setAccessibleName(button.toolTip())
        button.toggled.connect(self._on_lock)
        return button

    def _side(self, title: str, is_width: bool) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setAccessibleName(title)
        box.setKeyboardTracking(False)
        box.setGroupSeparatorShown(True)
        box.setMinimumWidth(84)
        box.valueChanged.connect(lambda value: self._on_side(value, is_width))
        return box

    def _chip(self, use: Use) -> QPushButton:
        height_mm, width_mm = use.lengths_mm(self._canvas)
        dpi = use.dpi(self._canvas, self._held)
        chip = QPushButton(self.tr(use.name), self)
        chip.setProperty("role", "small")
        chip.setAutoDefault(False)
        chip.setCheckable(True)
        across, down = (pixels(side, dpi) for side in (width_mm, height_mm))
        size = f"{across:,} × {down:,} px" if use.name == "Screen" else words.print_size(across, down, round(dpi))
        chip.setToolTip(self.tr("The whole picture, {} at {:.0f} DPI; nothing is cut away").format(size, dpi))
        chip.setAccessibleName(self.tr("Size for: {}").format(use.name))
        chip.clicked.connect(lambda: self.fit(use))
        return chip

    def _lay_out(self) -> None:
        sides = QHBoxLayout()
        sides.setSpacing(theme.UNIT)
        for widget in (self.width_box, QLabel("×", self), self.height_box, self.unit, self.locked):
            sides.addWidget(widget)
        sides.addStretch(1)
        above = QHBoxLayout()
        above.setSpacing(2 * theme.UNIT)
        above.addWidget(self.choice, 1)
        above.addWidget(self.dpi_box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        uses = QHBoxLayout()
        uses.setSpacing(theme.UNIT // 2)
        self.chips = {use: self._chip(use) for use in USES}
        for chip in self.chips.values():
            uses.addWidget(chip)
        uses.addStretch(1)
        column.addLayout(uses)
        column.addLayout(above)
        column.addLayout(sides)
        self.setFocusProxy(self.choice)

    def _on_side(self, value: float, is_width: bool) -> None:
        per_unit, _ = _UNITS[self.unit.currentText()]
        other = value * self._ratio if is_width else value / self._ratio
        if not self.locked.isChecked():
            other = (self.height_box if is_width else self.width_box).value()
        height, width = (other, value) if is_width else (value, other)
        if per_unit:
            self._on_paper = (height * per_unit, width * per_unit)
            self._size = self._in_pixels(*self._on_paper)
        else:
            self._on_paper = None
            self._size = Size(max(SMALLEST_PX, round(height)), max(SMALLEST_PX, round(width)))
        if not self.locked.isChecked():
            self._ratio = self._size.height / self._size.width
        self._show()
        self.changed.emit()

    def _on_lock(self, locked: bool) -> None:
        if locked:
            self._ratio = self._size.height / self._size.width

    def _on_dpi(self) -> None:
        if self._on_paper is not None:
            self._size = self._in_pixels(*self._on_paper)
        self._show()
        self.changed.emit()

    def _in_pixels(self, height_mm: float, width_mm: float) -> Size:
        return Size(max(SMALLEST_PX, pixels(height_mm, self.dpi)), max(SMALLEST_PX, pixels(width_mm, self.dpi)))

    def _show(self) -> None:
        per_unit, decimals = _UNITS[self.unit.currentText()]
        sides = ((self.height_box, self._size.height, 0), (self.width_box, self._size.width, 1))
        for box, side, index in sides:
            with QSignalBlocker(box):
                box.setDecimals(decimals)
                box.setRange(*(_shown(limit, per_unit, self.dpi) for limit in (SMALLEST_PX, LARGEST_SIDE)))
                length = None if self._on_paper is None or not per_unit else self._on_paper[index] / per_unit
                box.setValue(_shown(side, per_unit, self.dpi) if length is None else length)
        own = self.tr("Own size")
        for use, chip in self.chips.items():
            chip.setChecked(self._on_paper == use.lengths_mm(self._canvas))
            if chip.isChecked():
                own = self.tr("{}, the whole picture").format(self.tr(use.name))
        with QSignalBlocker(self.choice):
            self.choice.setItemText(self.choice.count() - 1, own)
            self.choice.setCurrentIndex(self._index_of_choice())

    def _index_of_choice(self) -> int:
        """Which of the choices the present size is; the last one for any other."""
        for index in range(self.choice.count()):
            choice = self.choice.itemData(index)
            if isinstance(choice, Paper):
                if self._on_paper is not None and sorted(self._on_paper) == sorted((choice.width_mm, choice.height_mm)):
                    return index
            elif choice is not None and self._size == choice:
                return index
        return self.choice.count() - 1


def _shown(side_px: int, per_unit_mm: float, dpi: float) -> float:
    """A length in the unit, that is to be shown."""
    return length_mm(side_px, dpi) / per_unit_mm if per_unit_mm else float(side_px)
