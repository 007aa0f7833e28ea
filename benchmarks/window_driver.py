"""The process that window.py starts: the program as `tessera` starts it, with window_hand.py at its controls.

Until the window is there, nothing is imported that the program itself would not import at that moment.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.argv = ["tessera"]
    from PySide6.QtCore import QSettings

    import app.__main__ as program
    import app.window

    # The user's own preferences and projects stay out of it, and as they are.
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, order["folder"])
    app.window.crash.data_folder = lambda: Path(order["folder"]) / "data"
    make_window = app.window.make_window
    keep: list[object] = []

    def watched(qt: Any) -> Any:
        splash_s = time.monotonic() - order["started"]
        from benchmarks.window_hand import Hand

        keep.append(Hand(qt, order, splash_s))
        return make_window(qt)

    app.window.make_window = watched
    return program.main([])


if __name__ == "__main__":
    sys.exit(main())
