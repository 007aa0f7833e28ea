"""Pictures beside an export show, as the canvas does, where the file will be transparent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from app.export.clear_places import Canvas, ClearPlaces, Print
from app.export.crop import CropField
from app.export.windows import CompareWindow, Pane
from app.widgets import theme
from engine.box import Size
from engine.options import RenderMode

CANVAS = Size(60, 80)
RED = (204, 32, 64)


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """A content whose left half is transparent."""
    pixels = np.full((60, 80, 4), 255, np.uint8)
    pixels[:, :40, 3] = 0
    path = tmp_path / "half.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def places(qtbot) -> Iterator[ClearPlaces]:
    window = QWidget()
    qtbot.addWidget(window)
    places = ClearPlaces(window)
    yield places
    places.wait()


def red(height: int, width: int) -> np.ndarray:
    return np.tile(np.array(RED, np.uint8), (height, width, 1))


def is_red(shown: QImage, across: float, down: float) -> bool:
    color = shown.pixelColor(int(across * shown.width()), int(down * shown.height()))
    checks = [QColor(check).name() for check in theme.colors().checks]
    assert (color.name() in checks) != (color == QColor(*RED)), color.name()
    return color == QColor(*RED)


def test_checks_lie_where_the_content_is_transparent(places: ClearPlaces, half: Path, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    pane, crop = Pane(window), CropField(CANVAS, window)
    pane.resize(80, 60)
    pane.set_picture(red(60, 80))
    picture = QImage(80, 60, QImage.Format.Format_RGB32)
    picture.fill(QColor(*RED))
    crop.set_picture(picture)
    places.show_on([pane, crop], Canvas(half, CANVAS))
    qtbot.waitUntil(lambda: not is_red(pane.grab().toImage(), 0.2, 0.5))
    for widget in (pane, crop):
        shown = widget.grab().toImage()
        assert not is_red(shown, 0.2, 0.5)
        assert is_red(shown, 0.8, 0.5)
    places.show_on([pane, crop], None)
    assert is_red(pane.grab().toImage(), 0.2, 0.5)
    assert is_red(crop.grab().toImage(), 0.2, 0.5)


@pytest.mark.parametrize("originals", [True, False])
def test_two_kinds_of_detail_show_it_at_the_place_that_one_looks_at(
    places: ClearPlaces, half: Path, qtbot, originals: bool
) -> None:
    size = Size(1200, 1600)
    window = CompareWindow(CANVAS, size, QImage())
    qtbot.addWidget(window)
    pane = window.panes[originals]
    pane.set_picture(red(320, 320))
    places.show_on([pane], Print(half, CANVAS, size, RenderMode(originals=20.0 if originals else 0.0)))
    window.show_pane(originals, red(320, 320))
    qtbot.waitUntil(lambda: not is_red(pane.grab().toImage(), 0.1, 0.5))
    assert is_red(pane.grab().toImage(), 0.9, 0.5), "the middle of the print: half of it is transparent"
    for across, shown in ((0.05, False), (0.95, True)):
        window._move(QRectF(across, 0.5, 0, 0).topLeft())
        window.show_pane(originals, red(320, 320))
        picture = pane.grab().toImage()
        assert {is_red(picture, x, 0.5) for x in (0.1, 0.5, 0.9)} == {shown}


def test_each_repeat_is_transparent_alike(places: ClearPlaces, half: Path, qtbot) -> None:
    pane = Pane()
    qtbot.addWidget(pane)
    pane.resize(240, 180)
    pane.set_picture(red(60, 80), times=3)
    places.show_on([pane], Print(half, CANVAS, CANVAS, RenderMode(repeat=True)))
    qtbot.waitUntil(lambda: not is_red(pane.grab().toImage(), 0.05, 0.5))
    shown = pane.grab().toImage()
    for third in range(3):
        assert not is_red(shown, (third + 0.25) / 3, 0.5)
        assert is_red(shown, (third + 0.75) / 3, 0.5)


def test_a_window_that_is_gone_is_asked_for_no_more(places: ClearPlaces, half: Path, qtbot) -> None:
    parent = QWidget()
    pane, other = Pane(parent), Pane()
    qtbot.addWidget(other)
    other.resize(80, 60)
    other.set_picture(red(60, 80))
    places.show_on([pane, other], Canvas(half, CANVAS))
    parent.deleteLater()
    qtbot.waitUntil(lambda: not is_red(other.grab().toImage(), 0.2, 0.5))
    places.show_on([other], None)
    assert is_red(other.grab().toImage(), 0.2, 0.5)
