"""The window in which the regions of a mask are painted, named, and given pieces."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QWidget

from app.masks.base_editor import BaseEditor
from app.masks.beginning import Beginning
from app.masks.files import MaskFile, matched, read
from app.masks.list import RegionList, percent
from app.masks.parts import StyleParts, cut_of
from app.masks.picture import UNPAINTED, MaskPicture
from app.masks.pieces import RegionPieces
from app.masks.tools import Toolbox

_COUNTS = (3, 4, 6, 8)


class MaskEditor(BaseEditor):
    """See `BaseEditor`."""

    def __init__(self, begin: Beginning, parent: QWidget | None = None) -> None:
        picture = MaskPicture(begin.mask.labels, begin.mask.regions)
        super().__init__(begin, picture, self._toolbox(begin), parent)
        self._problem = ""
        self.regions = RegionList(self.picture, self)
        if begin.needs:
            self.regions.set_needed(begin.others, begin.needs)
        self.pieces = RegionPieces(self.picture, self)
        self.parts = StyleParts(begin.style, begin.style_mask, self)
        if picture.regions and (picture.labels == picture.regions[0].label).all():
            self.regions.choose_row(1)  # the first is everywhere: a stroke of it would show nothing
        heading = QLabel(self.tr("Regions"), self)
        heading.setProperty("role", "heading")
        self.regions.chosen.connect(self.view.set_label)
        self.regions.chosen.connect(self.pieces.set_label)
        self.regions.hovered.connect(self._light)
        self.view.picked.connect(self.regions.choose)
        self.pieces.shown.connect(self._show_swatches)
        self.view.set_label(self.regions.label)
        self.pieces.set_images(begin.pieces)
        self.pieces.set_label(self.regions.label)
        for row in range(9):
            self.tools.action(f"region {row + 1}", "", str(row + 1), lambda row=row: self.regions.choose_row(row))
        self._tell_crowded(begin.mask)
        self.finish([(heading, 0), (self.regions, 1), (self.pieces, 1), (self.parts, 0)])

    def _toolbox(self, begin: Beginning) -> Toolbox:
        guesses = [(str(count), self.tr("Its {} main colours").format(count)) for count in _COUNTS]
        return Toolbox(
            tools=("brush", "lasso", "fill", *(("piece",) if begin.laid_of_pieces else ()), "eraser"),
            guesses=tuple(guesses) if begin.below_path is not None else (),
            load_title=self.tr("Regions from an image"),
            load_help=self.tr("Find the regions in the colours of an image"),
            paint_help=self.tr("Paint with the chosen region; Shift draws a straight line"),
            erase_help=self.tr("Unpaint: unpainted places join the region nearest to them"),
            invert_help=self.tr("Invert: the chosen region where it is not, and the largest other one where it was"),
        )

    # ------------------------------------------------------------ regions from images

    def load(self, path: Path, count: int = 0) -> None:
        """Takes over the regions of an image, found in the background; can be undone.

        Args:
            count: how many regions; 0 finds out.
        """
        words = self.tr("Finding the regions of {}…").format(path.name)
        self.read_in_background(lambda: read(path, count), self._loaded, words)

    def guess(self, kind: str) -> None:
        if self.begin.below_path is not None:
            self.load(self.begin.below_path, int(kind))

    def _loaded(self, found: MaskFile) -> None:
        if self.begin.others:
            found = matched(found, self.begin.others)
        self.picture.adopt(found.labels, found.regions, self.tr("take the regions of an image"))
        self._tell_crowded(found)
        self.show_shares()

    def _tell_crowded(self, mask: MaskFile) -> None:
        text = self.tr(
            "The image has very many colours; its {} most frequent ones are regions. Merge what belongs together."
        )
        self._problem = text.format(len(mask.regions)) if mask.crowded else ""

    # ------------------------------------------------------------ what is shown

    def _light(self, label: int) -> None:
        """A region is pointed at in the list: it is lit where it is, and in the style that it stands for."""
        self.view.set_lit(label)
        regions = {region.label: region for region in self.picture.regions}
        self.parts.light(regions[label].color if label in regions else None)

    def _show_swatches(self) -> None:
        """What each region looks like: cut from what may lie there, from its part of the style, or from below it."""
        self.regions.set_swatches({region.label: self._swatch(region.label) for region in self.picture.regions})

    def _swatch(self, label: int) -> QImage | None:
        region = self.picture.region(label)
        if self.pieces.directs:
            return self.pieces.swatch(label)
        found = self.parts.cut(region.color)
        if found is None and self.begin.below is not None and self.begin.style is None:
            sheet = self.view.on_sheet(self.begin.below)
            found = cut_of(self.begin.below, self.picture.labels == label, QRect(sheet.toAlignedRect()))
        return found

    def show_shares(self) -> None:
        super().show_shares()
        shares = self.picture.shares()
        self.regions.show_shares(shares)
        self._show_swatches()
        empty = shares[UNPAINTED]
        lacking = [r.name for r in self.picture.regions if shares[r.label] and self.regions.lacking(r)]
        if self._problem:
            self.note.say(self._problem, "warning")
        elif empty == 1:
            self.note.say(self.tr("Choose a region and paint where it shall be."))
        elif lacking:
            text = self.tr("{} has no {}: merge it into a region that is there, or paint it there as well.")
            self.note.say(text.format(self.begin.needs, self.tr(" and no ").join(lacking)), "warning")
        elif empty:
            self.note.say(self.tr("Unpainted places ({}) will join the region nearest to them.").format(percent(empty)))
        else:
            self.note.say("")
        for button in (self.apply_button, self.done_button):
            button.setEnabled(empty < 1)

    def apply(self) -> None:
        self._problem = ""
        super().apply()
