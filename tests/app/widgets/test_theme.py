"""Both themes are readable, neutral, and can be exchanged while the window is open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPalette, QPixmap, QPixmapCache
from PySide6.QtWidgets import QApplication, QToolButton

import resources
from app.widgets import theme
from tests.app.looks import contrast

PICTURE_KB = 64
BOTH = [pytest.param(theme.LIGHT, id="light"), pytest.param(theme.DARK, id="dark")]
ICONS = sorted(file.stem for file in (Path(resources.__file__).parent / "icons").glob("*.svg"))


@pytest.fixture(autouse=True)
def as_before(qapp):
    yield
    theme.apply(qapp, "system")


def test_contrast_agrees_with_its_definition():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("named", BOTH)
def test_text_is_readable_on_every_ground(named):
    for text in (named.text, named.muted, named.accent, named.warning, named.error, named.good):
        for ground in (named.window, named.base):
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast(named.text, named.button) >= 4.5
    assert contrast(named.text, named.border) >= 4.5, "the bar in menus"
    assert contrast(named.on_accent, named.accent) >= 4.5
    assert contrast(named.on_canvas, named.canvas) >= 4.5
    assert contrast(theme.disabled(named), named.window) >= 2


@pytest.mark.parametrize("named", BOTH)
def test_marks_curves_and_focus_stand_out(named):
    for line in (named.accent, named.live, named.rebuild, *named.curves):
        assert contrast(line, named.base) >= 3, line
    assert contrast(named.accent, named.window) >= 3
    assert len(set(named.curves)) == len(named.curves) >= 6


@pytest.mark.parametrize("named", BOTH)
def test_grounds_have_no_tint(named):
    for ground in (named.window, named.base, named.button, named.border, named.canvas):
        assert QColor(ground).saturation() == 0


def test_what_qt_keeps_of_drawn_controls_is_bounded(qapp):
    """It is kept by size and state: whatever is drawn, and for however long, the oldest goes."""
    theme.apply(qapp, "light")
    side = int((PICTURE_KB * 1024 / 4) ** 0.5)
    for number in range(200):
        QPixmapCache.insert(f"picture {number}", QPixmap(side, side))
    kept = [number for number in range(200) if QPixmapCache.find(f"picture {number}", QPixmap())]
    QPixmapCache.clear()
    assert kept == list(range(200 - len(kept), 200))
    assert 0 < len(kept) * PICTURE_KB <= theme.DRAWN_KB


@pytest.mark.parametrize(("mode", "dark"), [("dark", True), ("light", False)])
def test_apply_dresses_the_application(qapp, mode, dark):
    theme.apply(qapp, mode)
    assert theme.is_dark() is dark
    assert theme.colors() is (theme.DARK if dark else theme.LIGHT)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == theme.colors().window
    assert theme.colors().accent in qapp.styleSheet()
    assert "$" not in qapp.styleSheet()


def ink(icon, mode=QIcon.Mode.Normal):
    """The colour of an icon's strokes: that of its most opaque pixel; None where nothing is drawn."""
    image = icon.pixmap(QSize(48, 48), mode).toImage()
    pixels = [image.pixelColor(x, y) for x in range(48) for y in range(48)]
    darkest = max(pixels, key=lambda color: color.alpha())
    return darkest.name() if darkest.alpha() > 200 else None


@pytest.mark.parametrize("name", ICONS)
def test_icons_have_the_colour_of_text_and_fade_when_disabled(qapp, name):
    icon = theme.icon(name)
    for mode in ("light", "dark"):
        theme.apply(qapp, mode)
        assert ink(icon) == theme.colors().text
        assert ink(icon, QIcon.Mode.Disabled) == theme.disabled(theme.colors())


def test_qt_may_copy_an_icon_and_let_the_copy_go():
    """In a process of its own: before, the copy's engine was ended twice, and the program with it."""
    code = (
        "import gc; from PySide6.QtGui import QIcon; from PySide6.QtWidgets import QApplication\n"
        "from app.widgets import theme; app = QApplication([]); icon = theme.icon('keep')\n"
        "for _ in range(50):\n"
        "    copy = QIcon(icon); copy.setIsMask(True); gc.collect()\n"
        "    assert copy.pixmap(16, 16).toImage() == icon.pixmap(16, 16).toImage()\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_icons_that_the_window_needs_are_there():
    needed = "train pause stop keep export new open save undo redo add remove reset fold search style content target"
    assert set(f"{needed} rebuild live folder warning close".split()) <= set(ICONS)


def test_an_unknown_icon_is_an_error(qapp):
    with pytest.raises(KeyError, match="no-such-icon"):
        theme.icon("no-such-icon")


def test_an_open_widget_changes_with_the_theme(qapp, qtbot):
    button = QToolButton()
    qtbot.addWidget(button)
    button.setIcon(theme.icon("stop"))
    button.resize(40, 40)
    button.show()
    theme.apply(qapp, "light")
    light = button.grab().toImage()
    theme.apply(qapp, "dark")
    QApplication.processEvents()
    assert button.grab().toImage() != light


def test_an_unknown_mode_follows_the_platform(qapp):
    theme.apply(qapp, "purple")
    assert theme.is_dark() in (True, False)
    assert theme.colors().window == qapp.palette().color(QPalette.ColorRole.Window).name()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_icons_are_drawn_for_the_screen_s_own_pixels(qapp, scale) -> None:
    drawn = theme.icon("new").pixmap(QSize(16, 16), scale)
    assert drawn.size() == QSize(16, 16) * scale
    assert drawn.devicePixelRatio() == scale


def test_an_icon_without_room_is_nothing_and_says_nothing(qapp) -> None:
    assert theme.icon("new").pixmap(QSize(0, 0)).isNull()
