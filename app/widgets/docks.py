"""Docks with titles of our own, as sharp as the screen and in the colours of the theme; tabs are the title of several.

Qt's tabs of docks are not used: in 6.11 each change of the layout leaves bars behind, which lie over the picture.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QWidget,
)

from app.widgets import theme

_ICON_PX, _BUTTON_PX = 14, 22
_LEFT_AT = "left at"
"""Property of a dock: where it was when it was a window of its own."""


class TitledDock(QDockWidget):
    """One panel below its name; `name` is what the layout is remembered by."""

    def __init__(self, name: str, title: str, panel: QWidget, window: QMainWindow) -> None:
        super().__init__(title, window)
        self.setObjectName(name)
        self.setWidget(panel)
        label = QLabel(title, self)
        label.setProperty("role", "heading")
        self.setTitleBarWidget(_title_bar(self, label))


class TabbedDock(QDockWidget):
    """Several panels, one in front, chosen by tabs that stand where one panel has its name.

    Args:
        panels: key, title and panel of each, the first one in front.
    """

    shown = Signal(str)
    """Key of the panel that has come to the front."""

    def __init__(self, name: str, panels: dict[str, tuple[str, QWidget]], window: QMainWindow) -> None:
        super().__init__(next(iter(panels.values()))[0], window)
        self.setObjectName(name)
        self._keys = list(panels)
        self._stack = QStackedWidget(self)
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(", ".join(title for title, _panel in panels.values()))
        for title, panel in panels.values():
            self.tabs.addTab(title)
            self._stack.addWidget(panel)
        self.tabs.currentChanged.connect(self._on_tab)
        self.setWidget(self._stack)
        self.setTitleBarWidget(_title_bar(self, self.tabs))

    @property
    def front(self) -> str:
        """Key of the panel in front."""
        return self._keys[self.tabs.currentIndex()]

    def bring(self, key: str) -> None:
        """Shows a panel by its key."""
        self.show()
        self.tabs.setCurrentIndex(self._keys.index(key))

    def actions_of_panels(self) -> list[QAction]:
        """For a menu: each shows its panel, and hides the dock where the panel is in front already."""
        made = []
        for index, key in enumerate(self._keys):
            action = QAction(self.tabs.tabText(index), self)
            action.setCheckable(True)
            action.triggered.connect(lambda checked, key=key: self.bring(key) if checked else self.hide())
            made.append(action)

        def tell() -> None:
            for action, key in zip(made, self._keys, strict=True):
                action.setChecked(not self.isHidden() and key == self.front)

        self.visibilityChanged.connect(lambda _visible: tell())
        self.shown.connect(lambda _key: tell())
        return made

    def _on_tab(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self.setWindowTitle(self.tabs.tabText(index))
        self.shown.emit(self._keys[index])


def floating_action(dock: QDockWidget) -> QAction:
    """For a menu: whether the dock is in a window of its own."""
    action = QAction(dock.windowTitle(), dock)
    action.setCheckable(True)
    action.toggled.connect(lambda on: (dock.show(), set_apart(dock, on)))
    dock.topLevelChanged.connect(action.setChecked)
    return action


def set_apart(dock: QDockWidget, apart: bool) -> None:
    """A window of its own, or back. It opens where it was left; at first over the picture, where it hides no other
    panel, since those beside it take the place that it leaves."""
    if dock.isFloating() == apart:
        return
    if not apart:
        dock.setProperty(_LEFT_AT, dock.geometry())
        dock.setFloating(False)
        return
    window, size = dock.parentWidget(), dock.size()
    dock.setFloating(True)
    screen, left_at = dock.screen().availableGeometry(), dock.property(_LEFT_AT)
    middle = window.centralWidget() if isinstance(window, QMainWindow) else None
    if isinstance(left_at, QRect) and screen.contains(left_at.topLeft()):
        dock.setGeometry(left_at)
    elif middle is not None:
        picture = QRect(middle.mapToGlobal(QPoint(0, 0)), middle.size())
        frame = QRect(QPoint(0, 0), size.boundedTo(picture.size()).expandedTo(dock.minimumSizeHint()))
        frame.moveBottomRight(picture.bottomRight())
        frame.moveTo(max(frame.left(), screen.left()), max(frame.top(), screen.top()))
        dock.setGeometry(frame)


class _Edge(QWidget):
    """A line around a dock that is a window of its own: the system draws no frame around a title of ours."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setVisible(dock.isFloating())
        dock.topLevelChanged.connect(self._show)
        dock.installEventFilter(self)

    def _show(self, apart: bool) -> None:
        self.setVisible(apart)
        self._cover()

    def _cover(self) -> None:
        self.setGeometry(self._dock.rect())
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(theme.colors().border))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def _title_bar(dock: QDockWidget, title: QWidget) -> QWidget:
    """A title with what floats and what closes the dock; the keys reach both by the menu View."""
    _Edge(dock)
    bar = QWidget(dock)
    bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    row = QHBoxLayout(bar)
    row.setContentsMargins(0 if isinstance(title, QTabBar) else theme.UNIT, 2, 4, 2)
    row.setSpacing(0)
    row.addWidget(title)
    row.addStretch(1)
    for icon, words, act in (
        ("float", "In a window of its own, or back", lambda: set_apart(dock, not dock.isFloating())),
        ("close", "Close; the menu View brings it back", dock.hide),
    ):
        button = QToolButton(bar)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(_ICON_PX, _ICON_PX))
        button.setFixedSize(_BUTTON_PX, _BUTTON_PX)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip(words)
        button.setProperty("keys", "Alt+V")
        button.setAccessibleName(f"{words.split(';')[0].split(',')[0]}: {dock.windowTitle()}")
        button.clicked.connect(act)
        row.addWidget(button)
    return bar
