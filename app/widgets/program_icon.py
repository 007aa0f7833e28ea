"""The program's icon, tesserae drawn by code; while a long job runs, with a bar of how far it is.

Set on the application it is that of each of its windows: the taskbar shows it on Windows and on desktops of Linux, and
Qt puts it into the Dock of macOS.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap

SIDES_PX = (16, 24, 32, 48, 64, 128, 256)
"""From the corner of a window to a Dock of twice as many pixels."""
WINDOWS_ID = "Tessera.Tessera"
_GROUND = "#20282c"
_TESSERAE = (
    ("#45c4b8", "#2a8f9c", "#e9dcc0"),
    ("#d9823b", "#e9dcc0", "#0b6e69"),
    ("#e9dcc0", "#b3541e", "#45c4b8"),
)
_BAR_GROUND, _BAR = "#101010", "#7fe08f"


def show(share: float | None = None) -> None:
    """Gives the application its icon: with the share that is done, 0 to 1, or None for the icon alone."""
    QGuiApplication.setWindowIcon(icon(share))


def be_known() -> None:
    """Tells Windows that this is no Python script among others: only then the taskbar shows the window's own icon.

    To be called before the first window is shown; nothing elsewhere.
    """
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(WINDOWS_ID)


def icon(share: float | None = None) -> QIcon:
    """See `show`."""
    made = QIcon()
    for side_px in SIDES_PX:
        made.addPixmap(_drawn(side_px, share))
    return made


def _drawn(side_px: int, share: float | None) -> QPixmap:
    pixmap = QPixmap(side_px, side_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(_GROUND))
    painter.drawRoundedRect(QRectF(0, 0, side_px, side_px), side_px / 6, side_px / 6)
    step, gap = 0.88 * side_px / 3, max(1.0, side_px / 32)
    for row, colors in enumerate(_TESSERAE):
        for column, color in enumerate(colors):
            corner = 0.06 * side_px + column * step, 0.06 * side_px + row * step
            painter.fillRect(QRectF(corner[0], corner[1], step - gap, step - gap), QColor(color))
    if share is not None:
        top = round(0.64 * side_px)
        painter.fillRect(QRectF(0, top, side_px, side_px - top), QColor(_BAR_GROUND))
        edge = max(1, side_px // 16)
        inner = QRectF(edge, top + edge, side_px - 2 * edge, side_px - top - 2 * edge)
        inner.setWidth(inner.width() * min(max(share, 0.0), 1.0))
        painter.fillRect(inner, QColor(_BAR))
    painter.end()
    return pixmap
