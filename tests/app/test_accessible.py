"""Every control of the window and of its dialogs has a name that can be read out, and can be reached by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QGraphicsView,
    QHeaderView,
    QInputDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QToolButton,
    QWidget,
)

from app.away.dialog import AwayDialog
from app.frame_dialog import FrameDialog
from app.help_sheet import HelpSheet
from app.masks.beginning import Beginning
from app.masks.editor import MaskEditor
from app.masks.files import MaskFile
from app.masks.regions import first_regions
from app.preferences_dialog import PreferencesDialog
from app.snapshots.grid import MomentGrid
from app.weights.dialog import WeightsDialog
from engine.method import method_class
from engine.style.weights import VGG19
from tests.app.studio import Studio
from tests.app.test_ways_back import keep, paused_at

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QGraphicsView,
    QLineEdit,
    QPlainTextEdit,
)


def controls(root: QWidget) -> Iterator[QWidget]:
    """Those that a person uses; the insides of Qt's own widgets belong to these."""
    for widget in root.findChildren(QWidget):
        inside = widget.parentWidget()
        if not isinstance(widget, CONTROLS) or isinstance(widget, QScrollBar | QHeaderView):
            continue
        if widget.objectName().startswith("qt_") or isinstance(inside, QComboBox | QAbstractSpinBox | QLineEdit):
            continue
        if isinstance(inside, QWidget) and inside.inherits("QComboBoxPrivateContainer"):
            continue
        yield widget


def name(widget: QWidget) -> str:
    """What a screen reader says: its name, its text, or that of its label."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return "" if interface is None else interface.text(QAccessible.Text.Name).strip()


def reached(widget: QWidget) -> bool:
    """By the tab key; by keys of its own; or, for a button of an action, by the menu that has it too."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return True
    if isinstance(widget, QAbstractButton) and not widget.shortcut().isEmpty():
        return True
    action = widget.defaultAction() if isinstance(widget, QToolButton) else None
    if action is not None:
        return bool(action.shortcuts()) or any(isinstance(owner, QMenu) for owner in action.associatedObjects())
    keys = widget.property("keys")
    """What does the same, for a thing that only the mouse points at."""
    return bool(keys)


def wrong(root: QWidget) -> list[str]:
    found = []
    for widget in controls(root):
        about = f"{type(widget).__name__} {widget.objectName()!r} {name(widget)!r} in {type(widget.parent()).__name__}"
        waits = (
            isinstance(widget, QAbstractButton)
            and not widget.isVisible()
            and not widget.text()
            and widget.icon().isNull()
        )
        if not name(widget) and not waits:  # a button that is shown with its words
            found.append(f"no name: {about}")
        if not reached(widget):
            found.append(f"not by keyboard: {about}")
    return sorted(set(found))


def test_the_window_with_all_that_a_training_shows(studio: Studio) -> None:
    window = studio.window
    assert wrong(window) == []
    studio.train()
    keep(studio)
    window.document.set("weight", 4.0)
    window.curves.redraw()
    paused_at(studio)
    assert wrong(window) == []


def test_the_menu_key_resets_what_the_small_button_does(studio: Studio) -> None:
    knob = studio.window.panel.knob("weight")
    studio.window.document.set("weight", 4.0)
    editor = knob.editors()[0]
    at = editor.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, editor.mapToGlobal(at))
    QApplication.sendEvent(editor, event)
    menu = next(menu for menu in knob.findChildren(QMenu) if menu.isVisible())
    next(action for action in menu.actions() if action.text().startswith("Reset")).trigger()
    menu.close()
    assert studio.settings.weight == 1.0


@pytest.mark.parametrize("key", ["magic", "doodle"])
def test_the_panel_and_the_bar_of_images_of_a_real_method(studio: Studio, key: str) -> None:
    window = studio.window
    method = method_class(key)
    window.panel.show_method(method)
    window.sources.show_slots(method.slots)
    assert wrong(window) == []


def test_the_dialogs(studio: Studio, tmp_path: Path) -> None:
    window = studio.window
    studio.train()
    moment = keep(studio)
    paused_at(studio)
    studio.press("export")
    assert window.exports.dialog is not None
    window.strip._ask_note(moment)
    window.own_presets.ask_name()
    dialogs: list[QDialog] = [
        window.exports.dialog,
        *window.findChildren(QInputDialog),
        PreferencesDialog(window.preferences, window),
        MaskEditor(Beginning("Target mask", MaskFile(np.zeros((60, 80), np.uint8), first_regions())), window),
        WeightsDialog(VGG19, tmp_path, window),
        HelpSheet(window),
        AwayDialog(window.document, window),
        FrameDialog(None, None, 7, window),
        MomentGrid([moment], window),
    ]
    assert len(dialogs) >= 6
    for dialog in dialogs:
        assert wrong(dialog) == [], type(dialog).__name__
        dialog.close()
