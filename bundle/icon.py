"""`python -m bundle.icon FILE`: the program's icon as a picture, for menus and for the program's file.

A process of its own, since a program has one application of Qt.
"""

from __future__ import annotations

import os
import sys

SIDE_PX = 256


def main(file: str) -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QGuiApplication

    from app.widgets import program_icon

    application = QGuiApplication(sys.argv[:1])
    done = program_icon.icon().pixmap(SIDE_PX).save(file)
    del application
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
