"""The window of exports: the form, what speaks against it, and the queue below. It starts nothing itself."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.export.checks import Check, ChecksList, Tone
from app.export.choices import choices_of, take
from app.export.film import walks_of
from app.export.form import ExportForm
from app.export.presets_button import ExportPresets
from app.export.queue import ExportQueue
from app.export.queue_rows import QueueRows
from app.preferences import Preferences
from app.widgets import theme
from app.widgets.down_area import DownArea
from app.widgets.keyed_dialog import KeyedDialog
from app.widgets.placing import is_out_of_sight, place, room_for
from app.widgets.wheel import pass_over_values
from engine.box import Size
from engine.declarations import Layer
from engine.errors import TesseraError
from engine.export import journal, preflight
from engine.images.read import image_size, may_be_transparent
from engine.job import Job
from engine.messages.exports import Finding, Inspected, Remedy

PROBED_PX = 4_000_000
"""A picture of fewer pixels is painted in no time."""
_WIDTH_PX = 560
_LEAST_PX = 160
"""Of the form's height that is always in sight."""
_PLACED_MS = 300
"""After which a window manager has given a window its place."""


class ExportDialog(KeyedDialog):
    """A modeless window; closing it does not stop a running export.

    Signals:
        start_requested(ExportRequest)
        resume_requested(Path): go on with the canvas in a folder.
        images_requested(): images are missing, and the artist knows where they are.
        settled(ExportRequest): nothing was changed for a moment; time to inspect it, where a session runs.
        measure_requested(ExportRequest): begin one for it.
        learn_requested(Size): the network is to learn on, on a canvas of this size.

    Args:
        canvas: the size that was trained for, 1x.
        layers: what can be painted, the first is chosen.
        folder: where the file is proposed to go.
        queue: shown below the form.
        job: what is painted.
        snapshot: paint this one instead of the present state.
        capabilities: see `Method.capabilities`.
        name: proposed for the file.
        preferences: where the choices are remembered; None for nowhere.
    """

    start_requested = Signal(object)
    resume_requested = Signal(object)
    images_requested = Signal()
    settled = Signal(object)
    measure_requested = Signal(object)
    learn_requested = Signal(object)

    def __init__(
        self,
        canvas: Size,
        layers: tuple[Layer, ...],
        folder: Path,
        queue: ExportQueue,
        job: Job,
        snapshot: Path | None = None,
        capabilities: frozenset[str] = frozenset(),
        name: str = "mosaic",
        parent: QWidget | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        super().__init__(parent)
        self._queue, self._preferences = queue, preferences
        self.job = job
        self._inspected: Inspected | None = None
        self.measurable = False
        """Whether minutes are measured only when asked for, since no session runs."""
        title = self.tr("Export") if snapshot is None else self.tr("Export moment {}").format(snapshot.name)
        self.setWindowTitle(title)
        self.setModal(False)
        best = preflight.best_originals(job) if "originals" in capabilities else 1.0
        walks = walks_of(job.settings)
        self.form = ExportForm(
            canvas, layers, folder, snapshot, capabilities, name, _content_size(job), self, best, walks
        )
        self.form.options.set_free_places(self._has_free_places())
        self.presets = ExportPresets(self.form, preferences, self) if preferences is not None else None
        if preferences is not None:
            take(self.form, preferences.export_form)
            self.form.film.place = preferences.last_folder("images")
        self.on_paper, self.on_disk, self.pieces, self.cut_away = (QLabel(self) for _ in range(4))
        self.checks = ChecksList(self)
        self.rows = QueueRows(queue, self)
        self.start, self.close_button = QPushButton(self.tr("Export"), self), QPushButton(self.tr("Close"), self)
        self._settle = QTimer(self, singleShot=True, interval=400)
        self._settle.timeout.connect(self._on_settled)
        self._placed = QTimer(self, singleShot=True, interval=_PLACED_MS)
        """Runs while the system still finds the window's place."""
        self._placed.timeout.connect(self._come_into_sight)
        self._lay_out()
        self.form.changed.connect(self._on_changed)
        self.form.fold.toggled.connect(lambda _opened: self.refresh())
        self.form_area.body_changed.connect(self._fit)
        self.start.clicked.connect(self._start)
        self.close_button.clicked.connect(self.close)
        queue.changed.connect(self._on_queue)
        self.refresh()
        self._settle.start()

    def refresh(self) -> None:
        """Says again what the choices add up to, and whether they can be had."""
        self.on_paper.setText(self.form.on_paper())
        self.on_disk.setText(self.form.on_disk())
        self.pieces.setText(self.form.pieces(preflight.best_originals(self.job)))
        self.cut_away.setText(self.form.cut_away())
        self.cut.setVisible(bool(self.cut_away.text()) and not self.form.options.repeats())
        checks = self._checks()
        self.checks.show_checks(checks)
        told = any(check.kind == "style_detail" for check in checks)
        self.pieces.setVisible(bool(self.pieces.text()) and not told)
        queued = self._queue.is_wanted(self.form.out())
        if queued and self.start.hasFocus():
            self.close_button.setFocus()  # and not what comes next, which would cancel what was just begun
        self.start.setEnabled(not queued and not any(check.tone == "error" for check in checks))
        self.start.setText(self.tr("Add to the queue") if self._queue.busy else self.tr("Export"))
        for button in (self.form.compare, self.form.options.look_at_repeat):
            button.setToolTip(self.tr("Not while an export is painted") if self._queue.busy else "")
        self.form.compare.setEnabled(not self._queue.busy)
        self.form.options.allow_look(not self._queue.busy)

    def set_job(self, job: Job) -> None:
        """What is painted, with its images, has changed."""
        self.job = job
        self.form.film.name_walks(walks_of(job.settings))
        self.form.options.set_free_places(self._has_free_places())
        self.refresh()

    def show_inspected(self, event: Inspected) -> None:
        """What the session found, where that is of what is chosen now."""
        if event.export == self.form.request():
            self._inspected = event
            self.refresh()

    # ------------------------------------------------------------ how

    def _lay_out(self) -> None:
        for label in (self.on_paper, self.on_disk, self.pieces, self.cut_away):
            label.setProperty("role", "muted")
            label.setWordWrap(True)
        facts = QVBoxLayout()
        facts.setSpacing(2)
        for label in (self.on_paper, self.on_disk, self.pieces):
            facts.addWidget(label)
        self.cut = QWidget(self)
        beside = QHBoxLayout(self.cut)
        beside.setContentsMargins(0, theme.UNIT, 0, 0)
        beside.setSpacing(2 * theme.UNIT)
        beside.addWidget(self.form.crop)
        beside.addWidget(self.cut_away, 1)
        facts.addWidget(self.cut)
        body = QWidget(self)
        above = QVBoxLayout(body)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(2 * theme.UNIT)
        above.addWidget(self.form)
        above.addLayout(facts)
        above.addWidget(self.checks)
        above.addStretch(1)
        pass_over_values(body)
        self.form_area = _FittingScroll(body, self)
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.UNIT)
        if self.presets is not None:
            buttons.addWidget(self.presets)
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
        self._inspected = None
        self.refresh()
        self._settle.start()

    def _checks(self) -> list[Check]:
        """What makes it impossible; or else all that is good to know."""
        form, out = self.form, self.form.out()
        if obstacle := form.obstacle():
            return [Check(obstacle, "error")]
        if self._queue.is_wanted(out):
            return [
                Check(self.tr("{} is in the queue. To add another, give it another name.").format(out.name), "muted")
            ]
        request = form.request()
        found = preflight.findings(request, form.canvas, self.job, form.capabilities)
        if self._inspected is not None and self._inspected.export == request:
            found = [*found, *(finding for finding in self._inspected.findings if finding not in found)]
        checks = [self._check(finding) for finding in found if self._is_wanted(finding)]
        if self.measurable and request.size is not None and request.size.area > PROBED_PX and not self._inspected:
            remedy = (self.tr("Measure"), lambda: self.measure_requested.emit(request))
            checks.append(Check(self.tr("How long it takes can be measured on two tiles."), "muted", (remedy,)))
        if os.path.exists(out):
            mine = any(item.state == "done" and item.request.out == out for item in self._queue.items)
            message = self.tr("{} is there already and will be replaced.").format(out.name)
            checks.append(Check(message, "muted" if mine else "warning"))
        return checks

    def _has_free_places(self) -> bool:
        """Whether the content may be transparent in places, and the method leaves these free."""
        if "transparent" in self.form.capabilities:
            for image in self.job.sources.get("content", ())[:1]:
                with suppress(TesseraError):
                    return may_be_transparent(Path(image.path))
        return False

    def clear_content(self) -> Path | None:
        """The content as whose the file will be transparent; None where all of the file will be opaque."""
        form = self.form
        wanted = form.options.encode_options(form.size_field.dpi).transparent
        if not wanted or not form.kind().transparency or form.film.suffix:
            return None
        return Path(self.job.sources["content"][0].path)

    def _is_wanted(self, finding: Finding) -> bool:
        """What only adds to one's knowledge is for those who want to know more."""
        known = [item for item in self._queue.items if item.request.out == self.form.out() and item.kept]
        if finding.kind == "begun" and known:
            return False  # the row below says so, and offers the same
        quiet = finding.severity == "note" and finding.kind.endswith("_detail")
        return self.form.fold.isChecked() or not quiet

    def _check(self, finding: Finding) -> Check:
        tones: dict[str, Tone] = {"stop": "error", "warning": "warning", "note": "muted"}
        remedies = tuple(
            (remedy.title, lambda remedy=remedy: self._apply(finding, remedy)) for remedy in finding.remedies
        )
        return Check(finding.message, tones[finding.severity], remedies, finding.kind)

    def _apply(self, finding: Finding, remedy: Remedy) -> None:
        if finding.kind == "begun":
            self.resume_requested.emit(journal.folder_for(self.form.out()))
        elif remedy.ask == "images":
            self.images_requested.emit()
        elif remedy.ask == "learn":
            self.learn_requested.emit(self.form.size_field.size_px)
        elif remedy.ask == "folder":
            self.form.ask_for_folder()
        elif remedy.ask == "profile":
            self.form.options.ask_for_profile()
        else:
            self.form.show_request(remedy.applied(self.form.request()))

    def _on_settled(self) -> None:
        if self.isVisible() and self.start.isEnabled():
            self.settled.emit(self.form.request())

    def _start(self) -> None:
        self.refresh()  # the disk may have filled up since the last look
        if self.start.isEnabled():
            if self._preferences is not None:
                self._preferences.export_form = choices_of(self.form)
            self.start_requested.emit(self.form.request())

    def changeEvent(self, event: QEvent) -> None:
        """Whoever comes back may have made room on the disk, or allowed a folder to be written to."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._placed.start()

    def _come_into_sight(self) -> None:
        """A window that grows before a window manager has given it a frame can come to lie in the screen's corner, with
        its title above the screen."""
        if self.isVisible() and is_out_of_sight(self):
            place(self, self.size())

    def _fit(self) -> None:
        """As high as what is in it, and as the screen allows; the artist's own width stays."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
        size = QSize(max(self.width(), _WIDTH_PX), self.sizeHint().height())
        if self.isVisible():
            self.resize(size.boundedTo(room_for(self)))
        else:
            place(self, size)


def _content_size(job: Job) -> Size | None:
    """Of the first content image, in its file; None where there is none, or it can not be read."""
    for image in job.sources.get("content", ())[:1]:
        with suppress(TesseraError):
            return image_size(Path(image.path))
    return None


class _FittingScroll(DownArea):
    """Wants to be as high as its body; is scrolled only where the screen is too small for that."""

    body_changed = Signal()

    def __init__(self, body: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._body = body
        self.setWidget(body)
        body.installEventFilter(self)

    def sizeHint(self) -> QSize:
        body = self._body
        width = max(self.width(), body.sizeHint().width())
        height = body.heightForWidth(width) if body.hasHeightForWidth() else body.sizeHint().height()
        return QSize(body.sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._body.minimumSizeHint().width() + bar, min(_LEAST_PX, self.sizeHint().height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self.body_changed.emit()
        return super().eventFilter(watched, event)
