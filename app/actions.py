"""Everything that the artist can do: its words, key and icon. Menus, toolbar and the sheet of keys read this table."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from app.widgets import theme
from app.widgets.menu_keys import MenuLetters


@dataclass(frozen=True)
class Item:
    """One action.

    Args:
        short: text in the toolbar, where it is not `text`.
        keys: shortcuts, the first is shown; none that a field of text takes for itself (Ctrl+E and Ctrl+K on X11).
        rule: a line in the menu above it.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    short: str = ""
    tip: str = ""
    rule: bool = False


ITEMS = (
    Item("new", "File", "New project", ("Ctrl+N",), "new", "New", "Begin an empty project"),
    Item(
        "open",
        "File",
        "Open project…",
        ("Ctrl+O",),
        "open",
        "Open",
        "Open a project: folder or packed",
    ),
    Item("save", "File", "Save", ("Ctrl+S",), "save", "Save", "Give the project a name and place"),
    Item("save_as", "File", "Save as…", ("Ctrl+Shift+S",)),
    Item("pack", "File", "Pack into one file…", tip="One file with all of it, to take along or to give away"),
    Item(
        "save_view",
        "File",
        "Save this view…",
        ("Ctrl+Shift+V",),
        tip="What is on the canvas, to a small file",
        rule=True,
    ),
    Item("export", "File", "Export…", ("Ctrl+Shift+E",), "export", "Export…", "Paint the mosaic to a file"),
    Item("others", "File", "Paint another content…", ("Ctrl+Shift+P",), tip="Paint other images by what was learned"),
    Item("quit", "File", "Quit", ("Ctrl+Q",), rule=True),
    Item("undo", "Edit", "Undo", ("Ctrl+Z",), "undo"),
    Item("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo"),
    Item(
        "copy_view", "Edit", "Copy this view", ("Ctrl+Shift+C",), rule=True, tip="What is on the canvas, as a picture"
    ),
    Item("copy_settings", "Edit", "Copy the settings as text", tip="In words, and as the command for the same"),
    Item("paste", "Edit", "Paste images", ("Ctrl+V",), tip="Add the image or files on the clipboard"),
    Item("frame", "Edit", "Canvas size and seed…", ("Ctrl+Shift+K",), rule=True),
    Item("preferences", "Edit", "Preferences…", ("Ctrl+,",), "settings"),
    Item("train", "Training", "Train", ("Ctrl+T",), "train", "", "Learn from these images; pause, and go on"),
    Item("stop", "Training", "Stop", ("Ctrl+.",), "stop", "", "Keep this moment and end the training"),
    Item("keep", "Training", "Keep moment", ("Ctrl+D",), "keep", "", "Keep this moment, to come back to it"),
    Item("afresh", "Training", "Train afresh", tip="Trains from nothing, at once; all moments stay", rule=True),
    Item(
        "start_from",
        "Training",
        "Start from another project…",
        tip="Begin with what another project's networks learned; what is there is kept",
    ),
    Item(
        "needs",
        "Training",
        "Measure memory and time",
        tip="What these settings take, and the largest that fits",
        rule=True,
    ),
    Item("away", "Training", "While you are away…", tip="Several trainings one after another, each kept"),
    Item(
        "rebuild", "Training", "Rebuild now", ("Ctrl+R",), "rebuild", "", "Put settings marked for a rebuild in force"
    ),
    Item("fit", "View", "Fit the canvas", ("Ctrl+0",), "fit"),
    Item("pixels", "View", "100 %", ("Ctrl+1",)),
    Item("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+=")),
    Item("zoom_out", "View", "Zoom out", ("Ctrl+-",)),
    Item("next_panel", "View", "Next panel", ("F6",), tip="The keys go to the next part of the window", rule=True),
    Item("previous_panel", "View", "Panel before", ("Shift+F6",), tip="The keys go to the part of the window before"),
    Item("next_layer", "View", "Next layer", ("Ctrl+L",), rule=True),
    Item("grid", "View", "Moments side by side…", ("Ctrl+G",), tip="Many moments at one zoom, to choose from"),
    Item("full_screen", "View", "Full screen", ("F11",)),
    Item("keys", "Help", "Keyboard and mouse", ("?", "F1"), "help"),
    Item("about", "Help", "About Tessera"),
)

