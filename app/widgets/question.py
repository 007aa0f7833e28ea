"""A question above a window, which does not hold the program up: each answer says what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QMessageBox, QWidget

Role = QMessageBox.ButtonRole


@dataclass(frozen=True)
class Answer:
    """One button of a question.

    Args:
        words: on the button.
        act: what is done when it is pressed; None leaves all as it is.
        role: where the system puts it: `DestructiveRole` where something is lost by it, `RejectRole` for Escape too.
        usual: it has the keys at first.
    """

    words: str
    act: Callable[[], object] | None = None
    role: Role = Role.AcceptRole
    usual: bool = False


def ask(
    above: QWidget,
    title: str,
    text: str,
    *answers: Answer,
    more: str = "",
    icon: QMessageBox.Icon = QMessageBox.Icon.Question,
) -> QMessageBox:
    """Opens a question and returns it at once; it is gone once it is answered.

    Args:
        above: the window that it belongs to, which waits for the answer.
        answers: its buttons, and *Cancel* where none of them has `RejectRole`.
        more: what helps to decide, in smaller words below the text.
    """
    box = QMessageBox(icon, title, text, parent=above)
    box.setInformativeText(more)
    for answer in answers:
        button = box.addButton(answer.words, answer.role)
        if answer.act is not None:
            button.clicked.connect(lambda _checked=False, act=answer.act: act())
        if answer.usual:
            box.setDefaultButton(button)
    if all(answer.role != Role.RejectRole for answer in answers):
        box.addButton(QMessageBox.StandardButton.Cancel)
    box.finished.connect(box.deleteLater)
    box.open()
    return box
