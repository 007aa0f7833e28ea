"""A question above a window: a sentence, and a button for each answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QMessageBox, QWidget

_Role = QMessageBox.ButtonRole


@dataclass(frozen=True)
class Answer:
    """One button of a question.

    Args:
        words: on the button.
        act: what is done then; None: nothing, all stays as it is.
        loses: something of the artist's is lost or left out by it.
        default: what the key Return answers.
    """

    words: str
    act: Callable[[], object] | None = None
    loses: bool = False
    default: bool = False

    @property
    def role(self) -> QMessageBox.ButtonRole:
        """By which each system puts the buttons into its own order."""
        if self.act is None:
            return _Role.RejectRole
        return _Role.DestructiveRole if self.loses else _Role.AcceptRole


def ask(
    above: QWidget,
    title: str,
    text: str,
    *answers: Answer,
    details: str = "",
    icon: QMessageBox.Icon = QMessageBox.Icon.Question,
) -> QMessageBox:
    """Shows the question and returns at once; it is gone once it is answered.

    Args:
        above: the window that it belongs to, which waits for the answer.
        answers: its buttons; where each of them does something, *Cancel* is one more.
        details: what helps to decide, in smaller words below the text.
    """
    box = QMessageBox(icon, title, text, parent=above)
    box.setInformativeText(details)
    for answer in answers:
        button = box.addButton(answer.words, answer.role)
        if answer.act is not None:
            button.clicked.connect(lambda _checked=False, act=answer.act: act())
        if answer.default:
            box.setDefaultButton(button)
    if all(answer.act is not None for answer in answers):
        box.addButton(QMessageBox.StandardButton.Cancel)
    box.finished.connect(box.deleteLater)
    box.open()
    return box
