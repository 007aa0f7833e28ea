"""A panel in a window of its own hides none of the others, and opens again where it was left."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QWidget

from app.widgets.docks import TitledDock, set_apart
from tests.app.studio import Studio


def on_screen(widget: QWidget) -> QRect:
    return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("name", ["curves", "snapshots", "images", "settings"])
@pytest.mark.parametrize("size", [(960, 540), (1024, 700), (1600, 900)])
def test_a_panel_apart_hides_no_other_panel(studio: Studio, name: str, size: tuple[int, int]) -> None:
    window = studio.window
    window.resize(*size)
    window.reset_layout()
    window.docks["curves"].show()
    window.strip.filled.emit(True)
    studio.qtbot.wait(1)
    dock = window.docks[name]
    set_apart(dock, True)
    QApplication.processEvents()
    mine = on_screen(dock)
    for other in (other for other in window.docks.values() if other is not dock):
        hidden = mine.intersected(on_screen(other))
        assert hidden.width() * hidden.height() <= 0.03 * other.width() * other.height(), other.objectName()


def test_it_opens_again_where_it_was_left(studio: Studio) -> None:
    dock = studio.window.docks["curves"]
    dock.show()
    set_apart(dock, True)
    dock.move(33, 44)
    left = dock.pos()
    set_apart(dock, False)
    assert not dock.isFloating()
    set_apart(dock, True)
    assert dock.pos() == left


def test_a_panel_apart_is_in_front_at_the_next_start(studio: Studio, monkeypatch) -> None:
    """It lay behind the window, which is shown after it, and its button said that it was there."""
    raised: list[str] = []
    monkeypatch.setattr(TitledDock, "raise_", lambda dock: raised.append(dock.objectName()))
    window = studio.window
    window.docks["curves"].show()
    set_apart(window.docks["curves"], True)
    window.hide()
    raised.clear()
    window.show()
    studio.until(lambda: "curves" in raised)
