"""PySide looks for its own name in the source of each module that is imported after it, and Python keeps the lines.

It wants to know which modules write its functions in another style, as none here does. Of torch and what torch needs it
reads 800,000 lines: 68 MB, and a tenth of the time that they take to load.
"""

from __future__ import annotations

import sys
from types import ModuleType

_LOOKS, _ASKED_BY = "_mod_uses_pyside", "shibokensupport.feature"
"""The function of PySide 6.11 that reads, and its module; no other PySide needs to have them."""
_MAY_USE_QT = ("app", "benchmarks", "tests", "PySide6", "shiboken6", "pytestqt")


def leave_unread() -> None:
    """From now on only modules of packages that use Qt are read. Without effect where PySide reads in another way."""
    asked_by = sys.modules.get(_ASKED_BY)
    looks = getattr(asked_by, _LOOKS, None)
    if looks is None or getattr(looks, "__module__", None) == __name__:
        return

    def may_use_qt(module: ModuleType) -> bool:
        return module.__name__.partition(".")[0] in _MAY_USE_QT and looks(module)

    setattr(asked_by, _LOOKS, may_use_qt)
