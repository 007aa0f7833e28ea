"""Contrast by WCAG 2, measured on what is painted, in both themes: words 4.5, icons and the ring of the focus 3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget

from app.help_sheet import HelpSheet
from app.preferences_dialog import PreferencesDialog
from app.widgets import theme
from tests.app.looks import contrast, seen
from tests.app.studio import Studio
from tests.app.test_ways_back import keep, paused_at

WORDS, MARKS = 4.5, 3.0


def colors(image: QImage) -> Counter[str]:
    """How often each colour is there."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    values, counts = np.unique(pixels & 0xFFFFFF, return_counts=True)
    return Counter({f"#{value:06x}": int(count) for value, count in zip(values, counts, strict=True)})


def best_contrast(widget: QWidget) -> float:
    """Of the ink that stands out most against the ground, which is the colour that there is most of."""
    window = widget.window()
    painted = colors(window.grab(widget.rect().translated(widget.mapTo(window, widget.rect().topLeft()))).toImage())
    ground = painted.most_common(1)[0][0]
    return max(contrast(color, ground) for color in painted)


def faint(root: QWidget) -> Iterator[str]:
    """What of the words and icons in sight stands out too little; what can not be used now may be pale."""
    for widget in seen(root):
        if (
            not widget.isEnabled()
            or widget.visibleRegion().boundingRect() != widget.rect()
            or widget.width() < 8
            or widget.height() < 8
        ):
            continue
        words = isinstance(widget, QLabel | QAbstractButton) and bool(widget.text())
        icon = isinstance(widget, QToolButton) and not widget.icon().isNull()
        if not (words or icon):
            continue
        found = best_contrast(widget)
        if found < (WORDS if words else MARKS):
            yield f"{type(widget).__name__} {widget.property('text')!r} {widget.accessibleName()!r}: {found:.1f}"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_and_icons_stand_out(studio: Studio, qapp: QApplication, mode: str) -> None:
    window = studio.window
    window.resize(1366, 768)
    window.set_theme(mode)
    assert list(faint(window)) == []
    studio.train()
    keep(studio)
    window.document.set("colors", 9)
    paused_at(studio)
    QApplication.processEvents()
    assert list(faint(window)) == []
    for dialog in (PreferencesDialog(window.preferences, window), HelpSheet(window)):
        dialog.show()
        QApplication.processEvents()
        assert list(faint(dialog)) == [], type(dialog).__name__
        dialog.close()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_ring_of_the_focus_stands_out_at_every_stop(studio: Studio, qapp: QApplication, mode: str) -> None:
    window = studio.window
    window.resize(1366, 768)
    window.set_theme(mode)
    window.activateWindow()
    dull = []
    for widget in seen(window):
        shows = widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.width() > 8
        if not shows or widget.visibleRegion().isEmpty():
            continue
        window.setFocus()
        QApplication.processEvents()
        before = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        after = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        if not ring(before, after):
            dull.append(f"{type(widget).__name__} {widget.accessibleName() or widget.objectName()}")
    assert dull == []


def ring(before: QImage, after: QImage) -> bool:
    """Whether enough pixels have changed that stand out against what was there, or against the ground of the window."""
    ground = theme.colors().window
    changed: Counter[tuple[str, str]] = Counter()
    for y in range(after.height()):
        for x in range(after.width()):
            if before.pixel(x, y) != after.pixel(x, y):
                changed[before.pixelColor(x, y).name(), after.pixelColor(x, y).name()] += 1
    strong = sum(n for (was, now), n in changed.items() if max(contrast(was, now), contrast(now, ground)) >= MARKS)
    return strong >= 8
