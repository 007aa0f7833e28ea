"""Curves of the training: a small plot for each group of terms, marks where settings changed, and health in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.curves.health import Health, health
from app.curves.health_line import HealthLine
from app.curves.history import History, Mark
from app.widgets.controls import ElidedLabel
from app.widgets.down_area import DownArea
from engine.declarations import MATCHES, Term
from engine.job import Job
from engine.method import Method
from engine.settings import Settings, specs

if TYPE_CHECKING:
    from app.curves.plot import Plot

REDRAW_MS = 500
COLUMN_PX = 190
LEAST_PX = COLUMN_PX + 30
MOST_LISTED = 20
"""Changes in the list, the newest ones."""


class Curves(QWidget):
    """Call `show_method`, then `add` for each report; it draws at most twice a second, plots only while visible."""

    remedy_wanted = Signal(object)
    """A `Remedy` that the artist pressed."""
    values_wanted = Signal(object)
    """A `Mark` whose values the artist wants back."""
    best_wanted = Signal()
    """The artist wants to go back to the best moment."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.history = History(())
        self._values: Settings | None = None
        self._method: type[Method] | None = None
        self._built: Settings | None = None
        """What the networks that train were made from: some settings wait for a rebuild."""
        self._terms: tuple[Term, ...] = ()
        self._plots: list[Plot] = []
        self._shown: list[Plot] = []
        self._columns = 0
        self.line = HealthLine()
        """Stands where it is always in sight, whether the curves are shown or not."""
        self.line.remedy_wanted.connect(self.remedy_wanted)
        self.line.best_wanted.connect(self.best_wanted)
        self.nothing = QLabel(self.tr("Curves are drawn here while it trains."), self)
        self.nothing.setProperty("role", "muted")
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._has_best = False
        self.changes = QToolButton(self)
        self.changes.setText(self.tr("Changes") + " ▾")
        self.changes.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.changes.setToolTip(
            self.tr("What changed when, and back to the values of then. So do the lines in the curves")
        )
        self.changes.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.changes.setMenu(QMenu(self.changes))
        self.changes.menu().aboutToShow.connect(
            lambda: self._fill(self.changes.menu(), self.history.marks[-MOST_LISTED:])
        )
        self.changed = ElidedLabel("", self)
        self.changed.setProperty("role", "muted")
        self.changed.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.changed, 1)
        top.addWidget(self.changes)
        body = QWidget()
        self._grid = QGridLayout(body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self._scroll = DownArea(self)
        self._scroll.setWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(self._scroll, 1)
        self.setMinimumWidth(LEAST_PX)
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._timer.timeout.connect(self.redraw)

    def show_method(self, method: type[Method]) -> None:
        """Empty plots for a method's terms, made when they are first seen."""
        self._method, self._values = method, method.Settings()
        self._terms = (*MATCHES, *method.terms)
        self.history = History(tuple(term.key for term in self._terms))
        for plot in self._plots:
            plot.deleteLater()
        self._plots, self._shown, self._columns = [], [], 0
        self.redraw()

    def _make_plots(self) -> None:
        from app.curves.plot import Plot  # brings pyqtgraph along: half a second that the start need not wait for

        terms = self._terms
        ordered = sorted(terms, key=lambda term: [t.group for t in terms].index(term.group))
        self._plots = [Plot(group, tuple(terms), self) for group, terms in groupby(ordered, key=lambda t: t.group)]
        for plot in self._plots:
            plot.marks_clicked.connect(self._on_marks)

    def set_values(self, settings: Settings) -> None:
        """The settings in force, which a remedy changes."""
        self._values = settings

    def set_best(self, there: bool) -> None:
        """Whether there is a better moment than the present to go back to."""
        self._has_best = there

    def add(self, step: int, terms) -> None:
        self.history.add(step, terms)
        self._schedule()

    def mark(self, step: int, text: str, names: tuple[str, ...] = (), job: Job | None = None, merge: str = "") -> None:
        """See `History.mark`."""
        self.history.mark(step, text, names, job, merge)
        self._schedule()

    def began(self, step: int, settings: Settings | None = None) -> None:
        """A session goes on from `step`, with networks made from these settings; 0 begins with empty plots."""
        self._built = settings
        if step == 0:
            self.history = History(self.history.keys)
        else:
            self.history.rewind(step)
        self._schedule()

    def redraw(self) -> None:
        self._timer.stop()
        if self._terms and not self._plots and self.isVisible():
            self._make_plots()
        self._arrange()
        self._show_health()
        if self.isVisible():
            for plot in self._shown:
                plot.draw(self.history)
        self.changed.setText(self._last_change())
        self.changed.setVisible(bool(self.history.marks))
        self.changes.setVisible(bool(self.history.marks))
        self.changed.setToolTip("\n".join(_words(mark) for mark in self.history.marks[-MOST_LISTED:]))

    def _show_health(self) -> None:
        if not self.history.latest:
            self.line.show_nothing()
            return
        state = self._health()
        words = tip = ""
        if state.remedy is not None and self._values is not None:
            ((name, value),) = state.remedy.values(self._values).items()
            if value == getattr(self._values, name):  # it is at the end of its range already
                state = replace(state, remedy=None)
            else:
                spec = next(spec for spec in specs(type(self._values)) if spec.name == name)
                words = self.tr("Set {} to {}").format(spec.knob.label, spec.label_of(_figures(value)))
                tip = self.tr("{}; can be undone").format(state.remedy.title)
        self.line.show_health(state, words, tip, state.back and self._has_best)

    def _health(self) -> Health:
        method, values = self._method, self._values
        if method is None or not isinstance(values, method.Settings):  # between two methods
            return health(self.history, None, None)
        built = self._built if isinstance(self._built, method.Settings) else values
        pieces, guess = method.number_of_pieces(built), method.loss_of_guessing(built)
        return health(self.history, pieces, method.Settings, guess)

    def _last_change(self) -> str:
        marks = self.history.marks
        return self.tr("last: {}").format(_words(marks[-1])) if marks else ""

    def _on_marks(self, marks: list[Mark], at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(menu, marks)
        menu.popup(at)

    def _fill(self, menu: QMenu, marks: list[Mark]) -> None:
        """An action for each mark, the newest first, that goes back to its values."""
        menu.clear()
        menu.addSection(self.tr("Back to the values after"))
        for mark in reversed(marks):
            action = menu.addAction(_words(mark), lambda mark=mark: self.values_wanted.emit(mark))
            action.setEnabled(mark.job is not None)

    def _schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._timer.start()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Side by side; a plot whose terms the present settings leave out has no place."""
        begun = bool(self.history.latest)
        self.nothing.setVisible(not begun)
        self._scroll.setVisible(begun)
        shown = [plot for plot in self._plots if not begun or any(map(self.history.has, plot.keys))]
        columns = max(1, min(len(shown), self.width() // COLUMN_PX))
        if (columns == self._columns and shown == self._shown) or not shown:
            return
        self._columns, self._shown = columns, shown
        for plot in self._plots:
            self._grid.removeWidget(plot)
            plot.setVisible(plot in shown)
        for index, plot in enumerate(shown):
            self._grid.addWidget(plot, index // columns, index % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for plot in self._plots:
                plot.dress()
            self._schedule()


def _figures(value: float) -> float:
    """Three figures, as they are read on a button."""
    return float(f"{value:.3g}")


def _words(mark: Mark) -> str:
    return QCoreApplication.translate("Curves", "{} at step {}").format(mark.text, f"{mark.step:,}")
