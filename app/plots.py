"""Curves of the training: a small plot for each group of terms, marks where settings changed, and health in words."""

from __future__ import annotations

import math
from itertools import groupby

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from app.history import History
from engine.method import Method, Term

REDRAW_MS = 500
COLUMN_PX = 150
ROW_PX = 80
END_SHARE = 0.12
"""Of an axis, at both of its ends: no number stands there."""
MOST_MARKS = 40
IN_USE = "templates_in_use"


class Curves(QWidget):
    """Call `show_method`, then `add` for each report; it draws at most twice a second, and only while visible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.history = History(())
        self._labels: dict[str, str] = {}
        self._templates: int | None = None
        self._plots: list[_Plot] = []
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
        self._labels = labels
        self.history = History(tuple(term.key for term in method.terms))
        for plot in self._plots:
            plot.deleteLater()
        ordered = sorted(method.terms, key=lambda term: [t.group for t in method.terms].index(term.group))
        self._plots = [_Plot(group, tuple(terms), self) for group, terms in groupby(ordered, key=lambda t: t.group)]
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


class _Plot(QWidget):
    """The terms of one group, with their present values above."""

    def __init__(self, group: str, terms: tuple[Term, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._terms = terms
        self._group = group
        self.title = QLabel(self)
        self.title.setTextFormat(Qt.TextFormat.RichText)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        axes: dict[str, pg.AxisItem] = {side: _Axis(side) for side in ("bottom", "left")}
        plot = pg.PlotItem(enableMenu=False, axisItems=axes)
        self.area = _Area(self, plotItem=plot)
        self.area.setMouseEnabled(x=False, y=False)
        self.area.hideButtons()
        self.area.setMinimumSize(100, ROW_PX - 20)
        self.area.setAccessibleName(group)
        plot.setContentsMargins(0, 2, 4, 0)
        self._plot = plot
        bottom, left = self.area.getAxis("bottom"), self.area.getAxis("left")
        left.setWidth(38)
        bottom.setHeight(18)
        for axis in (bottom, left):
            axis.setStyle(tickLength=-3, tickTextOffset=3, autoExpandTextSpace=False)
        self._curves = [self.area.plot() for _ in terms]
        self._marks: list[pg.InfiniteLine] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.area, 1)
        self.dress()

    def dress(self) -> None:
        """The colours of the theme."""
        colors = theme.colors()
        self.area.setBackground(colors.base)
        font = QFont(self.font())
        font.setPointSizeF(max(6.0, font.pointSizeF() * 0.8))
        for side in ("bottom", "left"):
            axis = self.area.getAxis(side)
            axis.setPen(pg.mkPen(colors.grid))
            axis.setTextPen(pg.mkPen(colors.muted))
            axis.setTickFont(font)
        for index, curve in enumerate(self._curves):
            curve.setPen(pg.mkPen(colors.curves[index % len(colors.curves)], width=1))
        for line in self._marks:
            line.setPen(_mark_pen())

    def draw(self, history: History) -> None:
        self._write_title(history)
        for side in ("bottom", "left"):
            self.area.getAxis(side).setStyle(showValues=len(history) > 1)
        for term, curve in zip(self._terms, self._curves, strict=True):
            curve.setData(*history.curve(term.key), connect="finite")
        steps = [mark.step for mark in history.marks[-MOST_MARKS:]]
        while len(self._marks) < len(steps):
            line = pg.InfiniteLine(angle=90, pen=_mark_pen())
            self._plot.addItem(line, ignoreBounds=True)
            self._marks.append(line)
        for index, line in enumerate(self._marks):
            line.setVisible(index < len(steps))
            if index < len(steps):
                line.setValue(steps[index])

    def _write_title(self, history: History) -> None:
        """One line: the name, and the values in the colours of their curves; what is what is in the tooltip."""
        colors = theme.colors()
        values, lines = [], []
        for index, term in enumerate(self._terms):
            value = history.latest.get(term.key)
            shown = "–" if value is None else f"{value:.2g}"
            colour = colors.curves[index % len(colors.curves)]
            values.append(f'<b style="color:{colour}">{shown}</b>')
            lines.append(f'<span style="color:{colour}">━</span> <b>{term.title}</b> {shown}<br>{term.help}')
        name = self._terms[0].title if len(self._terms) == 1 else self._group
        self.title.setText(f"{name}&nbsp; {' · '.join(values)}")
        self.setToolTip("<br>".join(lines))


class _Area(pg.PlotWidget):
    """A plot that leaves the wheel to the list of plots that it is in."""

    def wheelEvent(self, ev) -> None:
        ev.ignore()


class _Axis(pg.AxisItem):
    """Two or three round numbers, none so near an end that it would be cut off or run into the other axis."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not maxVal > minVal:
            return []
        span = maxVal - minVal
        power = 10.0 ** math.floor(math.log10(span))
        low, high = minVal + END_SHARE * span, maxVal - END_SHARE * span
        for step in (5 * power, 2 * power, power, power / 2, power / 5, power / 10):
            first, last = math.ceil(low / step), math.floor(high / step)
            if last > first:
                return [(step, [step * number for number in range(first, last + 1, math.ceil((last - first) / 2))])]
        return []

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:.4g}" for value in values]


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


def _mark_pen():
    colour = QColor(theme.colors().muted)
    colour.setAlpha(150)
    return pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine)
