"""Where, how large and how: the fields of an export, and what they add up to. Paints nothing, checks are elsewhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.export.crop import CropField
from app.export.film import FilmField
from app.export.options import ExportOptions
from app.export.size import SizeField
from app.widgets import theme, words
from app.widgets.controls import RingedCombo
from engine.box import Size
from engine.declarations import Layer
from engine.errors import BadSettingError
from engine.export import layered
from engine.export.format import Format, format_of, formats, suffixes
from engine.export.print_sizes import LABS, Lab, Layout, print_scale
from engine.messages.exports import ALL_LAYERS, ExportRequest
from engine.options import EncodeOptions, RenderMode

FORBIDDEN = '/\\:*?"<>|'
_BESIDE_PX = 112


class ExportForm(QWidget):
    """File, size and detail, and a fold with the rest. `changed` says that any of them did.

    Signals:
        changed()
        compare_requested(): the artist wants to see both kinds of detail.
        repeat_requested(): ... and the picture beside itself.

    Args:
        canvas: the size that was trained for, 1x; gives the proportion.
        layers: what can be painted, the first is chosen.
        folder: where the file is proposed to go.
        snapshot: passed on in the request.
        capabilities: see `Method.capabilities`.
        name: proposed for the file.
        content: size of the content in its file.
        best: how many times as large as trained the originals hold.
        walks: settings that lead from one picture to another, see film.py.
    """

    changed = Signal()
    compare_requested = Signal()
    repeat_requested = Signal()

    def __init__(
        self,
        canvas: Size,
        layers: tuple[Layer, ...],
        folder: Path,
        snapshot: Path | None,
        capabilities: frozenset[str] = frozenset(),
        name: str = "mosaic",
        content: Size | None = None,
        parent: QWidget | None = None,
        best: float = 1.0,
        walks: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parent)
        self.canvas, self.capabilities, self.snapshot = canvas, capabilities, snapshot
        self._tile_px: int | None = None
        self.lab = RingedCombo(self)
        self.lab.addItem(self.tr("Own choice"), None)
        for lab in LABS:
            self.lab.addItem(f"{lab.name}: {lab.help}", lab)
        self.file_name = QLineEdit(name, self)
        self.format = RingedCombo(self)
        for kind in formats():
            self.format.addItem(kind.name, kind)
            self.format.setItemData(self.format.count() - 1, kind.title, Qt.ItemDataRole.ToolTipRole)
        self.folder = QLineEdit(str(folder), self)
        self.choose = QPushButton(self.tr("Choose…"), self)
        self.choose.clicked.connect(self.ask_for_folder)
        self.layer = RingedCombo(self)
        for layer in layers:
            self.layer.addItem(layer.title, layer.key)
            self.layer.setItemData(self.layer.count() - 1, layer.help, Qt.ItemDataRole.ToolTipRole)
        if len(layers) > 1:
            self.layer.addItem(self.tr("All of them, as layers of a TIFF"), ALL_LAYERS)
            tip = self.tr("GIMP and Krita open them as layers. It takes as long as to paint each of them.")
            self.layer.setItemData(self.layer.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.size_field = SizeField(canvas, content, self, best)
        self.detail = RingedCombo(self)
        self.detail.addItem(self.tr("The same picture, with all detail of its pieces"), True)
        self.detail.addItem(self.tr("More pieces of the same size"), False)
        self.compare = QPushButton(self.tr("Compare…"), self)
        self.crop = CropField(canvas, self)
        self.film = FilmField("frames" in capabilities, walks, self)
        self.options = ExportOptions("repeat" in capabilities, self)
        self.paint_detail = QCheckBox(self.tr("With the fine detail of the pieces beneath"), self)
        self.paint_detail.setChecked(True)
        self._lay_out()
        self.lab.activated.connect(lambda _index: self._take(self.lab.currentData()))
        self.compare.clicked.connect(self.compare_requested)
        self.options.look_at_repeat.clicked.connect(self.repeat_requested)
        for edit in (self.file_name, self.folder):
            edit.textChanged.connect(self._on_changed)
        self.paint_detail.toggled.connect(self._on_changed)
        self.layer.activated.connect(lambda _index: self._fit_format())
        for combo in (self.format, self.layer, self.detail):
            combo.currentIndexChanged.connect(self._on_changed)
        self.film.changed.connect(self._on_changed)
        self.size_field.changed.connect(self._on_changed)
        self.crop.changed.connect(self._on_changed)
        self.options.changed.connect(self._on_changed)
        self._on_changed()

    # ------------------------------------------------------------ what was chosen

    def request(self) -> ExportRequest:
        """The export as it is set up now."""
        return ExportRequest(
            self.out(),
            self.size_field.size_px,
            self.layer.currentData(),
            tile_px=self._tile_px,
            bits=self.options.bits(),
            snapshot=self.snapshot,
            encode_options=self.options.encode_options(self.size_field.dpi),
            render_mode=self.render_mode(),
            bleed_px=self.options.bleed_px(self.size_field.dpi),
            frames=self.film.source,
            sweep=self.film.sweep,
            crop=self.crop.crop if self.cut_away() and not self.options.repeats() else None,
        )

    def render_mode(self, originals: bool | None = None) -> RenderMode:
        """The ways it is painted; `originals` overrules what was chosen."""
        wanted = bool(self.detail.currentData()) if originals is None else originals
        factor = self.factor() if wanted and self._has_detail() else 0.0
        return RenderMode(
            repeat=self.options.repeats(),
            originals=factor,
            smooth_paint=factor > 0 and not self.paint_detail.isChecked(),
        )

    def factor(self) -> float:
        """How many times as large as the trained picture."""
        return print_scale(self.size_field.size_px, self.canvas)

    def kind(self) -> Format:
        return self.format.currentData()

    def out(self) -> Path:
        """The file that will be written; a suffix that was typed is not doubled."""
        name = self.file_name.text().strip()
        if Path(name).suffix.lower() in (*suffixes(), self.film.suffix):
            name = name.removesuffix(Path(name).suffix)
        suffix = self.film.suffix or self.kind().suffixes[0]
        return Path(self.folder.text().strip()).expanduser() / f"{name}{suffix}"

    def layout_px(self) -> Layout:
        """The layout of the file: the picture, its bleed and its margins."""
        dpi = self.size_field.dpi
        return Layout(self.size_field.size_px, self.options.bleed_px(dpi), self.options.encode_options(dpi))

    def proof(self) -> EncodeOptions | None:
        """What the canvas is to be shown as; None for as it is."""
        return self.options.encode_options(self.size_field.dpi) if self.options.proof.isChecked() else None

    def obstacle(self) -> str:
        """Why the file can not be named so, as a sentence; empty when it can."""
        name, out = self.file_name.text().strip(), self.out()
        if not name or name.startswith("."):
            return self.tr("Give the file a name.")
        if any(sign in name for sign in FORBIDDEN):
            return self.tr("A file name can not contain any of {}").format(" ".join(FORBIDDEN))
        try:
            layered.check(self.request())
        except BadSettingError as error:
            return str(error)
        if not os.path.isdir(out.parent):
            return self.tr("There is no folder {}. Choose another one.").format(out.parent)
        return ""

    def set_out(self, out: Path) -> None:
        """Another name, folder or kind of file."""
        self._set_format(out)
        self.folder.setText(str(out.parent))
        self.file_name.setText(out.stem)

    def _set_format(self, out: Path) -> None:
        self.format.setCurrentIndex(formats().index(format_of(out)))

    def show_request(self, request: ExportRequest) -> None:
        """Other choices, as a remedy makes them."""
        self._tile_px = request.tile_px
        if request.out != self.out():
            self.set_out(request.out)
        if request.size is not None and request.size != self.size_field.size_px:
            self.size_field.choose(request.size)
        self.options.take(request.bits, request.encode_options, request.bleed_px)
        self.options.transparent.setChecked(request.encode_options.transparent)
        if request.crop is not None:
            self.crop.set_crop(request.crop)
        if self._has_detail():
            self.detail.setCurrentIndex(self.detail.findData(request.render_mode.originals > 0))
        self._on_changed()

    # ------------------------------------------------------------ what it adds up to

    def on_paper(self) -> str:
        """ "8.3 megapixels · 29.8 × 20.0 cm at 300 DPI"."""
        size, dpi = self.size_field.size_px, self.size_field.dpi
        paper = words.print_size(size.width, size.height, round(dpi))
        return self.tr("{} · {} at {:.0f} DPI").format(words.pixels(size.area), paper, dpi)

    def on_disk(self) -> str:
        """ "File of about 18.8 MB · 84.1 GB free on this disk"."""
        plain = self.layout_px().file.area * 3 * self.options.bits() / 8
        packed = plain * self.kind().packed_share
        folder = self.out().parent
        one = self.tr("Each frame about {}") if self.film.is_film else self.tr("File of about {}")
        about = one.format(words.amount(packed))
        if not os.path.isdir(folder):
            return about
        return self.tr("{} · {} free on this disk").format(about, words.amount(shutil.disk_usage(folder).free))

    def cut_away(self) -> str:
        """Says how much of the trained picture another proportion leaves out; empty where it is next to nothing."""
        size = self.size_field.size_px
        shares = (size.height / self.canvas.height / self.factor(), size.width / self.canvas.width / self.factor())
        lost = round(100 * (1 - min(shares)))
        if lost < 1:
            return ""
        sides = self.tr("top and bottom") if shares[0] < shares[1] else self.tr("left and right")
        words = self.tr("Another shape than the canvas: {} lose {} % in all.").format(sides, lost)
        return f"{words} {self.tr('Drag the frame, or move it by the arrow keys, to what is to stay.')}"

    def pieces(self, best: float) -> str:
        """From which size on pieces are enlarged; empty where that is not what was chosen.

        Args:
            best: how many times as large as trained their files have detail for.
        """
        if not self.render_mode().originals:
            return ""
        text = self.tr("Up to {:,} × {:,} px the pieces gain detail from their files; beyond that they are enlarged.")
        return text.format(round(self.canvas.width * best), round(self.canvas.height * best))

    # ------------------------------------------------------------ how

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.UNIT)
        grid.setVerticalSpacing(theme.UNIT)
        grid.setColumnStretch(1, 1)
        for side in (grid, self.options.grid):  # fields stand below each other, whether in the fold or not
            side.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance(self.tr("Converting")) + theme.UNIT // 2)
        for beside in (self.format, self.choose, self.compare, self.size_field.dpi_box):
            beside.setFixedWidth(_BESIDE_PX)
        self._labels: dict[QWidget, QLabel] = {}
        rows: list[tuple[str, QWidget, QWidget | None]] = [
            (self.tr("File name"), self.file_name, self.format),
            (self.tr("Folder"), self.folder, self.choose),
            (self.tr("Size"), self.size_field, None),
            (self.tr("Detail"), self.detail, self.compare),
        ]
        for row, (title, field, beside) in enumerate(rows):
            label = QLabel(title, self)
            label.setProperty("role", "muted")
            label.setBuddy(field)
            self._labels[field] = label
            top = Qt.AlignmentFlag.AlignTop if field is self.size_field else Qt.AlignmentFlag(0)
            if field is self.size_field:  # two rows: its title stands beside the first
                label.setMinimumHeight(self.file_name.sizeHint().height())
            grid.addWidget(label, row, 0, top)
            field.setAccessibleName(title)
            grid.addWidget(field, row, 1, 1, 1 if beside else 2)
            if beside:
                grid.addWidget(beside, row, 2)
        self.format.setAccessibleName(self.tr("Format"))
        self.fold = QToolButton(self)
        self.fold.setProperty("role", "fold")
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setText(self.tr("Colours, bleed and more"))
        self.fold.setCheckable(True)
        self.fold.toggled.connect(self._open)
        self.options.add_first(self.tr("Made for"), self.lab)
        self.options.add_first(self.tr("Picture"), self.layer)
        if "paint_detail" in self.capabilities:
            self.options.add_first(self.tr("Paint"), self.paint_detail)
        else:
            self.paint_detail.hide()
        if self.film.choice.count() > 1:
            self.options.add_first(self.tr("Film"), self.film)
        else:
            self.film.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(grid)
        column.addWidget(self.fold)
        column.addWidget(self.options)
        self._open(False)

    def _open(self, opened: bool) -> None:
        self.options.setVisible(opened)
        self.fold.setIcon(theme.icon("fold" if opened else "unfold"))

    def _on_changed(self) -> None:
        self.options.show_format(self.kind())
        self.crop.set_print(self.size_field.size_px)
        self.format.setEnabled(not self.film.suffix)
        for widget in (self.detail, self.compare, self._labels[self.detail]):
            widget.setVisible(self._has_detail())
        self.lab.setCurrentIndex(max(0, self.lab.findData(self.options.lab(self.kind()))))
        self.changed.emit()

    def _fit_format(self) -> None:
        """Only a TIFF holds layers."""
        if self.layer.currentData() == ALL_LAYERS:
            self._set_format(Path("layers.tif"))

    @property
    def shown_layer(self) -> str:
        """The layer to look at: the first one, where all are painted."""
        chosen = self.layer.currentData()
        return self.layer.itemData(0) if chosen == ALL_LAYERS else chosen

    def _has_detail(self) -> bool:
        """Whether there are two ways to reach this size."""
        return "originals" in self.capabilities and self.size_field.size_px != self.canvas

    def _take(self, lab: Lab | None) -> None:
        if lab is not None:
            self._set_format(Path(f"picture{lab.suffix}"))
            self.options.take(lab.bits, lab.encode_options, self.options.bleed_px(self.size_field.dpi))
        self._on_changed()

    def ask_for_folder(self) -> None:
        """Where the file is to go."""
        dialog = QFileDialog(self, self.tr("Folder to export to"), self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()
