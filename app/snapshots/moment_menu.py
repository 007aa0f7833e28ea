"""What can be done with one moment, as a menu; and the note that is written of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QInputDialog, QMenu, QPlainTextEdit, QWidget

from app.snapshots.tile import SnapshotTile
from app.widgets import theme, words

if TYPE_CHECKING:
    from engine.snapshots import Snapshot


@dataclass(frozen=True)
class MomentWays:
    """What the row does with a moment when its menu asks for it.

    Args:
        compare: with the present one. compare_with: with the one that another was to be compared with.
        hold: another one will be compared with this.
    """

    go_back: Callable[[], object]
    export: Callable[[], object]
    compare: Callable[[], object]
    compare_with: Callable[[], object]
    hold: Callable[[], object]
    note: Callable[[], object]


def moment_menu(parent: QWidget, tile: SnapshotTile, first: Snapshot | None, ways: MomentWays) -> QMenu:
    """The context menu of a moment.

    Args:
        first: the one that another is to be compared with.
    """
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    snapshot = tile.snapshot
    menu.addAction(theme.icon("undo"), "Go back to this one", QKeySequence(Qt.Key.Key_Return), ways.go_back)
    menu.addAction(theme.icon("export"), "Export…", ways.export)
    menu.addSeparator()
    menu.addAction("Compare with now", ways.compare)
    if first is not None and first.folder != snapshot.folder:
        menu.addAction(f"Compare with {first.name or f'step {first.step:,}'}", ways.compare_with)
    menu.addAction("Compare another one with this", ways.hold)
    menu.addSeparator()
    star = "Take the star away" if snapshot.starred else "Give it a star"
    menu.addAction(star, QKeySequence(Qt.Key.Key_S), tile.toggle_star)
    menu.addAction("Note…", QKeySequence(Qt.Key.Key_N), ways.note)
    menu.addAction(theme.icon("rename"), "Rename", QKeySequence(Qt.Key.Key_F2), tile.rename)
    menu.addAction(theme.icon("folder"), "Show in folder", lambda: words.show_in_folder(snapshot.folder))
    menu.addAction(theme.icon("remove"), "Remove", QKeySequence(Qt.Key.Key_Delete), tile.remove)
    return menu


def ask_note(parent: QWidget, note: str, written: Callable[[str], object]) -> None:
    """Asks for the note of a moment, beginning with the one it has; `written` is given the new one."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle("Note")
    dialog.setLabelText("What is worth remembering about this moment:")
    dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
    dialog.setTextValue(note)
    dialog.textValueSelected.connect(lambda text: written(text.strip()))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    for editor in dialog.findChildren(QPlainTextEdit):  # made by opening it
        editor.setAccessibleName("Note")
        editor.setTabChangesFocus(True)  # to the buttons below it