MOUSE = (
    ("Wheel", "zoom at the pointer"),
    ("Drag", "move the picture"),
    ("Double click", "fit the canvas"),
    ("+  −  0  1", "zoom in, zoom out, fit, 100 %, when the canvas has the focus"),
    ("Z, held", "a loupe at the pointer"),
    ("Rest, click", "which piece lies there; keep it in the tray"),
    ("Right click", "copy, save or export what is there, or copy the settings"),
    ("Click on a moment", "lays it over the picture; drag the line to compare"),
    ("Drop", "images or folders on Style, Content or the canvas; a project anywhere"),
)
"""What the mouse and single keys do on the canvas, for the sheet of keys."""

KEYS = (
    ("Tab, Shift+Tab", "the next control, or the one before"),
    ("F10, Shift+F10", "the menus; the menu of what has the keys"),
    ("A letter in a menu", "the entry that begins with it"),
    ("Return, Space", "press the button that has the keys"),
    ("Arrows on a slider", "move it; finely with Shift"),
    ("Arrows on an image", "another one; with Ctrl, its place"),
    ("Arrows on a moment", "look at another one"),
    ("Return on a moment", "go back to it"),
    ("S   N   F2", "star, note, name of the moment"),
    ("Delete", "remove the image or moment"),
)
"""The way through the window by keys alone."""

MASKS = (
    ("B  L  F  G  E", "brush, lasso, fill, gradient, eraser"),
    ("W   I", "what one piece covers; invert"),
    ("1 to 9", "the region or amount to paint with"),
    ("[   ]", "smaller or larger brush"),
    ("Shift+Click", "a straight line"),
    ("Right click", "take the region from the mask"),
    ("Space+Drag", "move the mask"),
)
"""The same where masks are painted."""

PIECES = (
    ("M   F   L", "mute, favour, lock the chosen pieces"),
    ("Backspace", "as they were drawn"),
    ("D", "draw all that are not locked anew"),
    ("Arrow keys on the source", "move the piece; finely with Shift"),
)
"""The same in the tray of pieces."""

TOOLBAR = ("new", "open", "save", "", "train", "stop", "keep", "", "export", "", "undo", "redo")
"""Names in their order; an empty one is a line."""


def make(window: QMainWindow) -> dict[str, QAction]:
    """An action for each item, in the window's menus. Who connects them is the window's business."""
    actions: dict[str, QAction] = {}
    menus = {}
    for item in ITEMS:
        if item.menu not in menus:
            menus[item.menu] = window.menuBar().addMenu(f"&{_tr(item.menu)}")  # by Alt and its first letter
            menus[item.menu].setObjectName(f"menu {item.menu}")
            MenuLetters(menus[item.menu])
        action = QAction(_tr(item.text), window)
        action.setObjectName(item.name)
        action.setShortcuts([QKeySequence(key) for key in item.keys])
        action.setMenuRole(_role(item.name))
        if item.name == "quit":  # from the windows beside this one as well
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
        if item.icon:
            action.setIcon(theme.icon(item.icon))
        if item.short:
            action.setIconText(_tr(item.short))
        describe(action, _tr(item.tip))
        if item.rule:
            menus[item.menu].addSeparator()
        menus[item.menu].addAction(action)
        actions[item.name] = action
    return actions


def describe(action: QAction, tip: str) -> None:
    """Tooltip and status tip: what it does, and its key."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    words = tip or action.text().removesuffix("…")
    action.setToolTip(f"{words} ({keys})" if keys else words)
    action.setStatusTip(words)


def _role(name: str) -> QAction.MenuRole:
    roles = {
        "quit": QAction.MenuRole.QuitRole,
        "preferences": QAction.MenuRole.PreferencesRole,
        "about": QAction.MenuRole.AboutRole,
    }
    return roles.get(name, QAction.MenuRole.NoRole)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Actions", text)
