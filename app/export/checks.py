"""What speaks against an export as it is set up, or should be known before: sentences, each with what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.widgets import theme

Tone = Literal["good", "muted", "warning", "error"]


@dataclass(frozen=True)
class Check:
    """One sentence.

    Args:
        tone: "error" where the export can not be as it is.
        remedies: words for a button, and what it does.
        kind: of the `exports.Finding` that it says; empty for what the window itself has to say.
    """

    message: str
    tone: Tone = "warning"
    remedies: tuple[tuple[str, Callable[[], object]], ...] = ()
    kind: str = ""


class ChecksList(QWidget):
    """The sentences below each other, the worst first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.checks: tuple[Check, ...] = ()
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.UNIT)
        self.hide()

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Exchanges all of them."""
        order = ("error", "warning", "muted", "good")
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.checks = tuple(sorted(checks, key=lambda check: order.index(check.tone)))
        self._rows = [self._row(check) for check in self.checks]
        for row in self._rows:
            self._column.addWidget(row)
        self.setVisible(bool(self._rows))

    def buttons(self) -> list[QPushButton]:
        """Those of the remedies, from the top."""
        return [button for row in self._rows for button in row.findChildren(QPushButton)]

    def text(self) -> str:
        return "\n".join(check.message for check in self.checks)

    def _row(self, check: Check) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.UNIT)
        message = QLabel(check.message, row)
        message.setProperty("role", check.tone)
        message.setWordWrap(True)
        message.setTextFormat(Qt.TextFormat.PlainText)
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line.addWidget(message, 1)
        for text, act in check.remedies:
            button = QPushButton(text, row)
            button.setProperty("role", "small")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, act=act: act())
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row
