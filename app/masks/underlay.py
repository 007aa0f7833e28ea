"""What lies below a mask while it is painted: the slot's picture, or the result; and how much the mask covers it."""

from __future__ import annotations

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.masks.beginning import Noun
from app.masks.view import MaskView
from app.widgets import theme
from app.widgets.controls import JumpSlider

_OVER_RESULT = 30
"""Per cent that the mask covers a result: less than of another picture, for it is the result that is painted."""


class Underlay(QWidget):
    """
    Args:
        below: the slot's picture, where there is one.
        noun: what is painted.
    """

    def __init__(self, view: MaskView, below: QImage | None, noun: Noun, parent: QWidget) -> None:
        super().__init__(parent)
        self._view, self._below = view, below
        self._result: QImage | None = None
        words = self.tr("How much the {} covers the picture below").format(noun)
        self.strength = JumpSlider(self)
        self.strength.setRange(0, 100)
        self.strength.setValue(round(100 * view.strength))
        self.strength.setEnabled(below is not None)
        self.strength.setToolTip(words)
        self.strength.setAccessibleName(words)
        self.strength.valueChanged.connect(lambda value: view.set_strength(value / 100))
        self.over_result = QCheckBox(self.tr("Paint over the result"), self)
        self.over_result.setToolTip(self.tr("What is painted anew at each stroke lies below the {}").format(noun))
        self.over_result.setChecked(True)
        self.over_result.hide()
        self.over_result.toggled.connect(lambda _on: self._show())
        cover = QHBoxLayout()
        cover.addWidget(QLabel(self.tr("Picture"), self))
        cover.addWidget(self.strength, 1)
        cover.addWidget(QLabel(noun.capitalize(), self))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.over_result)
        column.addLayout(cover)
        self._show()

    def set_result(self, image: QImage) -> None:
        """The picture that the mask gives at present, to lie below it where the artist wants that."""
        if self._result is None:
            self.strength.setValue(_OVER_RESULT)
        self._result = image
        self.over_result.show()
        self.strength.setEnabled(True)
        self._show()

    @property
    def shown(self) -> QImage | None:
        """What lies below the mask; its shape is the canvas's."""
        return self._result or self._below

    def _show(self) -> None:
        over_result = self._result is not None and self.over_result.isChecked()
        self._view.set_below(self._result if over_result else self._below)
