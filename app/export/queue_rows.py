"""The queue of exports as a list: progress, cancel, a look at the picture so far, and what became of each."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.export.queue import ExportQueue, Item
from app.widgets import theme, words
from app.widgets.controls import set_role
from app.widgets.down_area import DownArea

_MOST_ROWS_IN_SIGHT = 3
_SEAM_OF_A_FINE_PICTURE = 0.02
_BORDER_OF_A_FINE_PICTURE = 0.1
_SEAM_HELP = (
    "The seam meter: the step between neighbouring pixels where tiles meet, by the steps beside it. "
    "1.00 where no tile is seen; in a small picture it varies by chance. The border meter: how steep the outermost "
    "4 px are towards the edge, by those beside them. 1.00 without a fringe; it varies by a tenth with what is there."
)


class QueueRows(QWidget):
    """One row for each export, the newest at the bottom; hidden while there is none.

    Signals:
        look_requested(Item): show the picture so far.
        removed(Item): the artist wants it out of the list.
    """

    look_requested = Signal(object)
    removed = Signal(object)

    def __init__(self, queue: ExportQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self.rows: dict[Item, Row] = {}
        self._body = QWidget(self)
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self._scroll = DownArea(self)
        self._scroll.setWidget(self._body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll)
        self._scroll.verticalScrollBar().rangeChanged.connect(
            lambda *_range: self._show_last()
        )  # all rows have a place
        queue.changed.connect(self._refresh)
        queue.progressed.connect(self._on_progress)
        self._refresh()

    def _refresh(self) -> None:
        for item in [item for item in self.rows if item not in self._queue.items]:
            row = self.rows.pop(item)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for item in self._queue.items:
            if item not in self.rows:
                row = self.rows[item] = Row(item, self._queue, self._body)
                row.look.clicked.connect(lambda _checked=False, item=item: self.look_requested.emit(item))
                row.remove.clicked.connect(lambda _checked=False, item=item: self.removed.emit(item))
                self._column.insertWidget(self._column.count() - 1, row)
            self.rows[item].refresh()
        self.setVisible(bool(self.rows))
        self._fit()

    def _show_last(self) -> None:
        last = self.rows.get(self._queue.items[-1]) if self._queue.items else None
        if last is not None:
            self._scroll.ensureWidgetVisible(last, 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as a few rows; more of them are scrolled."""
        width = self.width()
        heights = [row.heightForWidth(width) for row in self.rows.values()]
        self._scroll.setFixedHeight(sum(sorted(heights)[-_MOST_ROWS_IN_SIGHT:]))

    def _on_progress(self, item: Item) -> None:
        if item in self.rows:
            self.rows[item].show_progress()


