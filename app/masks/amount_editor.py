"""The window in which a map of how much is painted, in greys that shine as more and less over the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QWidget

from app.masks.amount_picture import AmountPicture
from app.masks.amounts import USUAL, AmountChooser
from app.masks.base_editor import BaseEditor
from app.masks.beginning import Beginning
from app.masks.files import read_greys
from app.masks.guesses import guessed
from app.masks.tools import Toolbox


class AmountEditor(BaseEditor):
    """See `BaseEditor`."""

    def __init__(self, begin: Beginning, parent: QWidget | None = None) -> None:
        picture = AmountPicture(begin.mask.labels)
        super().__init__(begin, picture, self._toolbox(begin), parent)
        self.amounts = AmountChooser(picture, self)
        self.amounts.chosen.connect(self.view.set_label)
        self.amounts.touch_changed.connect(self.view.set_touch)
        self.view.picked.connect(self.amounts.choose)
        self.view.set_label(self.amounts.grey)
        self.view.set_touch(self.amounts.touch)
        for index in range(len(USUAL)):
            choose = self.amounts.choose_usual
            self.tools.action(f"amount {index + 1}", "", str(index + 1), lambda index=index, act=choose: act(index))
        self.finish([(self.amounts, 1)])

    def _toolbox(self, begin: Beginning) -> Toolbox:
        guesses = (
            ("detail", self.tr("More where it is finely drawn")),
            ("standing_out", self.tr("More where something stands out")),
            ("light", self.tr("More where it is light")),
            ("dark", self.tr("More where it is dark")),
        )
        return Toolbox(
            tools=("brush", "lasso", "fill", "gradient", *(("piece",) if begin.laid_of_pieces else ()), "eraser"),
            guesses=guesses if begin.below_path is not None else (),
            load_title=self.tr("From an image"),
            load_help=self.tr("Take the greys of an image, or a first guess from the picture below, to be corrected"),
            paint_help=self.tr("Paint with the chosen amount; Shift draws a straight line"),
            erase_help=self.tr("Erase: back to what the setting says"),
            invert_help=self.tr("Invert: more becomes less, and less more"),
        )

    def load(self, path: Path) -> None:
        words = self.tr("Reading {}…").format(path.name)
        self.read_in_background(lambda: read_greys(path), self._loaded, words)

    def guess(self, kind: str) -> None:
        path, shape = self.begin.below_path, self.picture.labels.shape
        if path is not None:
            words = self.tr("Looking at {}…").format(path.name)
            self.read_in_background(lambda: guessed(path, kind, (shape[0], shape[1])), self._loaded, words)

    def _loaded(self, greys: np.ndarray) -> None:
        self.picture.adopt(greys, (), self.tr("take the greys of an image"))
        self.note.say("")
