"""Other contents painted by one training: shown beside each other, exported, and how that stands."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.messages.exports import Exported
from tests.app.drops import drop, files
from tests.app.export.print_studio import PrintStudio
from tests.app.toys import write_image


def test_other_contents_are_shown_and_exported(prints: PrintStudio) -> None:
    prints.train()
    prints.window.actions_by_name["others"].trigger()
    window = prints.exports.others
    assert window is not None
    assert not window.export_button.isEnabled()
    others = prints.folder / "others"
    others.mkdir()
    write_image(others / "one.png")
    write_image(others / "two.png")
    (others / "note.txt").write_text("no image")
    window.add([others])
    assert window.list.count() == 2
    prints.until(lambda: not window.pane.image.isNull())
    window.list.setCurrentRow(1)
    prints.until(lambda: not prints.exports.views.peeks.busy)
    window.export_button.click()
    prints.until_seen(Exported, 2)
    written = [prints.folder / f"mosaic-{name}.png" for name in ("one", "two")]
    assert all(path.is_file() for path in written)
    request = prints.exports.queue.items[0].request
    assert request.render_mode.own_shape
    assert Path(request.render_mode.frame) == others / "one.png"
    assert not {request.out for request in window.requests()} & set(written), "the next ones replace nothing"


def test_how_exports_of_other_contents_stand_is_seen_where_they_were_begun(prints: PrintStudio) -> None:
    """The window said that they were in the queue for ever, and "is done" lay behind it."""
    prints.train()
    prints.press("others")
    window = prints.exports.others
    assert window is not None
    window.add([write_image(prints.folder / "one.png")])
    assert window.pane.empty_text == "Painting…"
    window.export_button.click()
    assert "queue" not in window.note.text()
    prints.until_seen(Exported)
    (item,) = prints.exports.queue.items
    row = window.rows.rows[item]
    assert row.isVisible()
    assert row.show_button.isVisible()
    row.remove.click()
    assert not window.rows.isVisible()


def test_other_contents_come_as_a_dropped_folder_and_go_again(prints: PrintStudio) -> None:
    prints.train()
    prints.press("others")
    window = prints.exports.others
    assert window is not None
    folder = prints.folder / "others"
    folder.mkdir()
    for name in ("one.png", "two.png"):
        write_image(folder / name)
    assert drop(window, files(folder), QPoint(30, 30))
    assert window.list.count() == 2
    window.list.setFocus()
    QTest.keyClick(window.list, Qt.Key.Key_Delete)
    assert [window.list.item(row).text() for row in range(window.list.count())] == ["two.png"]
    QTest.keyClick(window.list, Qt.Key.Key_Delete)
    assert not window.export_button.isEnabled()
    assert window.pane.image.isNull()


def test_the_window_of_other_contents_opens_once(prints: PrintStudio) -> None:
    prints.train()
    prints.press("others")
    first = prints.exports.others
    assert first is not None
    first.add([write_image(prints.folder / "one.png")])
    prints.press("others")
    assert prints.exports.others is first
    assert first.list.count() == 1, "it is the same one, in front"


def test_the_program_is_ended_from_there_by_its_key(prints: PrintStudio) -> None:
    prints.train()
    prints.press("others")
    window = prints.exports.others
    assert window is not None
    window.activateWindow()
    prints.until(lambda: QApplication.activeWindow() is window)
    assert window.focusWidget() is window.add_button, "what comes first"
    leave = prints.window.actions_by_name["quit"]
    leave.triggered.disconnect()
    pressed: list[bool] = []
    leave.triggered.connect(lambda: pressed.append(True))
    QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert len(pressed) == 1
