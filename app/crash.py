"""What happens when the program itself is wrong: a report in the data folder, a plain message, and on it goes."""

from __future__ import annotations

import platform
import sys
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from platformdirs import user_data_path

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMessageBox

KEPT_REPORTS = 20


def data_folder() -> Path:
    """Where the program keeps what has no other place: unnamed projects, the example, crash reports."""
    return user_data_path("Tessera", appauthor=False)


def record(error: BaseException, folder: Path | None = None) -> Path | None:
    """Writes a report on `error`; its path, or None where even that fails."""
    folder = folder or data_folder() / "crashes"
    lines = [
        f"Tessera on {platform.platform()}, Python {platform.python_version()}, {datetime.now():%Y-%m-%d %H:%M:%S}\n"
    ]
    lines += traceback.format_exception(error)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob("crash-*.txt"))[: -KEPT_REPORTS + 1]:
            old.unlink(missing_ok=True)
        path = folder / f"crash-{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
        path.write_text("".join(lines), encoding="utf-8")
    except OSError:
        return None
    return path


def crash_message(report: Path | None) -> str:
    """What to tell the artist."""
    where = f" A report is in {report}; it helps to send it to the makers." if report else ""
    return f"Something in Tessera itself went wrong. Your work is kept and you can go on.{where}"


def install() -> None:
    """From now on an unexpected exception is recorded and shown, and the program goes on."""
    sys.excepthook = _hook


def tell(error: Exception) -> None:
    """Treats an exception as one that nobody caught, so that what called goes on."""
    sys.excepthook(type(error), error, error.__traceback__)


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    traceback.print_exception(kind, error, trace)
    if isinstance(error, KeyboardInterrupt):
        sys.exit(130)
    report = record(error)
    _show(crash_message(report), report, "".join(traceback.format_exception(error)))


def tell_and_end(error: BaseException) -> None:
    """The program could not start: recorded, and said in a window, since nobody may see the terminal.

    Returns at once where a box is open; the program ends, with status 1, when it is closed.
    """
    from PySide6.QtCore import QCoreApplication

    report = record(error)
    text = (
        f"Tessera could not start: a part of it could not be loaded ({error}). "
        "Installing it again may help; your projects are untouched."
    )
    print(f"tessera: {text}{f' See {report}.' if report else ''}", file=sys.stderr)
    box = _show(text, report, "".join(traceback.format_exception(error)))
    if box is None:
        QCoreApplication.exit(1)
    else:
        box.finished.connect(lambda _result: QCoreApplication.exit(1))


def _show(text: str, report: Path | None, details: str) -> QMessageBox | None:
    """One box at a time: an error in a paint handler would otherwise fill the screen."""
    from PySide6.QtCore import QCoreApplication, QThread
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication, QMessageBox

    from app.widgets.words import show_in_folder

    app = QCoreApplication.instance()
    if app is None or QThread.currentThread() != app.thread():
        return None
    if any(widget.objectName() == "crash" for widget in QApplication.topLevelWidgets()):
        return None
    box = QMessageBox(QMessageBox.Icon.Warning, "Tessera", text)
    box.setObjectName("crash")
    whole = report.read_text(encoding="utf-8") if report is not None else details
    for words, act in (
        ("Copy the report", lambda: QGuiApplication.clipboard().setText(whole)),
        ("Open its folder", lambda: report is not None and show_in_folder(report)),
    ):
        button = box.addButton(words, QMessageBox.ButtonRole.ActionRole)
        button.clicked.disconnect()  # so that it acts, and the box stays
        button.clicked.connect(act)
        button.setEnabled(report is not None or words.startswith("Copy"))
    close = box.addButton(QMessageBox.StandardButton.Close)
    box.setDefaultButton(close)
    box.setEscapeButton(close)
    # the connection also keeps the box, which has no parent, from being collected
    box.finished.connect(lambda _result, box=box: box.deleteLater())
    box.open()
    return box
