"""Long work on files, one after another, off the window's thread: told above the canvas, with Cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.widgets import background
from app.widgets.message_bar import MessageBar
from engine.errors import CancelledError, TesseraError

_KEY = "file job"


class FileJobs(QObject):
    """Copies, packs and unpacks one project at a time."""

    def __init__(self, messages: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._messages = messages
        self._task: background.CountedTask | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None

    def begin(
        self, what: str, function: Callable[[Callable[[int, int], bool]], Any], done: Callable[[Any], object]
    ) -> bool:
        """Starts one; False, and it is said, while another is under way.

        Args:
            what: is going on, "Copying “mine”"; stands before the percentage.
            function: as in `CountedTask`; may raise TesseraError.
            done: is called with its result, in the window's thread; not where it failed or was cancelled.
        """
        if self._task is not None:
            self._messages.show_message(self.tr("Wait until the present project is copied or packed."), "info")
            return False
        self._task = task = background.CountedTask(function, self)
        task.progressed.connect(lambda share, total: self._show(what, share / max(1, total)))

        def finish(then: Callable[[Any], object]) -> Callable[[Any], None]:
            def ended(result: Any) -> None:
                self._task = None
                self._messages.withdraw(_KEY)
                then(result)

            return ended

        self._show(what, 0.0)
        background.begin(task, finish(done), finish(self._failed))
        return True

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def wait(self, cancel: bool = False) -> None:
        """For the thread, before the window goes."""
        if self._task is not None:
            if cancel:
                self._task.cancel()
            background.wait_for(self._task)

    def _show(self, what: str, share: float) -> None:
        self._messages.show_message(
            f"{what} … {share:.0%}", "info", key=_KEY, button=self.tr("Cancel"), act=self.cancel
        )

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            self._messages.show_message(str(error), "info")
        elif isinstance(error, TesseraError):
            self._messages.show_message(str(error), "error", key=_KEY)  # until another try
        else:
            raise error
