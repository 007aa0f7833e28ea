"""Modules that have nothing to do with Qt are not read through, and none of their lines is kept."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import linecache
import PySide6.QtCore
from app.unread import leave_unread

leave_unread()
leave_unread()
linecache.clearcache()
import mailbox
print(len(linecache.cache))
from app.change import Change
print(any(name.endswith("change.py") for name in linecache.cache))
"""
"""A module of the standard library, and one of the window's own."""


def test_what_is_imported_after_qt_is_not_read_unless_it_may_use_qt() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["0", "True"]
