"""Checks where a file will be transparent: only there, as dense as it is, and of whole pixels at any scale."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.canvas.ground import CHECK_PX, Ground
from app.canvas.view import CanvasView
from app.widgets import theme
from engine.box import Size

PICTURE = QColor("#cc2040")


def over(ground: Ground, ratio: float = 1.0, canvas: QRectF | None = None) -> np.ndarray:
    """A plain picture of 80 x 64 with the checks over it, int [h, w, 3]."""
    image = QImage(round(80 * ratio), round(64 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(PICTURE)
    painter = QPainter(image)
    ground.paint(painter, canvas or QRectF(0, 0, 80, 64), QRectF(0, 0, 80, 64))
    painter.end()
    bits: np.ndarray = np.frombuffer(image.constBits(), np.uint8)
    return bits.reshape(image.height(), image.width(), 4)[..., 2::-1].astype(int)


def rgb(color: QColor | str) -> list[int]:
    named = QColor(color)
    return [named.red(), named.green(), named.blue()]


def opacity(*columns: float) -> np.ndarray:
    return np.tile(np.repeat(np.array(columns, np.float32), 40), (64, 1))


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_checks_are_where_it_is_transparent_and_nowhere_else(qtbot, mode, ratio):
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application, mode)
    ground = Ground()
    ground.set_opacity(opacity(0, 1))
    found = over(ground, ratio)
    middle, side = round(40 * ratio), round(CHECK_PX * ratio)
    assert side == CHECK_PX * ratio
    light, dark = (rgb(color) for color in theme.colors().checks)
    assert (found[:side, :side] == light).all()
    assert (found[:side, side : 2 * side] == dark).all()
    assert (found[side : 2 * side, :side] == dark).all()
    assert (found[:, middle + 2 :] == rgb(PICTURE)).all()
    assert sorted(np.unique(found[:, : middle - 2].reshape(-1, 3), axis=0).tolist()) == sorted([light, dark])


def test_both_themes_have_checks_that_can_be_told_apart(qtbot):
    for colors in (theme.LIGHT, theme.DARK):
        light, dark = (QColor(color).lightness() for color in colors.checks)
        assert light - dark >= 20
        assert QColor(colors.canvas).lightness() not in (light, dark)


def test_a_soft_edge_lets_both_be_seen(qtbot):
    ground = Ground()
    ground.set_opacity(opacity(0.5, 0.5))
    light = rgb(theme.colors().checks[0])
    assert np.abs(over(ground)[2, 2] - (np.array(light) + rgb(PICTURE)) / 2).max() <= 2


def test_without_transparency_nothing_is_painted(qtbot):
    ground = Ground()
    assert (over(ground) == rgb(PICTURE)).all()
    ground.set_opacity(opacity(0, 1))
    ground.set_opacity(None)
    assert (over(ground) == rgb(PICTURE)).all()


def test_checks_keep_their_size_however_far_one_zooms(qtbot):
    ground = Ground()
    ground.set_opacity(opacity(0, 0))
    assert (over(ground) == over(ground, canvas=QRectF(-400, -320, 800, 640))).all()


def test_a_canvas_that_is_compared_shows_them_on_both_sides_of_the_line_and_not_over_it(qtbot):
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.set_extent(Size(100, 200))
    picture = QImage(200, 100, QImage.Format.Format_RGB32)
    picture.fill(PICTURE)
    view.set_picture(picture)
    view.set_opacity(np.zeros((50, 100), np.float32))

    def color(across: float) -> list[int]:
        place = view.on_screen(Size(100, 200).box)
        return rgb(view.viewport().grab().toImage().pixelColor(round(place.left() + across * place.width()), 140))

    checks = [rgb(each) for each in theme.colors().checks]
    assert color(0.1) in checks
    view.compare.show(picture, "A", "B")
    assert color(0.1) in checks
    assert color(0.9) in checks
    assert color(0.5) == [255, 255, 255]
    view.set_opacity(None)
    assert color(0.1) == color(0.9) == rgb(PICTURE)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_view_that_is_saved_is_transparent_where_the_canvas_has_checks(qtbot, ratio, monkeypatch):
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 400)
    view.set_extent(Size(64, 80))
    picture = QImage(80, 64, QImage.Format.Format_RGB32)
    picture.fill(PICTURE)
    view.set_picture(picture)
    monkeypatch.setattr(view, "devicePixelRatioF", lambda: ratio)
    assert not view.seen_picture().hasAlphaChannel()
    view.set_opacity(opacity(0, 1))
    seen, plain = view.seen_picture(), view.seen_picture(cut_out=False)
    assert seen.size() == plain.size()
    middle = seen.height() // 2
    assert seen.pixelColor(3, middle).alpha() == 0
    assert seen.pixelColor(seen.width() - 3, middle) == PICTURE
    assert {plain.pixelColor(x, middle).name() for x in range(plain.width())} == {PICTURE.name()}
