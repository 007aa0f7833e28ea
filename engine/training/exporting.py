"""The exports of a session: what is painted, and when one ends early. How one is painted is export/run.py's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from engine.device import Device
from engine.export.painting import Present
from engine.export.run import ExportRun
from engine.messages.commands import Command, Stop
from engine.messages.events import Event
from engine.messages.exports import CancelExport, ExportRequest
from engine.messages.mailbox import Mailbox
from engine.threads import Threads
from engine.training.autosave import Autosaver
from engine.training.exchange import Exchange


class Exporting:
    """Paints what the session shows, and looks meanwhile at what is posted.

    Args:
        mailbox: of the session.
        commands: what was taken from it and waits; what is posted while an export runs joins it.
    """

    def __init__(
        self, exchange: Exchange, keeper: Autosaver, device: Device, mailbox: Mailbox, commands: deque[Command]
    ) -> None:
        self._exchange, self._keeper, self._device = exchange, keeper, device
        self._mailbox, self._commands = mailbox, commands

    def planned(self, command: ExportRequest, threads: Threads) -> ExportRun:
        """The export of the present, or of what stands in for it."""
        trainer, stand_in = self._exchange.trainer, self._exchange.stand_in
        present = Present(
            trainer.method, trainer.job, trainer.step, trainer.clock.seconds, trainer.terms, self._keeper.kept(trainer)
        )
        shown = self._exchange.shown(command.layer)
        if shown is not trainer.method and stand_in.job is not None:
            present = Present(shown, stand_in.job, 0, 0.0, {}, None)
        return ExportRun(command, present, self._keeper.project, self._device, threads)

    def run(self, command: ExportRequest, threads: Threads) -> Iterator[Event]:
        """The whole of it; a command that cancels it is used up."""
        yield from self.planned(command, threads).run(self._is_unwanted, self._is_kept)
        for cancel in [waiting for waiting in self._commands if isinstance(waiting, CancelExport)][:1]:
            self._commands.remove(cancel)

    def _is_unwanted(self) -> bool:
        self._commands.extend(self._mailbox.take())
        return any(isinstance(command, CancelExport | Stop) for command in self._commands)

    def _is_kept(self) -> bool:
        """A session that ends leaves what was painted; who cancels says whether it is wanted."""
        for command in self._commands:
            if isinstance(command, CancelExport):
                return command.keep
        return True
