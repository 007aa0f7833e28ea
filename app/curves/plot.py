"""One plot of the curves: the terms of a group by step, marks, present values. When it is drawn is plots.py's."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.curves.history import History, Mark
from app.widgets import theme
from engine.declarations import Term

ROW_PX = 80
END_SHARE = 0.12
"""Of an axis, at both of its ends: no number stands there."""
MOST_MARKS = 40
NEAR_PX = 6
"""How near a mark the pointer must be to click it."""
SMOOTH_SHARE = 0.05
"""Of the points: a curve is their mean over so many; what was reported stands behind it, faint."""
FAINT = 70


class Plot(QWidget):
    """The terms of one group, with their present values above."""

    marks_clicked = Signal(list, QPoint)
    """The marks at a place that was clicked, and where on the screen that is."""

    def __init__(self, group: str, terms: tuple[Term, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._terms = terms
        self.keys = tuple(term.key for term in terms)
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
        self._smooth = [self.area.plot() for _ in terms]
        self._marks: list[pg.InfiniteLine] = []
        self._shown: list[Mark] = []
        """The mark of each line."""
        self.area.clicked.connect(self._on_click)
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
        for index, (curve, smooth) in enumerate(zip(self._curves, self._smooth, strict=True)):
            color = QColor(colors.curves[index % len(colors.curves)])
            smooth.setPen(pg.mkPen(color, width=1))
            color.setAlpha(FAINT)
            curve.setPen(pg.mkPen(color, width=1))
        for line in self._marks:
            line.setPen(_mark_pen())

    def draw(self, history: History) -> None:
        self._write_title(history)
        drawn = len(history) > 1
        for side in ("bottom", "left"):
            self.area.getAxis(side).setStyle(showValues=drawn)
            self.area.getAxis(side).setPen(pg.mkPen(theme.colors().grid if drawn else theme.colors().base))
        for term, curve, smooth in zip(self._terms, self._curves, self._smooth, strict=True):
            steps, values = history.curve(term.key)
            curve.setData(steps, values, connect="finite")
            smooth.setData(steps, smoothed(values), connect="finite")
        if drawn:  # all plots have the same steps; linked views take them over only where they lie below each other
            self.area.getViewBox().setXRange(history.steps[0], history.steps[-1], padding=0.03)
        self._shown = history.marks[-MOST_MARKS:]
        steps = [mark.step for mark in self._shown]
        while len(self._marks) < len(steps):
            line = pg.InfiniteLine(angle=90, pen=_mark_pen())
            self._plot.addItem(line, ignoreBounds=True)
            self._marks.append(line)
        for index, line in enumerate(self._marks):
            line.setVisible(index < len(steps))
            if index < len(steps):
                line.setValue(steps[index])

    def marks_near(self, x: float) -> list[Mark]:
        """The marks whose lines stand near a place across the plot, in pixels of its area."""
        view = self._plot.getViewBox()

        def across(step: float) -> float:
            return self.area.mapFromScene(view.mapViewToScene(QPointF(step, 0))).x()

        return [mark for mark in self._shown if abs(across(mark.step) - x) <= NEAR_PX]

    def _on_click(self, at: QPoint) -> None:
        marks = self.marks_near(at.x())
        if marks:
            self.marks_clicked.emit(marks, self.area.mapToGlobal(at))

    def _write_title(self, history: History) -> None:
        """One line: the name, and the values in the colours of their curves; what is what is in the tooltip."""
        colors = theme.colors()
        values, lines = [], []
        for index, term in enumerate(self._terms):
            value = history.latest.get(term.key)
            shown = "–" if value is None else _short(value)
            color = colors.curves[index % len(colors.curves)]
            values.append(f'<b style="color:{color}; font-size:small">{shown}</b>')
            lines.append(f'<span style="color:{color}">━</span> <b>{term.title}</b> {shown}<br>{term.help}')
        name = self._terms[0].title if len(self._terms) == 1 else self._group
        self.title.setText(f"{name}&nbsp; {' · '.join(values)}")
        self.setToolTip("<br>".join(lines))


def smoothed(values: np.ndarray) -> np.ndarray:
    """Means over neighbours, fewer of them towards the ends; gaps stay gaps. [n] -> [n]"""
    reach = round(len(values) * SMOOTH_SHARE / 2)
    there = ~np.isnan(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    index = np.arange(len(values))
    around = np.minimum(reach, np.minimum(index, len(values) - 1 - index))
    low, high = index - around, index + around + 1
    mean = (total[high] - total[low]) / np.maximum(1, count[high] - count[low])
    return np.where(there, mean, np.nan)


class _Area(pg.PlotWidget):
    """A plot that leaves the wheel to the list of plots that it is in, and tells where it was clicked."""

    clicked = Signal(QPoint)

    def mouseReleaseEvent(self, ev) -> None:
        super().mouseReleaseEvent(ev)
        if ev.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(ev.position().toPoint())

    def wheelEvent(self, ev) -> None:
        ev.ignore()


class _Axis(pg.AxisItem):
    """Two or three round numbers, none so near an end that it would be cut off or run into the other axis.

    Below the curves two, since numbers of steps are wide.
    """

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
                every = last - first if self.orientation == "bottom" else math.ceil((last - first) / 2)
                return [(step, [step * number for number in range(first, last + 1, every)])]
        return []

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:.4g}" for value in values]


def _mark_pen():
    color = QColor(theme.colors().muted)
    color.setAlpha(150)
    return pg.mkPen(color, width=1, style=Qt.PenStyle.DashLine)


def _short(value: float) -> str:
    """Two digits that count; whole numbers where there are more before the point."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.2g}"
