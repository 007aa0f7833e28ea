"""Another project takes the place of this one: what runs ends first, exports and unsaved changes are asked about."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.training import Training
from app.unsaved import Unsaved
from app.widgets.message_bar import MessageBar
from app.widgets.question import Answer, ask
from engine.messages.events import Event

Then = Callable[[], object]
_KEY = "after the export"


class Leaving(QObject):
    """
    Args:
        unsaved: asks about what could not be written.
        exporting: whether a file is being painted, or waits to be.
        window: above which it is asked.
    """

    def __init__(
        self,
        training: Training,
        unsaved: Unsaved,
        exporting: Callable[[], bool],
        messages: MessageBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._training, self._unsaved, self._exporting = training, unsaved, exporting
        self._messages, self._window = messages, window
        self._next: Then | None = None
        self._after_export: Then | None = None
        training.state_changed.connect(self._on_state)
        training.events.on(Event, lambda _event: self._look_after_export())

    def then(self, what: Then) -> None:
        """Does something as soon as nothing of the present project runs."""
        if self._exporting():
            self._ask(what)
        elif self._training.running:
            self._next = what
            self._training.stop()
        else:
            self._unsaved.then(what)

    def _ask(self, what: Then) -> None:
        ask(
            self._window,
            self.tr("Export"),
            self.tr("An export of this project is being painted. Go to the other project when it is done?"),
            Answer(self.tr("When it is done"), lambda: self._wait(what), default=True),
            Answer(self.tr("Stop it now"), lambda: self._stop(what), loses=True),
            details=self.tr("Where it is stopped now, what is painted is kept and can be gone on with."),
        )

    def _wait(self, what: Then) -> None:
        self._after_export = what
        self._messages.show_message(
            self.tr("The other project follows when the export is done."),
            "info",
            key=_KEY,
            button=self.tr("Stay here"),
            act=self._stay,
        )
        self._look_after_export()

    def _stay(self) -> None:
        self._after_export = None

    def _stop(self, what: Then) -> None:
        if not self._training.running:
            self._unsaved.then(what)
            return
        self._next = what
        self._training.stop()

    def _look_after_export(self) -> None:
        if self._after_export is not None:
            QTimer.singleShot(0, self, self._go_on)  # when all have heard what ended it

    def _go_on(self) -> None:
        if self._after_export is not None and not self._exporting():
            what, self._after_export = self._after_export, None
            self._messages.withdraw(_KEY)
            self.then(what)

    def _on_state(self, state: str) -> None:
        if state == "idle" and self._next is not None:
            what, self._next = self._next, None
            self._unsaved.then(what)
        elif state == "paused":  # nothing could be kept, so that one stays here
            self._next = None
