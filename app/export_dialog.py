"""The window of exports: the form, what speaks against it, and the queue below. It starts nothing itself."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.export_checks import Check, ChecksList
from app.export_form import ExportForm
from app.export_queue import ExportQueue
from app.export_rows import QueueRows
from engine import export, journal
from engine.box import Size
from engine.errors import BadCanvas, TesseraError
from engine.method import Layer

_WIDTH_PX = 560
_LEAST_PX = 160
"""Of the form's height that is always in sight."""
_FRAME_PX = 40
"""Of the screen's height that the window's own title takes."""


class ExportDialog(QDialog):
    """A modeless window; closing it does not stop a running export.

    Signals:
        start_requested(messages.Export)
        resume_requested(Path): go on with the canvas in a folder.
        settled(): the artist has stopped changing things for a moment; time for the checks that take longer.

    Args:
        canvas: the size that was trained for, 1x.
        layers: what can be painted, the first is chosen.
        folder: where the file is proposed to go.
        queue: shown below the form.
        snapshot: paint this one instead of the present state.
        ways: see `Method.ways`.
        name: proposed for the file.
    """

    start_requested = Signal(object)
    resume_requested = Signal(object)
    settled = Signal()

    def __init__(
        self,
        canvas: Size,
        layers: tuple[Layer, ...],
        folder: Path,
        queue: ExportQueue,
        snapshot: Path | None = None,
        ways: frozenset[str] = frozenset(),
        name: str = "mosaic",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._queue = queue
        self._later: list[Check] = []
        title = self.tr("Export") if snapshot is None else self.tr("Export snapshot {}").format(snapshot.name)
        self.setWindowTitle(title)
        self.setModal(False)
        self.form = ExportForm(canvas, layers, folder, snapshot, ways, name, self)
        self.on_paper, self.on_disk, self.cut_away = QLabel(self), QLabel(self), QLabel(self)
        self.checks = ChecksList(self)
        self.rows = QueueRows(queue, self)
        self.start, self.close_button = QPushButton(self.tr("Export"), self), QPushButton(self.tr("Close"), self)
        self._settle = QTimer(self, singleShot=True, interval=400)
        self._settle.timeout.connect(self.settled)
        self._lay_out()
        self.form.changed.connect(self._on_changed)
        self.form_area.body_changed.connect(self._fit)
        self.start.clicked.connect(self._start)
        self.close_button.clicked.connect(self.close)
        queue.changed.connect(self._on_queue)
        self.refresh()

    def refresh(self) -> None:
        """Says again what the choices add up to, and whether they can be had."""
        self.on_paper.setText(self.form.on_paper())
        self.on_disk.setText(self.form.on_disk())
        self.cut_away.setText(self.form.cut_away())
        self.cut_away.setVisible(bool(self.cut_away.text()))
        checks = self._obstacles() or [*self._notes(), *self._later]
        self.checks.show_checks(checks)
        self.start.setEnabled(not any(check.tone == "error" for check in checks))
        self.start.setText(self.tr("Add to the queue") if self._queue.busy else self.tr("Export"))
        for button in (self.form.compare, self.form.options.look_at_repeat):
            button.setToolTip(self.tr("Not while an export is painted") if self._queue.busy else "")
        self.form.compare.setEnabled(not self._queue.busy)
        self.form.options.allow_look(not self._queue.busy)

    def show_later_checks(self, checks: list[Check]) -> None:
        """What took longer to find out, about the choices as they are."""
        self._later = checks
        self.refresh()

    # ------------------------------------------------------------ how

    def _lay_out(self) -> None:
        for label in (self.on_paper, self.on_disk, self.cut_away):
            label.setProperty("role", "muted")
            label.setWordWrap(True)
        facts = QVBoxLayout()
        facts.setSpacing(2)
        for label in (self.on_paper, self.on_disk, self.cut_away):
            facts.addWidget(label)
        body = QWidget(self)
        above = QVBoxLayout(body)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(2 * theme.UNIT)
        above.addWidget(self.form)
        above.addLayout(facts)
        above.addWidget(self.checks)
        above.addStretch(1)
        self.form_area = _FittingScroll(body, self)
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.UNIT)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * [2 * theme.UNIT]))
        column.setSpacing(2 * theme.UNIT)
        column.addWidget(self.form_area, 1)
        column.addLayout(buttons)
        column.addWidget(self.rows)

    def _on_queue(self) -> None:
        self.refresh()
        self._fit()

    def _on_changed(self) -> None:
        self._later = []
        self.refresh()
        self._settle.start()

    def _obstacles(self) -> list[Check]:
        """The first thing that makes it impossible."""
        form, out = self.form, self.form.out()
        obstacle = form.obstacle()
        if not obstacle and self._queue.is_wanted(out):
            obstacle = self.tr("{} is in the queue already. Give this one another name.").format(out.name)
        if not obstacle:
            request = form.request()
            try:
                export.check(out, form.layout_px().file, request.bits, request.finish)
            except TesseraError as error:
                obstacle = str(error)
        return [Check(obstacle, "error")] if obstacle else []

    def _notes(self) -> list[Check]:
        """What is there already under this name."""
        out = self.form.out()
        notes = []
        if out.exists():
            notes.append(Check(self.tr("{} is there already and will be replaced.").format(out.name)))
        folder = journal.folder_for(out)
        try:
            begun = journal.find(folder)
        except BadCanvas:
            begun = None
        known = [item for item in self._queue.items if item.request.out == out and item.kept]
        if begun is not None and not known and begun.done:
            share = begun.done / begun.total
            sentence = self.tr("An earlier attempt at {} is {:.0%} painted, and would be given up.")
            remedy = (self.tr("Go on with it"), lambda: self.resume_requested.emit(folder))
            notes.append(Check(sentence.format(out.name, share), remedies=(remedy,)))
        return notes

    def _start(self) -> None:
        self.refresh()  # the disk may have filled up since the last look
        if self.start.isEnabled():
            self.start_requested.emit(self.form.request())

    def _fit(self) -> None:
        """As high as what is in it, and as the screen allows; the artist's own width stays."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
        room = self.screen().availableGeometry().height() - _FRAME_PX
        self.resize(max(self.width(), _WIDTH_PX), min(room, self.sizeHint().height()))


class _FittingScroll(QScrollArea):
    """Wants to be as high as its body; is scrolled only where the screen is too small for that."""

    body_changed = Signal()

    def __init__(self, body: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._body = body
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(body)
        body.installEventFilter(self)

    def sizeHint(self) -> QSize:
        body = self._body
        width = max(self.width(), body.sizeHint().width())
        height = body.heightForWidth(width) if body.hasHeightForWidth() else body.sizeHint().height()
        return QSize(body.sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._body.minimumSizeHint().width(), min(_LEAST_PX, self.sizeHint().height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self.body_changed.emit()
        return super().eventFilter(watched, event)
