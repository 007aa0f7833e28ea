"""Carries out a plan in the window: the document becomes each run's job, one after another, and each is trained.

Who looks sees what is trained; every run is a step of undo. The plan's account is engine/plans/runner.py's.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.away.dialog import AwayDialog
from app.document import Document
from app.training import Training
from app.widgets import words
from app.widgets.message_bar import MessageBar
from engine.errors import TesseraError
from engine.messages.commands import EndBy
from engine.messages.events import Event, Stepped
from engine.plans.journal import Journal
from engine.plans.plan import Plan
from engine.plans.runner import PlanRunner, Start

_KEY = "away"


class AwayController(QObject):
    """To be made after all that hears of the training's state: it begins the next one when the last has ended.

    Attributes:
        dialog: the window that is open, or was last.

    Signals:
        progressed(float | None): the share of the plan that is done, 0 to 1; None where none is carried out.
        finished(str): all runs are over, as a sentence.
    """

    progressed = Signal(object)
    finished = Signal(str)

    def __init__(self, document: Document, training: Training, messages: MessageBar, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._training, self._messages, self._window = document, training, messages, window
        self.dialog: AwayDialog | None = None
        self._journal: Journal | None = None
        self._runner: PlanRunner | None = None
        """While a plan is carried out."""
        self._start: Start | None = None
        self._began_s: float | None = None
        self._now = ""
        self._share = 0.0
        """Of the present run, as far as it was told."""
        self._over = False
        training.events.on(Event, self._hear)
        training.state_changed.connect(self._on_state)
        document.job_replaced.connect(self._on_project)
        self._on_project()

    @property
    def running(self) -> bool:
        return self._runner is not None

    # ------------------------------------------------------------ what the artist can ask for

    def open(self) -> AwayDialog:
        """Shows the window with the plan that is carried out or was broken off, or with a new one."""
        if self.dialog is None:
            self.dialog = dialog = AwayDialog(self._document, self._window)
            dialog.start_requested.connect(self.begin)
            dialog.go_on_requested.connect(self.go_on)
            dialog.skip_requested.connect(self.skip)
            dialog.end_requested.connect(self.give_up)
        elif self._journal is None and self.dialog.over:
            self.dialog.start_anew()
        self._show()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        return self.dialog

    def begin(self, plan: Plan) -> None:
        """Carries a plan out, in the project that is open."""
        self._document.flush()
        try:
            self._journal = Journal.begin(self._document.folder, plan)
        except TesseraError as error:
            self._messages.show_message(str(error), "error")
            return
        self.go_on()

    def go_on(self) -> None:
        """With what is left of the plan. A training that runs is kept and ends first."""
        if self._journal is None or self._runner is not None:
            return
        self._messages.withdraw(_KEY)
        self._runner = PlanRunner(self._journal)
        self._show()
        if self._training.running:
            self._training.stop(keep=self._training.state != "live")
        else:
            self._next()

    def skip(self) -> None:
        """The present run is kept as it is, and the next one begins."""
        if self._runner is not None and self._start is not None:
            self._runner.skip()
            self._training.stop()

    def give_up(self) -> None:
        """The present run is kept as it is, and the plan is over."""
        self._forget()
        if self._start is not None and self._training.running:
            self._training.stop()
        self._start = None
        if self.dialog is not None:
            self.dialog.start_anew()

    def end(self) -> None:
        """Begins nothing any more: the window closes."""
        self._over = True

    def follow(self) -> None:
        """The project lies in another folder."""
        if self._journal is not None:
            self._journal.relocate(self._document.folder)

    # ------------------------------------------------------------ what happens

    def _next(self) -> None:
        """Begins the run that is next; those that can not begin are told in the end."""
        runner = self._runner
        while runner is not None and not self._over:
            self._start = start = runner.next()
            if start is None:
                self._finish()
                return
            if runner.unsaved:
                self._messages.show_message(
                    self.tr("The plan goes on, but how far it is can not be saved. {}").format(runner.unsaved),
                    "warning",
                    key="away unsaved",
                )
            self._began_s, self._share, self._now = None, 0.0, self.tr("begins")
            self._document.adopt(start.run.job, self.tr("while away: {}").format(start.run.name))
            told: list[str] = []
            self._training.problem.connect(told.append)
            begun = self._training.start(start.snapshot)
            self._training.problem.disconnect(told.append)
            if begun:
                self._training.post(EndBy(start.until))
                self._show()
                return
            runner.refuse(" ".join(told) or self.tr("It could not begin."))

    def _finish(self) -> None:
        """All runs are over."""
        assert self._journal is not None
        entries = self._journal.entries
        failed = [entry for entry in entries if entry.progress == "failed"]
        done = len(entries) - len(failed)
        text = self.tr("While you were away: {} of {} trainings are done, each kept as a moment.").format(
            done, len(entries)
        )
        for entry in failed:
            text += " " + self.tr("“{}” failed: {}").format(entry.run.name, entry.told)
        if self.dialog is not None:
            self.dialog.show_over(entries)
        self._start = None
        self._forget()
        self._messages.show_message(text, "warning" if failed else "good", key=_KEY)
        self.finished.emit(text)

    def _forget(self) -> None:
        if self._journal is not None:
            self._journal.remove()
        self._journal = self._runner = None
        self._messages.withdraw(_KEY)
        self.progressed.emit(None)

    def _hear(self, event: Event) -> None:
        runner = self._runner
        if runner is None or self._start is None:
            return
        answer = runner.hear(event)
        if answer is not None:
            self._training.post(answer)
        if isinstance(event, Stepped):
            self._tell(event)

    def _on_state(self, state: str) -> None:
        runner = self._runner
        if runner is None or state != "idle" or self._over:
            return
        start, self._start = self._start, None
        if start is not None and not runner.journal.entries[start.index].over:
            self._runner = None  # somebody stopped it
            self._offer()
            self._show()
            return
        # when all have heard that the last one has ended, and before anybody begins something else
        self._next()

    def _on_project(self) -> None:
        """Another project: a plan that was broken off in it can go on."""
        self._runner = self._start = None
        self._messages.withdraw(_KEY)
        self._journal = Journal.read(self._document.folder)
        if self._journal is not None and self._journal.next is None:
            self._journal = None
        if self._journal is not None:
            QTimer.singleShot(0, self, self._offer)
        if self.dialog is not None:
            self.dialog.start_anew()
        self._show()

    # ------------------------------------------------------------ showing it

    def _offer(self) -> None:
        if self._journal is None or self._journal.next is None or self._runner is not None:
            return
        entries = self._journal.entries
        name = entries[self._journal.next].run.name
        self._messages.show_message(
            self.tr("“While you are away” was stopped at {} of {}, “{}”.").format(
                self._journal.next + 1, len(entries), name
            ),
            "info",
            key=_KEY,
            button=self.tr("Go on"),
            act=self.go_on,
        )

    def _tell(self, event: Stepped) -> None:
        """How far the present run is."""
        assert self._start is not None
        if self._began_s is None:
            self._began_s = event.elapsed_s
        until = self._start.until
        trained_s = event.elapsed_s - self._began_s
        shares = [trained_s / (60 * until.minutes)] if until.minutes is not None else []
        shares += [event.step / until.steps] if until.steps is not None else []
        self._share = min(1.0, max(shares, default=0.0))
        if until.minutes is not None:
            done = words.duration(trained_s)
            now = self.tr("{} of {}").format(done, words.duration(60 * until.minutes))
        else:
            now = self.tr("step {} of {}").format(f"{event.step:,}", f"{until.steps or 0:,}")
        if now == self._now:
            return
        self._now = now
        self._show()

    def _show(self) -> None:
        journal = self._journal
        if journal is None or self._runner is None:
            self.progressed.emit(None)
        if journal is None:
            return
        if self.dialog is not None:
            self.dialog.show_entries(journal.entries, self._runner is not None, self._now)
        if self._runner is not None and self._start is not None:
            self.progressed.emit((self._start.index + self._share) / len(journal.entries))
            self._messages.show_message(
                self.tr("While you are away: {} of {}, “{}”, {}.").format(
                    self._start.index + 1, len(journal.entries), self._start.run.name, self._now
                ),
                "info",
                key=_KEY,
                button=self.tr("Show…"),
                act=self.open,
            )
