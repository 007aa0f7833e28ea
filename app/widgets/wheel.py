"""The wheel scrolls a form: what it passes over is not turned by it, for a slip of the hand would not be seen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QWidget


def pass_over_values(form: QWidget) -> None:
    """Boxes of choices and of numbers that are in the form now leave the wheel to what scrolls them.

    A box of numbers that has the keys is turned by it, as anywhere.
    """
    passing = _Passing(form)
    for box in [*form.findChildren(QComboBox), *form.findChildren(QAbstractSpinBox)]:
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel does not give it the keys either
        box.installEventFilter(passing)


class _Passing(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        turned = isinstance(watched, QAbstractSpinBox) and watched.hasFocus()
        if event.type() == QEvent.Type.Wheel and not turned:
            event.ignore()  # so that it goes on to what the box is in
            return True
        return False
