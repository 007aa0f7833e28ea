"""Numbers in words for people: durations, times, bytes, counts; and showing a file in the computer's file manager."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDate, QLocale, Qt, QTime, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.files import amount as amount


def duration(seconds: float) -> str:
    """ "12 s", "4 min 10 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60} min" if rest >= 60 else f"{hours} h"


def moment(when: datetime) -> str:
    """ "at 16:03", or with the date where that was not today."""
    locale, short = QLocale(), QLocale.FormatType.ShortFormat
    time = locale.toString(QTime(when.hour, when.minute), short)
    if when.date() == datetime.now().date():
        return f"at {time}"
    return f"on {locale.toString(QDate(when.year, when.month, when.day), short)}, {time}"


def counted(count: int, one: str) -> str:
    """ "1 moment", "1,200 moments", of `one` "moment"."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def pixels(count: float) -> str:
    """ "8.3 megapixels", "1.2 gigapixels", "0.049 megapixels"."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} gigapixels"
    return f"{count / 1e6:.1f} megapixels" if count >= 1e5 else f"{count / 1e6:.2g} megapixels"


def print_size(width_px: int, height_px: int, dpi: int) -> str:
    """ "29.8 × 20.0 cm", "2.54 × 1.71 m"."""
    across, down = (side / dpi * 2.54 for side in (width_px, height_px))
    if max(across, down) >= 100:
        return f"{across / 100:.2f} × {down / 100:.2f} m"
    return f"{across:.1f} × {down:.1f} cm"


def show_in_folder(path: Path) -> None:
    """Opens the folder that holds `path` in the file manager, or `path` itself if it is a folder."""
    _open(path if path.is_dir() else path.parent)


def open_file(path: Path) -> None:
    """Opens a file with the program that the computer has for it."""
    _open(path)


def _open(path: Path) -> None:
    """Where the computer has no program for it, says where it is, so that the button is not silent."""
    if QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
        return
    words = QCoreApplication.translate("words", "This computer names no program that opens it. It is here:\n{}")
    box = QMessageBox(QMessageBox.Icon.Information, "Tessera", words.format(path), parent=QApplication.activeWindow())
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def some_of(sentences: Sequence[str], most: int = 3) -> str:
    """A few sentences in full, the rest as a number."""
    text = " ".join(sentences[:most])
    return text if len(sentences) <= most else f"{text} And {len(sentences) - most} more like these."