class Row(QFrame):
    """One export: its name, how it stands, and what can be done about it."""

    def __init__(self, item: Item, queue: ExportQueue, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        self.name = QLabel(item.request.out.name, self)
        self.name.setToolTip(str(item.request.out))
        self.facts = QLabel(self)
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName(self.tr("Progress of {}").format(item.request.out.name))
        self.look = self._button(self.tr("See so far"))
        self.cancel = self._button(self.tr("Cancel"))
        self.again = self._button(self.tr("Resume"))
        self.open_button = self._button(self.tr("Open"))
        self.show_button = self._button(self.tr("Show in folder"))
        self.remove = QToolButton(self)
        self.remove.setIcon(theme.icon("close"))
        self.remove.setIconSize(QSize(14, 14))
        self.cancel.clicked.connect(lambda: queue.cancel(item))
        self.again.clicked.connect(lambda: queue.again(item))
        self.open_button.clicked.connect(lambda: words.open_file(item.request.out))
        self.show_button.clicked.connect(lambda: words.show_in_folder(item.request.out))
        line = QFrame(self)
        line.setProperty("role", "line")
        head = QHBoxLayout()
        head.setSpacing(theme.UNIT)
        head.addWidget(self.name, 1)
        for button in (self.look, self.cancel, self.again, self.open_button, self.show_button, self.remove):
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.UNIT)
        column.setSpacing(theme.UNIT // 2)
        for part in (line, head, self.bar, self.facts):
            column.addLayout(part) if isinstance(part, QHBoxLayout) else column.addWidget(part)

    def refresh(self) -> None:
        """Shows the item's state."""
        state = self.item.state
        runs = state in ("running", "stopping")
        self.bar.setVisible(runs)
        self.look.setVisible(state == "running")
        self.cancel.setVisible(state in ("running", "waiting"))
        self.again.setVisible(state in ("stopped", "failed"))
        self.again.setText(self.tr("Resume") if self.item.kept else self.tr("Try again"))
        for button in (self.open_button, self.show_button):
            button.setVisible(state == "done")
        self.remove.setVisible(self.item.over)
        self.remove.setToolTip(self.tr("Give it up") if self.item.kept else self.tr("Remove from the list"))
        self.remove.setAccessibleName(f"{self.remove.toolTip()}: {self.item.request.out.name}")
        role = {"done": "good" if self._is_fine() else "warning", "failed": "error"}.get(state, "muted")
        set_role(self.facts, role)
        self.facts.setToolTip(self._meters() if state == "done" else "")
        self.show_progress()

    def show_progress(self) -> None:
        """New figures of one that is painted."""
        self.bar.setRange(0, self.item.total)
        self.bar.setValue(self.item.done)
        self.look.setEnabled(self.item.done > 0)
        self.facts.setText(self._message())

    def _message(self) -> str:
        item = self.item
        painted = self.tr("{:.0%} painted").format(item.share)
        match item.state:
            case "waiting":
                return self.tr("Waits for the one before.")
            case "running" if item.total == 0:
                return self.tr("Getting ready")
            case "running":
                if item.seconds_left is None:
                    return painted
                return self.tr("{} · about {} left").format(painted, words.duration(item.seconds_left))
            case "stopping":
                return self.tr("Stopping after this tile")
            case "stopped" if item.kept:
                return self.tr("Stopped at {:.0%}. What is painted is kept beside the file's place.").format(item.share)
            case "stopped":
                return self.tr("Stopped. No file was written.")
            case "failed":
                return item.message
        return self._report()

    def _report(self) -> str:
        """Pixels, bytes, time, and whether tiles can be seen: "1,760 × 1,184 px · 6.2 MB · 12 s · no visible seams"."""
        done = self.item.result
        if done is None:
            return ""
        facts = [f"{done.size.width:,} × {done.size.height:,} px"]
        if done.out.is_file():
            facts.append(words.amount(done.out.stat().st_size))
        facts.append(words.duration(done.seconds))
        if done.seam is not None:
            unseen = (
                self.tr("no visible seams") if _is_unseen(done.seam) else self.tr("seams may be seen, look closely")
            )
            facts.append(unseen)
        if not _has_no_fringe(done.border):
            facts.append(self.tr("the border may have a fringe"))
        return " · ".join(facts)

    def _is_fine(self) -> bool:
        """Whether nothing of what was written wants a closer look."""
        done = self.item.result
        return done is None or (_is_unseen(done.seam) and _has_no_fringe(done.border))

    def _meters(self) -> str:
        """The figures behind the words of the report."""
        done = self.item.result
        meters = (("seam meter", done.seam), ("border meter", done.border)) if done is not None else ()
        figures = ", ".join(f"{name} {value:.2f}" for name, value in meters if value is not None)
        return f"{_SEAM_HELP} Here: {figures}." if figures else _SEAM_HELP

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "small")
        button.setAutoDefault(False)
        button.setAccessibleName(f"{text}: {self.item.request.out.name}")
        return button


def _is_unseen(seam: float | None) -> bool:
    return seam is None or abs(seam - 1) <= _SEAM_OF_A_FINE_PICTURE


def _has_no_fringe(border: float | None) -> bool:
    return border is None or abs(border - 1) <= _BORDER_OF_A_FINE_PICTURE
