"""Learning on for the canvas of a print: how long it takes is asked first; document and training follow."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from app.document import Document
from app.snapshots.controller import SnapshotsController
from app.training import Training
from app.widgets.message_bar import MessageBar
from app.widgets.question import Answer, ask
from engine.box import Size
from engine.export import learn_on
from engine.export.preflight import in_words
from engine.messages.events import Stepped


class LearningOn(QObject):
    """
    Args:
        window: above which the question is asked.
    """

    def __init__(
        self,
        document: Document,
        training: Training,
        snapshots: SnapshotsController,
        messages: MessageBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._training, self._snapshots = document, training, snapshots
        self._messages, self._window = messages, window
        self._steps_per_s: float | None = None
        """As it was last; a step takes as long on any canvas."""
        training.events.on(Stepped, self._on_stepped)

    def ask(self, trained: Size, size: Size, above: QWidget) -> QMessageBox:
        """Whether to, with the minutes that it takes where the pace is known."""
        words = self.tr(
            "The network learns on, on a canvas of {:,} × {:,} px, until its pieces have found their places there: "
            "{}. Each step takes as long as before. What is there is kept as a moment. Export it then as trained."
        )
        return ask(
            above,
            self.tr("Learn on for this size"),
            words.format(size.width, size.height, self._duration(trained, size)),
            Answer(self.tr("Learn on"), lambda: self.learn(trained, size)),
        )

    def learn(self, trained: Size, size: Size) -> None:
        """Makes the canvas that large, as a step of undo, and trains."""
        after = learn_on.job_for(self._document.job, trained, size)
        if after is None:
            return
        training = self._training
        if training.running:
            training.keep(self.tr("Before learning on"))
        self._document.adopt(after, self.tr("learn on for a larger canvas"))
        if training.running:
            training.rebuild()
            training.resume()
        else:
            training.start(self._snapshots.newest())
        self._messages.show_message(
            self.tr("It learns on for {:,} × {:,} px; this takes {}. Then export it as trained.").format(
                size.width, size.height, self._duration(trained, size)
            ),
            "info",
            key="learning_on",
        )

    def _duration(self, trained: Size, size: Size) -> str:
        steps = learn_on.steps_for(trained, size)
        if not self._steps_per_s:
            return self.tr("about {:,} steps").format(steps)
        return self.tr("{:,} steps, {}").format(steps, in_words(steps / self._steps_per_s))

    def _on_stepped(self, event: Stepped) -> None:
        self._steps_per_s = event.steps_per_s
