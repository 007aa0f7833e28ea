"""Before training: what the chosen settings will take in memory and time, in a sentence, and the largest that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from app.document import Document
from app.training import Training
from app.widgets import background, words
from app.widgets.message_bar import MessageBar
from engine.errors import CancelledError, TesseraError
from engine.settings import Settings, specs

if TYPE_CHECKING:
    from engine.training.probe import Needs

_KEY = "needs"
TOLD_STEPS = 1000
"""Whose time is told."""


class NeedsController(QObject):
    """
    Args:
        action: what the artist asks with; allowed while nothing is trained.
    """

    def __init__(
        self, document: Document, training: Training, messages: MessageBar, action: QAction, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._training, self._messages = document, training, messages
        self._action = action
        self._task: background.CountedTask | None = None
        self._asked: Settings | None = None
        """The settings that are measured, or were last."""
        action.triggered.connect(lambda _checked=False: self.measure())
        training.state_changed.connect(lambda _state: self._refresh())
        document.settings_changed.connect(lambda _names: self._forget_old())
        for signal in (document.method_changed, document.job_replaced):
            signal.connect(self._forget_old)
        self._refresh()

    def measure(self) -> None:
        """Begins to; the answer comes as a message."""
        from engine.device import choose
        from engine.training.probe import probe

        if self._task is not None:
            return
        missing = self._document.missing()
        if missing:
            names = self.tr(" and ").join(slot.title for slot in missing)
            self._messages.show_message(self.tr("To measure, drop images on {}.").format(names), "warning", key=_KEY)
            return
        job, key = self._document.job, self._training.device_key
        self._asked = job.settings
        self._task = task = background.CountedTask(lambda count: probe(job, choose(key), lambda: count(0, 1)), self)
        self._messages.show_message(
            self.tr("Memory and time are measured on a few small steps …"),
            "info",
            key=_KEY,
            button=self.tr("Cancel"),
            act=task.cancel,
        )
        self._refresh()
        background.begin(task, self._tell, self._failed)

    def warn_of(self, name: str) -> None:
        """Says of a preset that is meant for a graphics card what it may take where there is none."""
        from engine.device import choose

        preset = next((preset for preset in self._document.method.presets if preset.name == name), None)
        if preset is None or not preset.for_card or choose(self._training.device_key).key != "cpu":
            return
        self._asked = self._document.settings
        allowed = self._action.isEnabled() and not self._document.missing()
        self._messages.show_message(
            self.tr(
                "“{}” is meant for a graphics card. Without one its steps are long, and may need more memory than "
                "there is; Stop waits for the end of one."
            ).format(name),
            "warning",
            key=_KEY,
            button=self.tr("Measure it") if allowed else "",
            act=self.measure if allowed else None,
        )

    def wait(self) -> None:
        """For the thread, before the window goes."""
        if self._task is not None:
            self._task.cancel()
            background.wait_for(self._task)

    def _tell(self, needs: Needs) -> None:
        self._ended()
        if self._asked is None:  # other settings meanwhile
            return
        step = self.tr("{:.2g} s").format(needs.step_s)
        text = self.tr("A step takes about {}, {} steps about {}.").format(
            step, f"{TOLD_STEPS:,}", words.duration(TOLD_STEPS * needs.step_s)
        )
        memory = words.amount(needs.memory_bytes)
        if not needs.free_bytes:
            text += " " + self.tr("Training takes about {} of memory.").format(memory)
        elif needs.fits:
            text += " " + self.tr("Training takes about {} of memory; {} are free.").format(
                memory, words.amount(needs.free_bytes)
            )
        else:
            text += " " + self.tr("It would take about {} of memory, and {} are free.").format(
                memory, words.amount(needs.free_bytes)
            )
        button = ""
        for name, value in needs.largest.items():
            knob = next(spec.knob for spec in specs(type(self._document.settings)) if spec.name == name)
            button = self.tr("{} {} fits").format(knob.label, f"{value} {knob.unit}" if knob.unit == "px" else value)
        self._messages.show_message(
            text,
            "info" if needs.fits else "warning",
            key=_KEY,
            button=button,
            act=lambda: self._document.set_values(dict(needs.largest), button.lower()),
        )

    def _failed(self, error: BaseException) -> None:
        self._ended()
        if isinstance(error, CancelledError):
            self._messages.withdraw(_KEY)
        elif isinstance(error, TesseraError):
            self._messages.show_message(str(error), "warning", key=_KEY)
        else:
            self._messages.withdraw(_KEY)
            raise error

    def _ended(self) -> None:
        self._task = None
        self._refresh()

    def _forget_old(self) -> None:
        """What was told is of other settings."""
        if self._asked is None or self._asked == self._document.settings:
            return
        self._asked = None
        if self._task is not None:
            self._task.cancel()
        self._messages.withdraw(_KEY)

    def _refresh(self) -> None:
        """A probe beside a training would measure both, and take memory that it needs."""
        self._action.setEnabled(self._task is None and self._training.state in ("idle", "live"))
