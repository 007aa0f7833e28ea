"""How the window looks: palettes for light and dark, one stylesheet, colours by name, icons in the text's colour.

No widgets here. Greys are neutral, so that the artwork beside them keeps its tint; the accent is the only hue.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

import shiboken6
from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import resources

_FOLDER = Path(resources.__file__).parent
MODES = ("system", "light", "dark")
MODE_TITLES = {"system": "As the system", "light": "Light", "dark": "Dark"}
"""What the modes are called wherever they can be chosen."""
UNIT = 8
"""Pixels of the spacing grid."""
DRAWN_KB = 2048
"""Of controls as Qt has drawn them, which it keeps by their size and state to lay them down again. The window with all
its forms needs a quarter of a megabyte, four times that at 200 %; Qt alone would fill ten with sizes that are past."""


@dataclass(frozen=True)
class Colors:
    """Named colours, as `#rrggbb`.

    Args:
        window, base, button, border: grounds, from the panel to the edit field, and the lines between them.
        text, muted: readable on all of these (contrast at least 4.5).
        accent, on_accent: the one hue, and text on it.
        live, rebuild: marks of settings that act while training, or need a rebuild.
        warning, error, good: text and marks of that meaning.
        canvas: ground of the artwork; `on_canvas` is text on it.
        checks: the two grounds of what is transparent.
        grid: lines of a plot, on `base`.
        curves: lines of a plot, in the order of use.
    """

    window: str
    base: str
    button: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    live: str
    rebuild: str
    warning: str
    error: str
    good: str
    canvas: str
    on_canvas: str
    checks: tuple[str, str]
    grid: str
    curves: tuple[str, ...]


LIGHT = Colors(
    window="#f2f2f2",
    base="#ffffff",
    button="#fafafa",
    border="#c2c2c2",
    text="#1c1c1c",
    muted="#5a5a5a",
    accent="#0b6e69",
    on_accent="#ffffff",
    live="#0b6e69",
    rebuild="#8a5300",
    warning="#8a5300",
    error="#b3261e",
    good="#1b6e2e",
    canvas="#c8c8c8",
    on_canvas="#2a2a2a",
    checks=("#ffffff", "#d4d4d4"),
    grid="#dcdcdc",
    curves=("#0b6e69", "#b3541e", "#6a4fb3", "#1f5fae", "#7d6200", "#a8326e", "#4a4a4a", "#3d7a1f"),
)

DARK = Colors(
    window="#2d2d2d",
    base="#1c1c1c",
    button="#3a3a3a",
    border="#505050",
    text="#ececec",
    muted="#b0b0b0",
    accent="#45c4b8",
    on_accent="#101010",
    live="#45c4b8",
    rebuild="#e5ad55",
    warning="#e5ad55",
    error="#ff8f85",
    good="#7fd08f",
    canvas="#1a1a1a",
    on_canvas="#c4c4c4",
    checks=("#4e4e4e", "#363636"),
    grid="#3a3a3a",
    curves=("#45c4b8", "#f0914d", "#b09cf0", "#6fb1f5", "#dcc24a", "#f080b0", "#c0c0c0", "#9ad06a"),
)


def apply(app: QApplication, mode: str) -> None:
    """Dresses the whole application; `mode` is one of `MODES`, anything else counts as "system".

    May be called again at any time; "system" keeps following the platform.
    """
    follower = app.findChild(_Follower)
    if follower is None:
        QPixmapCache.setCacheLimit(DRAWN_KB)
        follower = _Follower(app)
    follower.follow(mode)


def is_dark() -> bool:
    """Whether the application wears the dark palette."""
    return QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def colors() -> Colors:
    """The colours in force; ask again in each paint event, they change with the theme."""
    return DARK if is_dark() else LIGHT


def icon(name: str) -> QIcon:
    """A line icon of resources/icons in the colour of the text; follows later changes of the theme by itself.

    Raises:
        KeyError: there is no such icon.
    """
    _svg(name)
    return QIcon(_LineIcon(name))


def palette(named: Colors) -> QPalette:
    """Fusion's roles filled from named colours."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    result = QPalette()
    plain = {
        role.Window: named.window,
        role.WindowText: named.text,
        role.Base: named.base,
        role.AlternateBase: named.window,
        role.Text: named.text,
        role.Button: named.button,
        role.ButtonText: named.text,
        role.BrightText: named.error,
        role.PlaceholderText: named.muted,
        role.Highlight: named.accent,
        role.HighlightedText: named.on_accent,
        role.Accent: named.accent,
        role.Link: named.accent,
        role.LinkVisited: named.accent,
        role.ToolTipBase: named.base,
        role.ToolTipText: named.text,
        role.Mid: named.border,
        role.Midlight: named.button,
        role.Light: named.button,
        role.Dark: named.border,
        role.Shadow: named.border,
    }
    for key, value in plain.items():
        result.setColor(key, QColor(value))
    faint = QColor(disabled(named))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(group.Disabled, key, faint)
    result.setColor(group.Disabled, role.Highlight, QColor(named.border))
    result.setColor(group.Disabled, role.Accent, QColor(named.border))
    return result


