"""Curves of the training: a small plot for each group of terms, marks where settings changed, and health in words."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.history import History
from engine.method import Method

if TYPE_CHECKING:
    from app.plot import Plot

REDRAW_MS = 500
COLUMN_PX = 150
IN_USE = "templates_in_use"


class Curves(QWidget):
    """Call `show_method`, then `add` for each report; it draws at most twice a second, and only while visible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.history = History(())
        self._labels: dict[str, str] = {}
        self._templates: int | None = None
        self._plots: list[Plot] = []
        self._columns = 0
        self.health = QLabel(self)
        self.health.setAccessibleName(self.tr("Health of the training"))
        self.changed = QLabel(self)
        self.changed.setProperty("role", "muted")
        self.changed.setAlignment(Qt.AlignmentFlag.AlignRight)
        for label in (self.health, self.changed):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        top = QGridLayout()
        top.addWidget(self.health, 0, 0)
        top.addWidget(self.changed, 0, 1)
        top.setColumnStretch(0, 3)
        top.setColumnStretch(1, 2)
        body = QWidget()
        self._grid = QGridLayout(body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self._scroll, 1)
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._timer.timeout.connect(self.redraw)

    def show_method(self, method: type[Method], labels: dict[str, str]) -> None:
        """Empty plots for a method's terms. `labels` are the artist's words for its settings."""
        from app.plot import Plot  # brings pyqtgraph along, which the first sight of the window need not wait for

        self._labels = labels
        self.history = History(tuple(term.key for term in method.terms))
        for plot in self._plots:
            plot.deleteLater()
        ordered = sorted(method.terms, key=lambda term: [t.group for t in method.terms].index(term.group))
        self._plots = [Plot(group, tuple(terms), self) for group, terms in groupby(ordered, key=lambda t: t.group)]
        for plot in self._plots[1:]:
            plot.area.setXLink(self._plots[0].area)
        self._columns = 0
        self._arrange()
        self.redraw()

    def set_templates(self, number: int | None) -> None:
        """How many templates there are, where the method has them."""
        self._templates = number

    def add(self, step: int, terms) -> None:
        self.history.add(step, terms)
        self._schedule()

    def mark(self, step: int, names: tuple[str, ...]) -> None:
        self.history.mark(step, names)
        self._schedule()

    def began(self, step: int) -> None:
        """A session goes on from `step`; 0 begins with empty plots."""
        if step == 0:
            self.history = History(self.history.keys)
        else:
            self.history.rewind(step)
        self._schedule()

    def redraw(self) -> None:
        self._timer.stop()
        for plot in self._plots:
            plot.draw(self.history)
        text, tone = health(self.history.latest.get(IN_USE), self._templates, len(self.history) > 0)
        self.health.setText(text)
        self.health.setToolTip(text)
        if self.health.property("role") != tone:
            self.health.setProperty("role", tone)
            self.health.style().polish(self.health)
        self.changed.setText(self._last_change())
        self.changed.setToolTip("\n".join(self._words(mark.names, mark.step) for mark in self.history.marks[-12:]))

    def _last_change(self) -> str:
        marks = self.history.marks
        return self.tr("last change: {}").format(self._words(marks[-1].names, marks[-1].step)) if marks else ""

    def _words(self, names: tuple[str, ...], step: int) -> str:
        labels = ", ".join(self._labels.get(name, name) for name in names[:3])
        more = self.tr(" and {} more").format(len(names) - 3) if len(names) > 3 else ""
        return self.tr("{}{} at step {}").format(labels, more, f"{step:,}")

    def _schedule(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._timer.start()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = max(1, min(len(self._plots), self.width() // COLUMN_PX))
        if columns == self._columns or not self._plots:
            return
        self._columns = columns
        for index, plot in enumerate(self._plots):
            self._grid.addWidget(plot, index // columns, index % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for plot in self._plots:
                plot.dress()
            self._schedule()


def health(in_use: float | None, templates: int | None, begun: bool) -> tuple[str, str]:
    """The state of the mixture in words, and its role: "muted", "good" or "warning"."""
    if not begun:
        return "Health: shown once training has begun.", "muted"
    if in_use is None or not templates:
        return "Health: nothing unusual.", "muted"
    share = in_use / templates
    said = f"Health: {in_use:.0f} of {templates} templates in use"
    if share < 0.15:
        return f"{said}. The mosaic falls back on a few pieces; more balance helps.", "warning"
    if share < 0.5:
        return f"{said}. More balance would bring in others.", "muted"
    return f"{said}, a rich mixture.", "good"
