"""A dialog for the keys: Tab goes through it as one reads, and Return does what is where the keys are."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QDialog

from app.widgets.stops import in_reading_order, press, step


class KeyedDialog(QDialog):
    """Return presses the button that has the keys, opens a list of choices, and takes over a number that was typed.

    With Qt's own dialogs it presses the default button from all of these, and begins what was not chosen yet.
    """

    def focusNextPrevChild(self, next: bool) -> bool:
        current = QApplication.focusWidget()
        return step(in_reading_order(self, current), current, next)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        held = self.focusWidget()
        if isinstance(held, QComboBox):
            held.showPopup()
        elif not press(held) and not isinstance(held, QAbstractSpinBox):
            super().keyPressEvent(event)
