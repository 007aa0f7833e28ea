"""The program as it is, which also tells where its widgets are: each line on standard input is answered by one of JSON.

A line that names a file has a picture of the screen written there as well.
Run as `python -m tests.app.walk_program [PATHS...]` in place of `python -m app`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QPoint, QSocketNotifier
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QSlider, QWidget

from app.__main__ import main


def described(widget: QWidget) -> dict[str, Any]:
    """What a person sees of it, and where: x, y, width and height on the screen, in pixels."""
    corner = widget.mapToGlobal(QPoint(0, 0))
    text = widget.property("text")
    if isinstance(widget, QComboBox):
        text = widget.currentText()
    elif isinstance(widget, QLabel | QLineEdit):
        text = widget.text()
    return {
        "kind": type(widget).__name__,
        "name": widget.accessibleName() or widget.objectName(),
        "text": text if isinstance(text, str) else "",
        "enabled": widget.isEnabled(),
        "checked": bool(widget.property("checked")),
        "value": widget.value() if isinstance(widget, QSlider) else None,
        "box": [corner.x(), corner.y(), widget.width(), widget.height()],
    }


def seen() -> dict[str, Any]:
    """All that is on the screen now."""
    windows, widgets = [], []
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            windows.append({"title": window.windowTitle(), "id": int(window.winId()), "kind": type(window).__name__})
            widgets += [described(w) for w in [window, *window.findChildren(QWidget)] if w.isVisible()]
    active, focus = QApplication.activeWindow(), QApplication.focusWidget()
    return {
        "windows": windows,
        "widgets": widgets,
        "active": int(active.winId()) if active else 0,
        "focus": described(focus) | {"shown": focus.isVisible()} if focus else None,
    }


def answer() -> None:
    line = sys.stdin.readline()
    if line.strip():
        QApplication.primaryScreen().grabWindow(0).save(line.strip())
    if line:
        print(json.dumps(seen()), flush=True)


def telling(run: Any) -> Any:
    """The program's main loop, with an ear at standard input."""

    def listen_and_run(*_app: object) -> int:
        ear = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        ear.activated.connect(answer)
        return run()

    return listen_and_run


if __name__ == "__main__":
    QApplication.exec = telling(QApplication.exec)
    sys.exit(main())
