"""What most exports need not think about: depth, packing, colours, bleed, repeat, origin. The form's fold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from app.widgets import theme
from app.widgets.controls import RingedCombo
from engine.export.format import Format
from engine.export.print_sizes import LABS, Lab, length_mm, pixels
from engine.options import ADOBE_RGB, SRGB, Compression, EncodeOptions

_CHOOSE = "choose"
_MOST_ABOVE = 4
"""Rows of the grid that are kept for `add_first`."""


class ExportOptions(QWidget):
    """Rows of a grid; those that a format has no use for are hidden. `changed` says that any option did.

    Args:
        can_repeat: whether the method paints seamless repeats.
    """

    changed = Signal()

    def __init__(self, can_repeat: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, tuple[QLabel, QWidget]] = {}
        self._above = 0
        self._profile = 0
        self._can_repeat = can_repeat
        self._has_free_places = False
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(2 * theme.UNIT)
        self.grid.setVerticalSpacing(theme.UNIT)
        self.grid.setColumnStretch(1, 1)
        self._make_file_rows()
        self._make_color_rows()
        self._make_paper_rows()
        self._format: Format | None = None

    def bits(self) -> Literal[8, 16]:
        return 16 if self._has("bits") and self.bits_box.currentData() == 16 else 8

    def bleed_px(self, dpi: float) -> int:
        return pixels(self.bleed.value(), dpi)

    def encode_options(self, dpi: float) -> EncodeOptions:
        """How the file is written, at a resolution."""
        compression: Compression = self.compression.currentData()
        intent: Literal["relative", "perceptual"] = self.intent.currentData()
        return EncodeOptions(
            dpi=dpi,
            profile=self.profile.currentData(),
            intent=intent,
            black_point=self.black_point.isChecked(),
            quality=self.quality.value(),
            compression=compression,
            pyramid=self._has("pyramid") and self.pyramid.isChecked(),
            marks=self.marks.isChecked(),
            provenance=self.provenance.isChecked(),
            transparent=self._has("transparent") and self.transparent.isChecked(),
        )

    def lab(self, kind: Format) -> Lab | None:
        """The lab whose wishes these choices fulfil; size and resolution are the artist's own."""
        encode_options = self.encode_options(EncodeOptions().dpi)
        for lab in LABS:
            file_fits = lab.suffix in kind.suffixes and lab.bits == self.bits()
            colors_fit = (
                lab.encode_options.profile == encode_options.profile
                and lab.encode_options.marks == encode_options.marks
            )
            quality_fits = not self._has("quality") or lab.encode_options.quality == encode_options.quality
            if file_fits and colors_fit and quality_fits:
                return lab
        return None

    def repeats(self) -> bool:
        return self._can_repeat and self.repeat.isChecked()

    def set_free_places(self, there: bool) -> None:
        """Whether the content is transparent in places, so that the file can be."""
        if there != self._has_free_places:
            self._has_free_places = there
            self._show_rows()

    def allow_look(self, allowed: bool) -> None:
        """Whether the repeat can be looked at now."""
        self._may_look = allowed
        self.look_at_repeat.setEnabled(allowed and self.repeat.isChecked())

    def add_first(self, title: str, field: QWidget) -> None:
        """A row above those of this fold, below the ones added so before."""
        self._put(self._above, title, field)
        self._above += 1

    def show_format(self, kind: Format) -> None:
        """Only what this kind of file can hold."""
        self._format = kind
        self._show_rows()

    def take(self, bits: int, encode_options: EncodeOptions, bleed_px: int) -> None:
        """All options that a lab or a remedy asks for; crop marks, origin and transparency stay."""
        if bits != self.bits():
            self.bits_box.setCurrentIndex(self.bits_box.findData(bits))
        self.set_profile(encode_options.profile)
        self.quality.setValue(encode_options.quality)
        self.compression.setCurrentIndex(self.compression.findData(encode_options.compression))
        if bleed_px != self.bleed_px(encode_options.dpi):
            self.bleed.setValue(length_mm(bleed_px, encode_options.dpi))

    def show_encoded(self, encode_options: EncodeOptions) -> None:
        """All options of how a file is written; its resolution and smaller versions are not this fold's."""
        self.take(self.bits(), replace(encode_options, dpi=EncodeOptions().dpi), self.bleed_px(EncodeOptions().dpi))
        self.intent.setCurrentIndex(self.intent.findData(encode_options.intent))
        self.black_point.setChecked(encode_options.black_point)
        self.marks.setChecked(encode_options.marks)
        self.provenance.setChecked(encode_options.provenance)
        self.transparent.setChecked(encode_options.transparent)

    def set_profile(self, profile: str) -> None:
        """ "srgb", "adobe-rgb", or the path of a file, which joins the list."""
        index = self.profile.findData(profile)
        if index < 0:
            index = self.profile.count() - 1
            self.profile.insertItem(index, Path(profile).name, profile)
            self.profile.setItemData(index, profile, Qt.ItemDataRole.ToolTipRole)
        self._profile = index
        self.profile.setCurrentIndex(index)

    # ------------------------------------------------------------ how

    def _make_file_rows(self) -> None:
        self.bits_box = RingedCombo(self)
        self.bits_box.addItem(self.tr("8 bits a colour, for screens and most printers"), 8)
        self.bits_box.addItem(self.tr("16 bits a colour, for more editing afterwards"), 16)
        self.compression = RingedCombo(self)
        for text, key in ((self.tr("Deflate: smallest"), "deflate"), (self.tr("LZW: read by older programs"), "lzw")):
            self.compression.addItem(text, key)
        self.compression.addItem(self.tr("None: fastest"), "none")
        self.pyramid = QCheckBox(self.tr("Smaller versions inside, for viewers of large pictures"), self)
        self.quality = QSpinBox(self)
        self.quality.setRange(1, 100)
        self.quality.setValue(EncodeOptions().quality)
        self.quality.setToolTip(self.tr("More keeps finer detail and makes a larger file; 90 to 95 looks flawless."))
        self.transparent = QCheckBox(self.tr("Transparent where the content is"), self)
        self.transparent.setToolTip(
            self.tr("The picture is painted there all the same: without this it is seen, and with it, it is hidden.")
        )
        self._add("transparent", self.tr("Ground"), self.transparent)
        self._add("bits", self.tr("Depth"), self.bits_box)
        self._add("compression", self.tr("Packing"), self.compression)
        self._add("pyramid", "", self.pyramid)
        self._add("quality", self.tr("Quality"), _left(self.quality))
        self._name(self.quality, self.tr("Quality"))
        for combo in (self.bits_box, self.compression):
            combo.currentIndexChanged.connect(self.changed)
        self.quality.valueChanged.connect(self.changed)
        for check in (self.pyramid, self.transparent):
            check.toggled.connect(self.changed)

    def _make_color_rows(self) -> None:
        self.profile = RingedCombo(self)
        self.profile.addItem(self.tr("sRGB, for screens and most shops"), SRGB)
        self.profile.addItem(self.tr("Adobe RGB (1998), for photo labs that ask for it"), ADOBE_RGB)
        self.profile.addItem(self.tr("The print shop's own profile…"), _CHOOSE)
        self.profile.currentIndexChanged.connect(self._on_profile)
        self.intent = RingedCombo(self)
        self.intent.addItem(self.tr("Keep colours exact where they can be printed"), "relative")
        self.intent.addItem(self.tr("Keep the relations between colours"), "perceptual")
        self.intent.setItemData(0, self.tr("Relative colorimetric"), Qt.ItemDataRole.ToolTipRole)
        self.intent.setItemData(1, self.tr("Perceptual"), Qt.ItemDataRole.ToolTipRole)
        self.black_point = QCheckBox(self.tr("Match the darkest black"), self)
        self.black_point.setToolTip(self.tr("Black point compensation: keeps detail in the shadows."))
        self.black_point.setChecked(True)
        self._add("profile", self.tr("Colours"), self.profile)
        self._add("intent", self.tr("Converting"), self.intent)
        self.proof = QCheckBox(self.tr("Show on the canvas how it will print"), self)
        self.proof.setToolTip(
            self.tr("Soft proof: colours that the print can not have are shown as they will come out.")
        )
        self._add("black_point", "", self.black_point)
        self._add("proof", "", self.proof)
        self.intent.currentIndexChanged.connect(self.changed)
        for check in (self.black_point, self.proof):
            check.toggled.connect(self.changed)

    def _make_paper_rows(self) -> None:
        self.bleed = QDoubleSpinBox(self)
        self.bleed.setRange(0, 50)
        self.bleed.setDecimals(1)
        self.bleed.setSuffix(self.tr(" mm"))
        self.bleed.setSpecialValueText(self.tr("none"))
        self.bleed.setToolTip(
            self.tr("More of the picture on each side, which the shop cuts away. Shops ask for 3 mm.")
        )
        self.marks = QCheckBox(self.tr("Crop marks"), self)
        self.marks.setToolTip(self.tr("Thin lines in a white margin that show where to cut."))
        self.repeat = QCheckBox(self.tr("Seamless, for fabric and wallpaper"), self)
        self.repeat.setToolTip(self.tr("What leaves the picture on one side comes in again on the other."))
        self.provenance = QCheckBox(self.tr("Write settings, seed and names of the images into it"), self)
        self.provenance.setToolTip(self.tr("Dropping the file on the window then brings its settings back."))
        self.provenance.setChecked(True)
        self._add("bleed", self.tr("Bleed"), _left(self.bleed, self.marks))
        self._name(self.bleed, self.tr("Bleed"))
        self.look_at_repeat = QPushButton(self.tr("See 3 × 3…"), self)
        self.look_at_repeat.setProperty("role", "small")
        self._may_look = True
        self.repeat.toggled.connect(lambda _checked: self.allow_look(self._may_look))
        self.allow_look(True)
        self._add("repeat", self.tr("Repeat"), _left(self.repeat, self.look_at_repeat))
        self._add("provenance", self.tr("Origin"), self.provenance)
        self.bleed.valueChanged.connect(self.changed)
        for check in (self.marks, self.repeat, self.provenance):
            check.toggled.connect(self.changed)

    def _add(self, key: str, title: str, field: QWidget) -> None:
        self._rows[key] = (self._put(_MOST_ABOVE + len(self._rows), title, field), field)

    def _put(self, row: int, title: str, field: QWidget) -> QLabel:
        label = QLabel(title, self)
        label.setProperty("role", "muted")
        label.setBuddy(field)
        self.grid.addWidget(label, row, 0)
        self.grid.addWidget(field, row, 1)
        if not isinstance(field, QCheckBox):
            self._name(field, title)
        return label

    @staticmethod
    def _name(field: QWidget, title: str) -> None:
        field.setAccessibleName(title)

    def _has(self, key: str) -> bool:
        """Whether an option means anything for the present format."""
        kind = self._format
        match key:
            case "bits":
                return kind is not None and 16 in kind.bits
            case "compression" | "pyramid" | "quality":
                return kind is not None and key in kind.options
            case "intent" | "black_point" | "proof":
                return self.profile.currentData() != SRGB
            case "repeat":
                return self._can_repeat
            case "transparent":  # also where the format can not: then that is said
                return self._has_free_places
        return True

    def _show_rows(self) -> None:
        for key, widgets in self._rows.items():
            for widget in widgets:
                widget.setVisible(self._has(key))

    def _on_profile(self, index: int) -> None:
        if self.profile.itemData(index) == SRGB:
            self.proof.setChecked(False)
        if self.profile.itemData(index) == _CHOOSE:
            self.profile.setCurrentIndex(self._profile)
            self.ask_for_profile()
            return
        self._profile = index
        self._show_rows()
        self.changed.emit()

    def ask_for_profile(self) -> None:
        """The artist chooses a file, which joins the list."""
        kinds = self.tr("Colour profiles (*.icc *.icm);;All files (*)")
        dialog = QFileDialog(self, self.tr("The print shop's colour profile"), str(Path.home()), kinds)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.set_profile)
        dialog.open()


def _left(*widgets: QWidget) -> QWidget:
    """Widgets in a row that keep their width."""
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2 * theme.UNIT)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return box
