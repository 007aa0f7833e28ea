"""A slim bar above the canvas for sentences: what went wrong, what waits, what may be done about it. Never modal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from app.widgets import theme
from app.widgets.controls import IconLabel

Tone = Literal["info", "good", "warning", "error"]
ICONS: dict[Tone, str] = {"info": "info", "good": "done", "warning": "warning", "error": "warning"}
MOST_WAITING = 30
IN_SIGHT_MS = 12_000
"""For so long a message that passes is in sight: long enough to read a path and to press its button."""
STRIPE_PX = 4


@dataclass
class Message:
    """One sentence.

    Args:
        key: a later message of the same key takes this one's place; empty for none.
        button: what the artist may do; `act` is called when it is pressed, and the message goes.
        passing: it tells of something that went well and needs no answer, so it goes by itself once it was in sight.
    """

    text: str
    tone: Tone = "info"
    key: str = ""
    button: str = ""
    act: Callable[[], object] | None = None
    passing: bool = False


class MessageBar(QWidget):
    """Shows the newest message; dismissing it brings up the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages: list[Message] = []
        self._icon = IconLabel("info", 18, self)
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton(self)
        self.more = QLabel(self)
        self.more.setProperty("role", "muted")
        self.close_button = QToolButton(self)
        self.close_button.setIcon(theme.icon("close"))
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setToolTip(self.tr("Dismiss"))
        self.close_button.setAccessibleName(self.tr("Dismiss the message"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.more)
        layout.addWidget(self.button)
        layout.addWidget(self.close_button)
        self.button.clicked.connect(self._on_button)
        self.close_button.clicked.connect(self.dismiss)
        self.passes = QTimer(self, singleShot=True, interval=IN_SIGHT_MS)
        """Runs while a message is in sight that goes by itself."""
        self.passes.timeout.connect(self._pass)
        self._refresh()

    def show_message(
        self,
        text: str,
        tone: Tone = "info",
        key: str = "",
        button: str = "",
        act: Callable[[], object] | None = None,
        passing: bool = False,
    ) -> None:
        """Adds a message on top; one with the same text or key is replaced, so that nothing is said twice."""
        self.messages = [m for m in self.messages if m.text != text and (not key or m.key != key)][-MOST_WAITING:]
        self.messages.append(Message(text, tone, key, button, act, passing))
        self._refresh()

    def has(self, key: str) -> bool:
        """Whether a message with this key is there still."""
        return any(message.key == key for message in self.messages)

    def clear(self) -> None:
        """All messages, since what they are about is gone."""
        self.messages = []
        self._refresh()

    def withdraw(self, key: str) -> None:
        """The message with this key has become pointless."""
        self.messages = [m for m in self.messages if m.key != key]
        self._refresh()

    def unsay(self, text: str) -> None:
        """The message with this text holds no longer."""
        self.messages = [m for m in self.messages if m.text != text]
        self._refresh()

    def dismiss(self) -> None:
        """Takes the message in sight away."""
        if self.messages:
            self.messages.pop()
            self._refresh()

    def _pass(self) -> None:
        """The message in sight goes, unless nobody looks, or a hand is on it or on something that it would move."""
        active, focused = self.window().isActiveWindow(), QApplication.focusWidget()
        held = self.underMouse() or (focused is not None and self.isAncestorOf(focused))
        if active and not held and QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.dismiss()
        else:
            self.passes.start()

    def _on_button(self) -> None:
        if self.messages:
            message = self.messages.pop()
            self._refresh()
            if message.act is not None:
                message.act()

    def _refresh(self) -> None:
        self.setVisible(bool(self.messages))
        self.passes.stop()
        if not self.messages:
            return
        message = self.messages[-1]
        if message.passing:
            self.passes.start()
        self.text.setText(message.text)
        self.setAccessibleName(message.text)
        self.button.setText(message.button)
        self.button.setVisible(bool(message.button))
        waiting = len(self.messages) - 1
        self.more.setText(self.tr("{} more").format(waiting))
        self.more.setVisible(waiting > 0)
        self._icon.set_icon(ICONS[message.tone])
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, and the colour of the tone as a line on the left."""
        colors = theme.colors()
        tone = self.messages[-1].tone if self.messages else "info"
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colors.button))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(colors.border))
        stripe = {"info": colors.accent, "good": colors.good, "warning": colors.warning, "error": colors.error}[tone]
        painter.fillRect(0, 0, STRIPE_PX, self.height(), QColor(stripe))
