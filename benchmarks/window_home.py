"""The program's own window in the process that measures it: as the program starts, with settings of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from benchmarks import common
from engine import heap


@contextmanager
def at_home() -> Iterator[tuple[QApplication, Path]]:
    """The application, and a folder for settings and projects, which is gone afterwards."""
    heap.keep_freed()
    sys.setswitchinterval(0.001)
    application = QApplication(sys.argv[:1])
    with common.workshop() as folder:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
        yield application, folder
