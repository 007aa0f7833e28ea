"""What the session says, as far as it concerns no controller: in the line at the bottom, the curves, the messages."""

from __future__ import annotations

from app.curves.plots import Curves
from app.document import Document
from app.status import Status
from app.training import Training
from app.widgets.message_bar import MessageBar
from engine.messages.commands import Keep
from engine.messages.events import Began, Failed, Kept, Relocated, Stepped, StoodIn, Warned


class SessionReport:
    """Listens from when it is made."""

    def __init__(
        self, document: Document, training: Training, status: Status, curves: Curves, messages: MessageBar
    ) -> None:
        self._document, self._training = document, training
        self._status, self._curves, self._messages = status, curves, messages
        self._notes: tuple[str, ...] = ()
        self._obstacle = ""
        """Why the last session could not begin; empty where it did."""
        self._not_kept = ""
        """Why a moment could not be kept; empty where none was refused, or another was kept since."""
        events = training.events
        events.on(Began, self._on_began)
        events.on(Stepped, status.stepped)
        events.on(Kept, self._on_kept)
        events.on(Relocated, lambda _event: self._withdraw_not_kept())
        events.on(StoodIn, lambda event: status.set_stand_in(event.title))
        events.on(Stepped, self._on_stepped)
        events.on(Warned, lambda event: messages.show_message(event.message, "warning"))
        events.on(Failed, self._on_failed)

    def _on_failed(self, event: Failed) -> None:
        if event.fatal and self._training.state == "starting":
            self._obstacle = event.message
        elif isinstance(event.command, Keep):
            self._not_kept = event.message
        self._messages.show_message(event.message, "error")

    def _on_kept(self, event: Kept) -> None:
        self._status.kept(event.step)
        self._withdraw_not_kept()

    def _withdraw_not_kept(self) -> None:
        if self._not_kept:
            self._messages.unsay(self._not_kept)
            self._not_kept = ""

    def _on_began(self, event: Began) -> None:
        if self._obstacle:
            self._messages.unsay(self._obstacle)
            self._obstacle = ""
        for gone in set(self._notes) - set(event.notes):
            self._messages.unsay(gone)
        self._notes = event.notes
        self._status.set_device(event.device)
        self._status.began(event.step, event.reason == "rebuilt")
        self._curves.began(event.step, event.job.settings)

    def _on_stepped(self, event: Stepped) -> None:
        built = self._training.built  # after another method was chosen, the session ends a step of the one before
        if built is not None and built.method == self._document.job.method:
            self._curves.add(event.step, event.terms)
