"""Settings that suit the very images: asked of the session once their picture is there, unless the artist chose others.

What suits the sizes of images is taken over with them, see jobs.py; this needs their picture first, which it never
delays.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from app.document import Document
from app.jobs import fresh_job
from app.session_events import CANVAS
from app.training import Training
from app.widgets.message_bar import MessageBar
from engine.job import Job
from engine.messages.commands import FitToImages
from engine.messages.events import Failed, FittedToImages, ViewRendered
from engine.settings import specs

_SLOTS = ("style", "content")
"""What the picture is made of; maps only direct it, while somebody looks."""
_KEY = "fitted"


class ImageFit(QObject):
    """Fits the settings of `Method.fitted_by_picture` when others were chosen and their picture is there in full."""

    def __init__(self, document: Document, training: Training, messages: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._training, self._messages = document, training, messages
        self._wanted = False
        """Whether images were chosen for which nothing was fitted yet."""
        self._asked: Job | None = None
        """What the session was asked about and has not answered yet."""
        self._given: dict[str, Any] = {}
        """What was fitted last, by name; the artist may have changed it since."""
        self._chosen: set[str] = set()
        """What the artist has set by hand, be it to the default."""
        document.images_chosen.connect(self._on_images)
        document.job_replaced.connect(self._on_replaced)
        training.events.on_view(CANVAS, self._on_view)
        training.events.on(FittedToImages, self._on_fitted)
        training.events.on(Failed, self._on_failed)

    def choose(self, name: str) -> None:
        """The artist set a setting by hand: it is no longer fitted in this project."""
        self._chosen.add(name)

    def _on_images(self, slot: str) -> None:
        if slot in _SLOTS:
            self._wanted, self._asked = True, None

    def _on_replaced(self) -> None:
        self._wanted, self._asked = False, None
        self._given, self._chosen = {}, set()

    def _on_view(self, event: ViewRendered) -> None:
        training = self._training
        if not (self._wanted and event.done and training.state == "live") or training.stale or self._asked is not None:
            return
        if (free := self._free()) and not self._document.stack.canRedo():  # who went back wants to come back here
            self._asked = self._document.job
            training.post(FitToImages(free))
        else:
            self._wanted = False

    def _free(self) -> frozenset[str]:
        """Names of the settings that the artist has not chosen: they are as they come, or as they were fitted."""
        document = self._document
        plain, now = fresh_job(document.job.method, document.small).settings, document.settings
        names = document.method.fitted_by_picture - self._chosen
        return frozenset(n for n in names if getattr(now, n) in (getattr(plain, n), self._given.get(n)))

    def _on_fitted(self, event: FittedToImages) -> None:
        document, asked = self._document, self._asked
        self._asked = None
        if not self._wanted or event.values is None or document.job != asked:
            return  # asked again for what is there then, once that is shown
        self._wanted = False
        self._given.update(event.values)
        plain = fresh_job(document.job.method, document.small).settings
        others = {name: value for name, value in event.values.items() if value != getattr(plain, name)}
        document.fit(dict(event.values))
        if not others:
            self._messages.withdraw(_KEY)
            return
        known = {spec.name: spec for spec in specs(document.method.Settings)}
        said = ", ".join(f"{known[n].knob.label} {known[n].label_of(others[n])}" for n in known if n in others)
        self._messages.show_message(
            self.tr("Fitted to these images: {}.").format(said),
            key=_KEY,
            button=self.tr("Use the defaults"),
            act=self._leave,
            passing=True,
        )

    def _on_failed(self, event: Failed) -> None:
        if isinstance(event.command, FitToImages):
            self._wanted, self._asked = False, None

    def _leave(self) -> None:
        """Back to the settings as they come, which stay so in this project."""
        document = self._document
        plain = fresh_job(document.job.method, document.small).settings
        names = set(self._given) & document.method.fitted_by_picture
        self._chosen |= names
        document.set_values({n: getattr(plain, n) for n in names}, self.tr("leave what was fitted"))
