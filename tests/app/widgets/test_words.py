"""Numbers in words, and files that are shown where the computer has no program for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.widgets import words


@pytest.mark.parametrize(
    ("size_bytes", "said"), [(0, "0 kB"), (1, "1 kB"), (640_000, "640 kB"), (5.2e6, "5.2 MB"), (123e9, "123 GB")]
)
def test_an_amount_is_said_as_disks_are_sold_and_nothing_is_nothing(size_bytes: float, said: str) -> None:
    assert words.amount(size_bytes) == said


@pytest.mark.parametrize(
    ("count", "said"), [(49_152, "0.049 megapixels"), (267_300, "0.3 megapixels"), (8.3e6, "8.3 megapixels")]
)
def test_a_small_picture_has_pixels_too(count: float, said: str) -> None:
    assert words.pixels(count) == said


@pytest.mark.parametrize("opens", [True, False])
def test_a_folder_that_no_program_shows_is_named(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    asked: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url) or opens)
    window = QWidget()
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    words.show_in_folder(tmp_path / "mosaic.png")
    boxes = [box for box in QApplication.topLevelWidgets() if isinstance(box, QMessageBox) and box.isVisible()]
    assert [url.toLocalFile() for url in asked] == [str(tmp_path)]
    assert len(boxes) == (0 if opens else 1)
    for box in boxes:
        assert str(tmp_path) in box.text()
        box.close()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min"), (250, "4 min 10 s"), (3599, "59 min"), (7500, "2 h 5 min")],
)
def test_durations_in_words(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(10, "1 kB"), (640_000, "640 kB"), (5_240_000, "5.2 MB"), (1.4e9, "1.4 GB"), (123e9, "123 GB")]
)
def test_amounts_in_words(size, text):
    assert words.amount(size) == text
