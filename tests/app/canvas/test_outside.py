"""Out of the window: the view copied, saved and dragged, settings as text, and a word when a job has ended."""

from __future__ import annotations

import shlex

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMenu

from app import notices
from app.notices import Notices
from engine.box import Size
from engine.messages.events import ViewRendered
from engine.messages.exports import Exported, ExportRequest
from engine.settings import parse_assignments
from tests.app.studio import Studio
from tests.engine.toy import ToySettings


def painted(studio: Studio) -> None:
    studio.train()
    studio.until(lambda: any(event.done for event in studio.seen(ViewRendered)))


def test_a_right_click_offers_what_can_be_done(studio: Studio) -> None:
    window = studio.window
    painted(studio)
    view = window.canvas.view.viewport()
    at = QPoint(60, 60)
    QApplication.sendEvent(view, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, view.mapToGlobal(at)))
    menu = next(menu for menu in window.findChildren(QMenu) if menu.isVisible())
    words = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert words == ["Copy this view", "Save this view…", "Export this moment…", "Copy the settings as text"]
    menu.actions()[0].trigger()
    menu.close()
    copied = QGuiApplication.clipboard().image()
    assert not copied.isNull()
    shown = window.canvas.view.on_screen(window.canvas.view.extent.box)
    assert abs(copied.width() - min(shown.width(), view.width())) <= 1, "the canvas, without what surrounds it"


def test_the_view_is_saved_and_a_bad_place_is_told(studio: Studio) -> None:
    window = studio.window
    painted(studio)
    path = studio.folder / "größe"
    seen = window.canvas.view.seen_picture().size()
    assert window.outside.save_to(path)
    saved = QImage(str(path.with_suffix(".png")))
    assert saved.size() == seen
    assert any("größe.png" in text for text in studio.said())
    assert window.messages.button.text() == "Show in folder"
    assert not window.outside.save_to(studio.folder / "no folder" / "x.png")
    assert any("could not be written" in text for text in studio.said())


def test_what_is_dragged_out_is_a_file(studio: Studio) -> None:
    window, dragged = studio.window, []
    painted(studio)
    data = window.outside.mime()
    (url,) = data.urls()
    assert not QImage(url.toLocalFile()).isNull()
    assert data.hasImage()
    handle = window.canvas.drag_out
    handle.dragged.disconnect()
    handle.dragged.connect(lambda: dragged.append(1))
    studio.qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    studio.qtbot.mouseMove(handle, QPoint(60, 40))
    studio.qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=QPoint(60, 40))
    assert dragged


def test_the_settings_are_text_that_the_command_line_understands(studio: Studio) -> None:
    window = studio.window
    window.document.set("weight", 2.5)
    window.document.set("kind", "plain")
    window.outside.copy_settings()
    text = QGuiApplication.clipboard().text()
    assert "Weight: 2.5" in text
    assert "Kind: Plain" in text
    words = shlex.split(text.splitlines()[-1])
    values = parse_assignments(ToySettings, words[words.index("--set") + 1 :])
    assert ToySettings.of(values) == window.document.settings


def test_a_long_export_is_told_outside_only_where_the_artist_is_elsewhere(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "LONG_S", 0.0)
    window, away = studio.window, [False]
    told = Notices(window.training, window, elsewhere=lambda: away[0])
    studio.train()
    for number in (1, 2):
        window.exports.start(ExportRequest(studio.folder / f"{number}.png", Size(64, 96)))
        studio.until_seen(Exported, number)
        assert any(f"{number}.png is done" in text for text in studio.said())
        assert window.messages.button.text() == "Show in folder"
        away[0] = True
    assert len(told.told) == 1
    assert "2.png" in told.told[0]
