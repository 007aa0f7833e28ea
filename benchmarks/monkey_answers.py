"""Answers whatever asks something while monkey.py plays: message boxes, dialogs of files, forms and menus."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QSpinBox,
    QWidget,
)

LOOK_MS = 10
SEEN_BEFORE = 2
"""Looks before an answer, so that a window is there for a moment, as it is for people."""
_SMALL_PX = (64, 160)
_LARGEST_CHOICE = 1000
"""Numbers above are sizes, which would only make it slow."""


class Answers(QObject):
    """
    Args:
        saved: told of each place that a project is saved to.
        folder: where things are saved.
        known: projects and files that could be opened.
    """

    def __init__(
        self,
        chance: random.Random,
        folder: Path,
        known: Callable[[], list[Path]],
        saved: Callable[[Path], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._chance, self._folder, self._known, self._saved = chance, folder, known, saved
        self._asking: QWidget | None = None
        self._looks = 0
        self.given = 0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @property
    def wanted(self) -> bool:
        """Whether something waits for an answer."""
        return QApplication.activePopupWidget() is not None or _asking() is not None

    def _look(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
            return
        asking = _asking()
        if asking is not self._asking:
            self._asking, self._looks = asking, 0
            return
        self._looks += 1
        if asking is None or self._looks < SEEN_BEFORE:
            return
        self._asking = None
        self.given += 1
        if isinstance(asking, QMessageBox):
            self._click(asking)
        elif isinstance(asking, QFileDialog):
            self._choose(asking)
        elif isinstance(asking, QDialog):
            self._fill(asking)
        else:
            asking.close()

    def _click(self, box: QMessageBox) -> None:
        """Any button, also that of the program's own failure, which is counted elsewhere."""
        if box.objectName() == "crash":
            box.done(0)
            return
        buttons = [button for button in box.buttons() if button.isEnabled()]
        if buttons:
            self._chance.choice(buttons).click()
        else:
            box.close()

    def _choose(self, dialog: QFileDialog) -> None:
        saving = dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
        if self._chance.random() < 0.3:
            dialog.reject()
        elif saving:
            place = self._folder / f"thing {self._chance.randrange(10_000)}"
            _write_name(dialog, place)
            if "project's folder" in dialog.windowTitle():
                self._saved(place)
            dialog.accept()
        elif self._known():
            _write_name(dialog, self._chance.choice(self._known()))
            dialog.accept()
        if dialog.isVisible():  # it did not like the name
            dialog.reject()

    def _fill(self, dialog: QDialog) -> None:
        """A form: some fields get other values, then it is closed one way or the other."""
        for box in dialog.findChildren(QSpinBox):
            if box.isEnabled() and self._chance.random() < 0.5:
                most = min(box.maximum(), _LARGEST_CHOICE)
                low, high = _SMALL_PX if box.suffix() == " px" else (box.minimum(), max(box.minimum(), most))
                box.setValue(self._chance.randint(low, high))
        for combo in dialog.findChildren(QComboBox):
            if combo.isEnabled() and combo.count() and self._chance.random() < 0.5:
                index = self._chance.randrange(combo.count())
                combo.setCurrentIndex(index)
                combo.activated.emit(index)
        if self._chance.random() < 0.6:
            dialog.accept()
        else:
            dialog.reject()


def _asking() -> QWidget | None:
    widget = QApplication.activeModalWidget()
    if widget is not None:
        return widget
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    return boxes[0] if boxes else None


def _write_name(dialog: QFileDialog, path: Path) -> None:
    """Typed, as a person would who does not look for it."""
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    if field is not None:
        field.setText(str(path))
    else:
        dialog.selectFile(str(path))


def press(button: QAbstractButton) -> bool:
    """Clicks what can be clicked."""
    if not (button.isEnabled() and button.isVisible()):
        return False
    button.click()
    return True
