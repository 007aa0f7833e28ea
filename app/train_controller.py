"""The actions that begin, steer and end the training: which of them are allowed now, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.project_dialog import ProjectDialog
from app.snapshots.controller import SnapshotsController
from app.training import Training
from app.weights.controller import WeightsController
from app.widgets import theme
from app.widgets.message_bar import MessageBar
from engine.job import Job
from engine.messages.events import Began

_TRAIN_WORDS = {
    "idle": ("Train", "train"),
    "starting": ("Starting…", "train"),
    "live": ("Refine", "train"),
    "training": ("Pause", "pause"),
    "paused": ("Resume", "train"),
    "stopping": ("Stopping…", "train"),
}
"""Text and icon of the one action that does what is next."""
MOST_NAMED = 2
"""Settings that a message names; of others it has the number."""


class TrainController(QObject):
    """
    Args:
        actions: those of the window by name: "train", "stop", "keep", "afresh", "rebuild" and "start_from" are
            this one's.
    """

    def __init__(
        self,
        training: Training,
        snapshots: SnapshotsController,
        weights: WeightsController,
        actions: Mapping[str, QAction],
        messages: MessageBar,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self._training, self._snapshots, self._weights = training, snapshots, weights
        self._actions, self._messages = actions, messages
        self._worked_on: Job | None = None
        for name, act in (
            ("train", self.train),
            ("stop", training.stop),
            ("keep", training.keep),
            ("afresh", training.start),
            ("rebuild", training.rebuild),
            ("start_from", self.ask_where_from),
        ):
            actions[name].triggered.connect(lambda _checked=False, act=act: act())
        training.state_changed.connect(lambda _state: self.refresh())
        training.stale_changed.connect(self._on_stale)
        training.events.on(Began, self._on_began)
        training.document.settings_changed.connect(lambda _names: self._name_again())
        training.document.sources_changed.connect(lambda _slot: self.refresh())
        training.document.sources_changed.connect(lambda _slot: self._name_again())

    def train(self) -> None:
        """Begin, pause or go on, whichever is next. Beginning goes on from the newest snapshot where there is one."""
        match self._training.state:
            case "idle":
                if not self._weights.ask():
                    self._training.start(self._snapshots.newest())
            case "training":
                self._training.pause()
            case "paused" | "live":
                self._training.resume()

    def ask_where_from(self) -> ProjectDialog:
        """Asks for the project whose networks are begun with."""
        dialog = ProjectDialog(self._training.document.folder.parent, self._window)
        dialog.setWindowTitle(self.tr("Start from another project"))
        dialog.chosen.connect(self._training.start_from)
        dialog.open()
        return dialog

    def refresh(self) -> None:
        """Shows what can be done in the present state."""
        state = self._training.state
        words, icon = _TRAIN_WORDS[state]
        if self._training.has_learned_nothing:  # what is shown is not what will learn
            words = _TRAIN_WORDS["idle"][0]
        self._actions["train"].setText(self.tr(words))
        self._actions["train"].setIcon(theme.icon(icon))
        self._actions["train"].setEnabled(state == "idle" or self._training.answers)
        self._actions["stop"].setEnabled(state in ("training", "paused"))
        self._actions["keep"].setEnabled(self._training.can_keep)
        self._actions["afresh"].setEnabled(state == "idle")
        self._actions["rebuild"].setEnabled(self._training.stale and not self._training.document.missing())
        learns = not self._training.document.method.learns_the_picture
        self._actions["start_from"].setEnabled(learns and (state == "idle" or self._training.answers))
        if state == "idle":
            self._worked_on = None
            for key in ("rebuild", "afresh"):
                self._messages.withdraw(key)

    def _on_began(self, event: Began) -> None:
        """Another content hardly shows in a picture that is optimised already: to begin anew is offered."""
        before, self._worked_on = self._worked_on, event.job
        self._messages.withdraw("afresh")
        if before is None or event.reason != "rebuilt" or before.method != event.job.method or not event.step:
            return
        same = before.sources.get("content") == event.job.sources.get("content")
        if not same and self._training.document.method.learns_the_picture:
            self._messages.show_message(
                self.tr(
                    "The picture goes on from what it was, and the other content will hardly show in it. "
                    "Start afresh with it? What is there is kept as a moment."
                ),
                key="afresh",
                button=self.tr("Start afresh"),
                act=self._training.start_afresh,
            )

    def _name_again(self) -> None:
        """Another setting waits as well; a message that was dismissed stays away."""
        if self._training.stale and self._messages.has("rebuild"):
            self._on_stale(True)

    def _what_waits(self) -> str:
        names = self._training.waiting()
        kept = self.tr("What was learned is kept where it fits.")
        if not names:
            return self.tr("The changes act after the networks are rebuilt.") + " " + kept
        quoted = self.tr(" and ").join(f"“{name}”" for name in names[:MOST_NAMED])
        more = len(names) - MOST_NAMED
        if more > 0:
            quoted += self.tr(" and {} more").format(more)
        act = self.tr("act") if len(names) > 1 else self.tr("acts")
        return self.tr("{} {} after the networks are rebuilt.").format(quoted, act) + " " + kept

    def _on_stale(self, stale: bool) -> None:
        missing = self._training.document.missing() if stale else []
        self._actions["rebuild"].setEnabled(stale and not missing)
        if missing and self._training.running and self._training.state != "live":
            names = self.tr(" and ").join(slot.title for slot in missing)
            self._messages.show_message(
                self.tr("It goes on with the images that it began with, until there are others on {}.").format(names),
                key="rebuild",
            )
        elif stale and self._training.running and self._training.state != "live":
            self._messages.show_message(
                self._what_waits(),
                key="rebuild",
                button=self.tr("Rebuild now"),
                act=self._training.rebuild,
            )
        else:
            self._messages.withdraw("rebuild")
