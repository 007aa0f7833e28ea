"""Starts the window: a splash, then its frame, then torch in the background and with it everything else.

The command line is __main__.py's.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QCoreApplication,
    QMessageLogContext,
    QRect,
    Qt,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QColor, QFont, QImageReader, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QLabel

from app import collecting, crash, unread
from app.ended import Endings
from app.widgets import background, program_icon, theme
from engine.cli.commands import spelled

if TYPE_CHECKING:
    from app.main_window import MainWindow

SPLASH_PX = (440, 220)
NO_WINDOW = (
    "tessera: Qt could not open a window here (the README lists the system packages it needs); without one, use "
    f"{spelled()}."
)


def run(paths: list[Path]) -> int:
    """Opens the window with a project or images, and stays until it is closed. Returns the exit status."""
    gc.disable()  # while thousands of classes are made, which stay: a sixth of the time
    QCoreApplication.setApplicationName("Tessera")
    QCoreApplication.setOrganizationName("Tessera")
    app = _open_application()
    program_icon.be_known()
    program_icon.show()
    crash.install()
    QImageReader.setAllocationLimit(0)  # Qt refuses pictures above 256 MB, which previews of large layers may be
    splash = make_splash()
    splash.show()
    app.processEvents()
    window = make_window(app)
    window.ended.connect(lambda: QCoreApplication.exit(0))  # also where a box without a parent is open
    Endings(app).asked.connect(window.end)
    window.show()
    splash.move(window.frameGeometry().center() - splash.rect().center())
    splash.raise_()
    app.processEvents()

    def build(_nothing: object) -> None:
        try:
            window.build()
        except Exception as error:
            fail(error)
            return
        for end in (window.training.wait, window.recovery.release):
            app.aboutToQuit.connect(end)  # the system may end the program without closing the window
        splash.close()
        gc.freeze()
        collecting.Collector(app)
        window.files.open_all(paths)

    def fail(error: BaseException) -> None:
        splash.close()
        window.hide()  # an empty frame says nothing; the box does
        crash.tell_and_end(error)

    loading = background.Task(load_engine, app)
    loading.finished_with.connect(build)
    loading.failed_with.connect(fail)
    loading.start()
    status = app.exec()
    loading.wait()  # where the window was closed at once
    return status


def make_window(app: QApplication) -> MainWindow:
    """The frame of the main window, in its colours and place, before torch is loaded."""
    from app.main_window import MainWindow
    from app.preferences import Preferences

    preferences = Preferences()
    theme.apply(app, preferences.theme)
    return MainWindow(preferences, crash.data_folder(), built=False)


def _open_application() -> QApplication:
    """Qt ends the program where it can not open a display; this lets it leave with one sentence instead."""

    def leave(kind: QtMsgType, _context: QMessageLogContext, _text: str) -> None:
        if kind == QtMsgType.QtFatalMsg:
            print(NO_WINDOW, file=sys.stderr, flush=True)
            os._exit(2)

    before = qInstallMessageHandler(leave)
    app = QApplication(sys.argv[:1])
    qInstallMessageHandler(before)
    return app


def load_engine() -> None:
    """Everything that brings torch along; what has to do with Qt is imported in the window's own thread."""
    unread.leave_unread()
    import engine.training.session
    from engine.method import method_class, method_keys

    assert engine.training.session
    for key in method_keys():
        method_class(key)


def make_splash() -> QLabel:
    """The program's name over a small mosaic.

    Not Qt's own splash screen, which waits a second for the screen to show it, in vain: events come later.
    """
    width, height = SPLASH_PX
    ratio = QApplication.primaryScreen().devicePixelRatio() if QApplication.primaryScreen() else 1.0
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(theme.DARK.window))
    painter = QPainter(picture)
    side = 22
    for row in range(height // side):
        for column in range(width // side + 1):
            # two incommensurable steps give an even, but not a regular, spread of hues
            hue = (row * 83 + column * 137) % 360
            light = 38 + (row * 5 + column * 7) % 23
            painter.fillRect(column * side, row * side, side - 1, side - 1, QColor.fromHsl(hue, 62, light + 24))
    painter.fillRect(0, height - 74, width, 74, QColor(theme.DARK.window))
    painter.setPen(QColor(theme.DARK.text))
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * 2)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.drawText(QRect(20, height - 70, width - 40, 40), Qt.AlignmentFlag.AlignVCenter, "Tessera")
    painter.setFont(QApplication.font())
    painter.setPen(QColor(theme.DARK.muted))
    painter.drawText(QRect(20, height - 34, width - 40, 22), Qt.AlignmentFlag.AlignVCenter, "Getting the studio ready…")
    painter.end()
    flags = Qt.WindowType.SplashScreen | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
    splash = QLabel()
    splash.setWindowFlags(flags)
    splash.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
    splash.setPixmap(picture)
    splash.setFixedSize(width, height)
    splash.move(QApplication.primaryScreen().geometry().center() - splash.rect().center())
    return splash