def disabled(named: Colors) -> str:
    """Text of what can not be used now: halfway to the ground, yet legible."""
    front, back = QColor(named.text), QColor(named.window)
    pairs = ((front.red(), back.red()), (front.green(), back.green()), (front.blue(), back.blue()))
    return QColor(*(round(0.45 * a + 0.55 * b) for a, b in pairs)).name()


class _Follower(QObject):
    """Keeps the chosen mode, and in "system" answers changes of the platform."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._mode = "system"
        app.styleHints().colorSchemeChanged.connect(self._on_scheme)

    def follow(self, mode: str) -> None:
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(mode)
        self._mode = mode if scheme else "system"
        hints = self._app.styleHints()
        if scheme is None:
            hints.unsetColorScheme()
        else:
            # title bars and native dialogs follow, where the platform can; the palette below does not depend on it
            hints.setColorScheme(scheme)
        self._dress()

    def _on_scheme(self) -> None:
        if self._mode == "system":
            self._dress()

    def _dress(self) -> None:
        dark = self._mode == "dark" or (
            self._mode == "system" and self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        )
        named = DARK if dark else LIGHT
        if self._app.style().name() != "fusion":
            self._app.setStyle("Fusion")
        self._app.setPalette(palette(named))
        # a grey bar under the pointer, on which icons stay as readable as words
        menus = palette(named)
        menus.setColor(QPalette.ColorRole.Highlight, QColor(named.border))
        menus.setColor(QPalette.ColorRole.HighlightedText, QColor(named.text))
        for kind in ("QMenu", "QMenuBar"):
            # a text in truth, whatever PySide's stubs say
            self._app.setPalette(menus, kind)  # pyright: ignore[reportArgumentType]
        style = Template((_FOLDER / "window.qss").read_text(encoding="utf-8"))
        tick = (_FOLDER / "ticks" / ("dark.svg" if dark else "light.svg")).as_posix()
        self._app.setStyleSheet(style.substitute(vars(named), disabled=disabled(named), tick=tick))


class _LineIcon(QIconEngine):
    """Paints an SVG in the palette's colour at the moment of painting."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        group = QPalette.ColorGroup.Disabled if mode == QIcon.Mode.Disabled else QPalette.ColorGroup.Active
        color = QApplication.palette().color(group, QPalette.ColorRole.ButtonText)
        if mode == QIcon.Mode.Selected:
            color = QApplication.palette().color(QPalette.ColorRole.HighlightedText)
        text = _svg(self._name).replace("#000000", color.name())
        side = min(rect.width(), rect.height())
        square = QRectF(rect.center().x() + 0.5 - side / 2, rect.center().y() + 0.5 - side / 2, side, side)
        QSvgRenderer(QByteArray(text.encode())).render(painter, square)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():  # Qt asks so for places that have no room yet
            return QPixmap()
        result = QPixmap(size)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return result

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """`size` is in the window's own pixels; drawn anew for the screen's, of which there are `scale` as many."""
        result = self.pixmap(size * scale, mode, state)
        result.setDevicePixelRatio(scale)
        return result

    def isNull(self) -> bool:
        return False

    def clone(self) -> QIconEngine:
        """Belongs to the icon of Qt's that asks for it, where Python would end it at once, and the icon again later.

        Nothing but an icon takes it from Python, so one does, and then lets go.
        """
        copy = _LineIcon(self._name)
        shiboken6.invalidate(QIcon(copy))
        return copy


@cache
def _svg(name: str) -> str:
    file = _FOLDER / "icons" / f"{name}.svg"
    if not file.is_file():
        raise KeyError(f"there is no icon {name}")
    return file.read_text(encoding="utf-8")
