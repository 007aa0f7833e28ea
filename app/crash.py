"""What happens when the program itself is wrong: a report in the data folder, a plain message, and on it goes."""

from __future__ import annotations

import platform
import sys
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType

from platformdirs import user_data_path

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
    _show(crash_message(record(error)))


def _show(text: str) -> None:
    from PySide6.QtCore import QCoreApplication, QThread
    from PySide6.QtWidgets import QApplication, QMessageBox

    app = QCoreApplication.instance()
    if app is None or QThread.currentThread() != app.thread():
        return
    if any(widget.objectName() == "crash" for widget in QApplication.topLevelWidgets()):
        return  # one at a time: an error in a paint handler would otherwise fill the screen
    box = QMessageBox(QMessageBox.Icon.Warning, "Tessera", text)
    box.setObjectName("crash")
    # the connection also keeps the box, which has no parent, from being collected
    box.finished.connect(lambda _result, box=box: box.deleteLater())
    box.open()
