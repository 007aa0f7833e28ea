"""The line at the bottom: speed, step, time, device and memory, seed, and whether everything is saved."""

from __future__ import annotations

import time
from typing import Literal

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.widgets import theme
from app.widgets.controls import set_role
from app.widgets.words import duration
from engine.messages.events import Stepped

_GAP_PX = 6
"""Between two of the facts."""
SaveState = Literal["empty", "saving", "saved", "refused"]
WORDS = {
    "idle": "Ready",
    "starting": "Reading the images and building the networks…",
    "live": "Live",
    "training": "Training",
    "paused": "Paused",
    "stopping": "Ending this step and keeping your work…",
}
STATE_ROLES = {"live": "live", "training": "good", "paused": "warning"}
"""Colours of the states in which there is something to steer."""


class Status(QStatusBar):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = QLabel(self)
        self.speed = QLabel(self)
        self.step = QLabel(self)
        self.time = QLabel(self)
        self.device = QLabel(self)
        self.seed = QLabel(self)
        self.saved = QLabel(self)
        self.state.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self.state)
        for label in (self.speed, self.step, self.time, self.device, self.seed, self.saved):
            label.setContentsMargins(6, 0, 6, 0)
            self.addPermanentWidget(label)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(0, 0, theme.UNIT, 0)
        self._device = ""
        self._saved_words = ""
        self._learning = False
        self._stand_in = self._state = ""
        self._painting = False
        self._step = self._kept_step = 0
        self._kept_at: float | None = None
        """When the last snapshot of this training was kept, in seconds of the computer's clock."""

    def minimumSizeHint(self) -> QSize:
        """The window may be narrower than all that could be said."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _say(self, label: QLabel, text: str = "") -> None:
        label.setText(text)
        self._fit()
        layout = self.layout()
        if layout is not None:
            layout.activate()  # the window may be painted before it is told to lay itself out, and then be busy

    def _fit(self) -> None:
        """Leaves out what matters least, whole, where the line is too short for all of it."""
        room = self.width() - self.state.sizeHint().width() - 4 - theme.UNIT
        for label in (self.saved, self.step, self.speed, self.time, self.device, self.seed):
            room -= label.sizeHint().width() + _GAP_PX if label.text() else 0
            shown = bool(label.text()) and room >= 0
            if label.isHidden() == shown:
                label.setVisible(shown)

    def set_state(self, state: str) -> None:
        self._state = state
        if state in ("idle", "starting"):
            self._stand_in = ""
        self._say_state()
        set_role(self.state, STATE_ROLES.get(state, ""))
        self._learning = state == "training"
        if state == "starting":
            self._kept_at = None
        self._show_saved()
        if state != "training":
            self._say(self.speed)

    def set_stand_in(self, title: str) -> None:
        """Says that another method's picture is shown; empty where it is the own one."""
        self._stand_in = title
        self._say_state()

    def set_painting(self, painting: bool) -> None:
        """Says that a file is being painted, for which the training waits."""
        if painting != self._painting:
            self._painting = painting
            self._say(self.speed)
            self._say_state()

    def _say_state(self) -> None:
        words = self.tr(WORDS.get(self._state, ""))
        if self._painting and self._state in ("live", "training", "paused"):
            waits = self._state == "training"
            self._say(self.state, self.tr("Painting a file; training waits") if waits else self.tr("Painting a file"))
            return
        if self._stand_in and self._state == "live":
            words = self.tr("{}, as {} lays it; Train to learn").format(words, self._stand_in)
        elif self._stand_in and self._state in ("training", "paused"):
            words = self.tr("{}; {} is shown until this is better").format(words, self._stand_in)
        self._say(self.state, words)

    def set_device(self, title: str) -> None:
        self._device = title
        self._say(self.device, title)

    def set_seed(self, seed: int) -> None:
        self._say(self.seed, self.tr("seed {}").format(seed))

    def set_saved(self, state: SaveState, untitled: bool) -> None:
        """Says of the project, that is of its images and settings, whether it is on the disk."""
        words = {"empty": "", "saving": self.tr("saving…"), "saved": self.tr("saved"), "refused": self.tr("not saved")}
        tips = {
            "refused": self.tr("The project could not be written; the message above the picture says why."),
            "empty": "",
        }
        self._saved_words = words[state]
        self._show_saved()
        usual = (
            self.tr("Saved by itself; “Save” gives the project a name and place of your own.")
            if untitled
            else self.tr("Every change is saved by itself.")
        )
        self.saved.setToolTip(tips.get(state, usual))

    def kept(self, step: int) -> None:
        """What was learned up to a step is on the disk as well."""
        self._kept_at, self._kept_step = time.monotonic(), step
        self._show_saved()

    def _show_saved(self) -> None:
        """While networks learn, "saved" alone would say too much: they are, as they were in the last snapshot."""
        words = self._saved_words
        waits = self._state == "paused" and self._step > self._kept_step
        if (self._learning or waits) and words == self.tr("saved"):
            if self._kept_at is None:
                words = self.tr("settings saved, no moment yet")
            elif waits:
                words = self.tr("saved up to step {}").format(f"{self._kept_step:,}")
            else:
                words = self.tr("saved {} ago").format(duration(time.monotonic() - self._kept_at))
        self._say(self.saved, words)

    def stepped(self, event: Stepped) -> None:
        self._step = event.step
        self._show_saved()
        self._say(self.speed, f"{_three_figures(event.steps_per_s)} steps/s")
        self._say(self.step, f"step {event.step:,}")
        self._say(self.time, clock(event.elapsed_s))
        if event.memory_bytes:
            memory = f"{event.memory_bytes / 2**30:.1f}"
            if event.memory_total_bytes:
                memory += f"/{event.memory_total_bytes / 2**30:.0f}"
            self._say(self.device, f"{self._device} · {memory} GB")

    def began(self, step: int, rebuilt: bool = False) -> None:
        """A training goes on from a step, that of a moment unless what was there was `rebuilt` with other images."""
        if step != self._step:
            self._say(self.time)  # that of another moment; the next step tells this one's
        self._step = step
        if not rebuilt:
            self._kept_step = step
        self._say(self.step, f"step {step:,}" if step else "")

    def clear_run(self) -> None:
        for label in (self.speed, self.step, self.time):
            self._say(label)


def _three_figures(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def clock(seconds: float) -> str:
    """4:12, or 1:04:12."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
