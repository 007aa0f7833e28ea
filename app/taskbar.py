"""How far a long job is, for who looks at another window: in the title, and as a bar on the program's icon.

The bar is drawn on the icon itself, which taskbars show, and the Dock of macOS. Docks of Linux desktops (KDE's,
Ubuntu's and others), which show the icon of an installed program, draw one of their own where they are told of it over
D-Bus, as Unity's launcher was (com.canonical.Unity.LauncherEntry).
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.export.queue import ExportQueue
from app.widgets import program_icon

_PATH, _INTERFACE = "/tessera", "com.canonical.Unity.LauncherEntry"


class Taskbar(QObject):
    """Follows the queue of exports, and the plan that is carried out while one is away; exports come first.

    Args:
        tell: takes the share that is done, 0 to 1, or None where nothing long runs; once for each per cent. Icon and
            dock unless given.
    """

    changed = Signal()
    """`prefix` is another one."""

    def __init__(
        self, queue: ExportQueue, parent: QObject, tell: Callable[[float | None], object] | None = None
    ) -> None:
        super().__init__(parent)
        self._queue = queue
        self._tell = tell or show_share
        self._plan: float | None = None
        self._percent: int | None = None
        queue.changed.connect(self._follow)
        queue.progressed.connect(lambda _item: self._follow())

    @property
    def prefix(self) -> str:
        """What stands before the title of the window, as "37 % · "; empty where nothing long runs."""
        return "" if self._percent is None else f"{self._percent} % · "

    def set_plan(self, share: float | None) -> None:
        """How far a plan of trainings is, 0 to 1; None where none is carried out."""
        self._plan = share
        self._follow()

    def _follow(self) -> None:
        """Files that wait count as nothing of them done, so that the bar does not begin anew with each."""
        waiting = [item for item in self._queue.items if not item.over]
        share = self._plan
        if waiting:
            share = sum(item.share for item in waiting) / len(waiting)
        percent = None if share is None else round(100 * min(max(share, 0.0), 1.0))
        if percent != self._percent:
            self._percent = percent
            self._tell(None if percent is None else percent / 100)
            self.changed.emit()


def show_share(share: float | None) -> None:
    """A share of 0 to 1 on the icon of the program and in the desktop's dock, or None to take the bars away."""
    program_icon.show(share)
    tell_dock(share)


def tell_dock(share: float | None) -> None:
    """A share of 0 to 1, or None to take the bar away; nothing where no desktop listens."""
    if not sys.platform.startswith("linux") or QGuiApplication.platformName() in ("offscreen", "minimal"):
        return
    from PySide6.QtDBus import QDBusConnection, QDBusMessage  # needs libraries that not every system has

    message = QDBusMessage.createSignal(_PATH, _INTERFACE, "Update")
    name = QGuiApplication.desktopFileName() or "tessera"
    message.setArguments(
        [f"application://{name}.desktop", {"progress": share or 0.0, "progress-visible": share is not None}]
    )
    QDBusConnection.sessionBus().send(message)
