"""Starts an export and follows it: progress, time left, the end. What is exported is asked in export_form.py."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme, words
from app.export_form import ExportForm
from engine import messages
from engine.box import Size
from engine.method import Layer


class ExportDialog(QDialog):
    """A modeless window; closing it does not stop a running export.

    Signals:
        start_requested(messages.Export)
        cancel_requested()

    Args:
        canvas: the size that was trained for, 1x.
        layers: what can be painted, the first is chosen.
        folder: where the file is proposed to go.
        snapshot: paint this one instead of the present state.
    """

    start_requested = Signal(object)
    cancel_requested = Signal()

    def __init__(
        self,
        canvas: Size,
        layers: tuple[Layer, ...],
        folder: Path,
        snapshot: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._running = False
        self._out: Path | None = None
        self.setWindowTitle("Export" if snapshot is None else f"Export snapshot {snapshot.name}")
        self.setModal(False)
        self.form = ExportForm(canvas, layers, folder, snapshot, self)
        self.form.changed.connect(self._refresh)
        self.print_size, self.file_size = QLabel(self), QLabel(self)
        facts = QVBoxLayout()
        facts.setSpacing(2)
        for label in (self.print_size, self.file_size):
            label.setProperty("role", "muted")
            facts.addWidget(label)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(2 * theme.UNIT)
        column.addWidget(self.form)
        column.addLayout(facts)
        column.addWidget(self._make_outcome())
        column.addStretch(1)
        column.addLayout(self._make_buttons())
        self.setMinimumWidth(460)
        self._refresh()

    @property
    def running(self) -> bool:
        return self._running

    def on_event(self, event: messages.Event) -> None:
        """Follows a running export; other events, and those of an export it did not start, are ignored."""
        if not self._running:
            return
        if isinstance(event, messages.Progressed) and event.job == "export":
            self.bar.setRange(0, event.total)
            self.bar.setValue(event.done)
            left = "" if event.seconds_left is None else f"about {words.duration(event.seconds_left)} left"
            self.time_left.setText(left)
        elif isinstance(event, messages.Exported) and event.out == self._out:
            self._end("good", _summary(event))
            self.show_button.show()
            self.start.setText("Export another")
        elif isinstance(event, messages.ExportCancelled) and event.out == self._out:
            self._end("muted", "Cancelled. No file was written.")
        elif isinstance(event, messages.Failed) and (event.fatal or isinstance(event.command, messages.Export)):
            self._end("error", event.sentence)

    def _make_outcome(self) -> QStackedWidget:
        """One place for message and progress, always as high as three lines: the window must not jump."""
        self.message = QLabel(self)
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName("Progress of the export")
        self.time_left = QLabel(self)
        self.time_left.setProperty("role", "muted")
        self.running_box = QWidget(self)
        running = QHBoxLayout(self.running_box)
        running.setContentsMargins(0, 0, 0, 0)
        running.addWidget(self.bar, 1)
        running.addWidget(self.time_left)
        self.outcome = QStackedWidget(self)
        self.outcome.addWidget(self.message)
        self.outcome.addWidget(self.running_box)
        self.outcome.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        return self.outcome

    def _make_buttons(self) -> QHBoxLayout:
        self.start, self.cancel, self.close_button, self.show_button = (
            QPushButton(text, self) for text in ("Export", "Cancel export", "Close", "Show in folder")
        )
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        self.start.clicked.connect(self._start)
        self.cancel.clicked.connect(self._cancel)
        self.cancel.hide()
        self.close_button.clicked.connect(self.close)
        self.show_button.clicked.connect(lambda: words.show_in_folder(self._out) if self._out else None)
        self.show_button.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        row.addWidget(self.show_button)
        row.addStretch(1)
        for button in (self.close_button, self.cancel, self.start):
            row.addWidget(button)
        return row

    def _refresh(self) -> None:
        self.print_size.setText(self.form.on_paper())
        self.file_size.setText(self.form.on_disk())
        self.show_button.hide()
        self.start.setText("Export")
        obstacle = self.form.obstacle()
        self.start.setEnabled(not obstacle and not self._running)
        if obstacle:
            self._say("error", obstacle)
        elif self.form.out().exists():
            self._say("warning", f"{self.form.out().name} is there already and will be replaced.")
        else:
            self._say("muted", "")

    def _start(self) -> None:
        if self.form.obstacle():  # the disk may have filled up since the last look
            self._refresh()
            return
        request = self.form.request()
        self._out, self._running = request.out, True
        self.bar.setRange(0, 0)
        self.time_left.setText("")
        self._show_running()
        self.start_requested.emit(request)

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.time_left.setText("stopping")
        self.cancel_requested.emit()

    def _end(self, role: str, sentence: str) -> None:
        self._running = False
        self._show_running()
        self._refresh()
        self._say(role, sentence)

    def _show_running(self) -> None:
        self.form.setEnabled(not self._running)
        self.outcome.setCurrentWidget(self.running_box if self._running else self.message)
        self.cancel.setVisible(self._running)
        self.cancel.setEnabled(True)
        self.start.setVisible(not self._running)
        self.show_button.hide()

    def _say(self, role: str, sentence: str) -> None:
        self.message.setProperty("role", role)
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        self.message.setText(sentence)


def _summary(event: messages.Exported) -> str:
    """Path, pixels, bytes and time, on two lines."""
    size = words.amount(event.out.stat().st_size) if event.out.exists() else ""
    facts = [f"{event.size.width:,} × {event.size.height:,} px", size, words.duration(event.seconds)]
    return f"{event.out}\n" + " · ".join(fact for fact in facts if fact)
