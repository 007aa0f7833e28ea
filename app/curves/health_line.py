"""How the training is, in a line below the canvas: a sentence, the button that helps, one that opens the curves."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from app.curves.health import Health, Remedy
from app.widgets import theme
from app.widgets.controls import set_role


class HealthLine(QWidget):
    """
    Signals:
        remedy_wanted(Remedy): the artist pressed what helps.
        best_wanted(): the artist wants to go back to the best moment.
    """

    remedy_wanted = Signal(object)
    best_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._remedy: Remedy | None = None
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.remedy = QPushButton(self)
        self.remedy.setProperty("role", "small")
        self.remedy.clicked.connect(self._on_remedy)
        self.best = QPushButton(self.tr("Back to the best moment"), self)
        self.best.setProperty("role", "small")
        self.best.setToolTip(self.tr("Goes back to the moment with the best style match; the present is kept"))
        self.best.clicked.connect(self.best_wanted)
        self.curves = QToolButton(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.UNIT, 3, theme.UNIT, 3)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.words, 1)
        for button in (self.remedy, self.best, self.curves):
            row.addWidget(button)
        self.show_nothing()

    def set_toggle(self, action: QAction) -> None:
        """What shows and hides the curves."""
        self.curves.setDefaultAction(action)

    def show_nothing(self) -> None:
        """Nothing has been learned that could be told of. The line keeps its place, so that the picture does."""
        self.words.clear()
        self.remedy.hide()
        self.best.hide()

    def show_health(self, state: Health, remedy: str, tip: str, back: bool) -> None:
        """
        Args:
            remedy: words of the button that helps; without one there is no button.
            tip: what it does, longer.
            back: whether there is a better moment to go back to.
        """
        self.words.setText(state.text)
        set_role(self.words, state.role)
        self._remedy = state.remedy
        self.remedy.setText(remedy)
        self.remedy.setToolTip(tip)
        self.remedy.setVisible(state.remedy is not None)
        self.best.setVisible(back)

    def _on_remedy(self) -> None:
        if self._remedy is not None:
            self.remedy_wanted.emit(self._remedy)
