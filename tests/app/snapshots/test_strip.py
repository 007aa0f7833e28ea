"""The strip of snapshots: looking, going back, renaming, and removals that can be taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.snapshots.strip import SnapshotStrip
from engine.job import Job
from engine.snapshots import Snapshot

LONG, SHORT = 600_000, 0


def snapshots(folder: Path, count: int, start: int = 0) -> list[Snapshot]:
    """Snapshots with a picture each, except the second."""
    made = []
    for i in range(start, start + count):
        place = folder / f"{i:04d}"
        place.mkdir(exist_ok=True)
        if i != 1:
            picture = QImage(300, 200, QImage.Format.Format_RGB888)
            picture.fill(QColor.fromHsv(30 * i % 360, 200, 200))
            picture.save(str(place / "preview.png"))
        reason = ("kept", "autosave", "stopped")[i % 3]
        made.append(
            Snapshot(place, "dawn" if i == 0 else "", 1000 * i, 60.0 * i, Job(), {"content": 0.25}, reason, None, "")
        )
    return made


@pytest.fixture
def make(qtbot):
    def build(undo_ms=LONG):
        strip = SnapshotStrip(undo_ms=undo_ms)
        qtbot.addWidget(strip)
        strip.resize(900, strip.height())
        with qtbot.waitActive(strip):
            strip.show()
        return strip

    return build


def heard(signal):
    calls = []
    signal.connect(lambda *args: calls.append(args))
    return calls


def test_an_empty_strip_explains_itself_and_offers_to_keep(make, qtbot):
    strip = make()
    assert strip.empty.isVisible()
    with qtbot.waitSignal(strip.keep_requested):
        qtbot.mouseClick(strip.keep_button, Qt.MouseButton.LeftButton)
    strip.set_can_keep(False)
    asked = heard(strip.keep_requested)
    qtbot.mouseClick(strip.keep_button, Qt.MouseButton.LeftButton)
    assert not asked


def test_tiles_stand_oldest_to_newest_and_say_what_they_are(make, tmp_path):
    strip = make()
    shown = snapshots(tmp_path, 3)
    strip.set_snapshots(shown)
    QApplication.processEvents()
    assert not strip.empty.isVisible()
    assert [tile.snapshot for tile in strip.tiles] == shown
    assert [tile.x() for tile in strip.tiles] == sorted(tile.x() for tile in strip.tiles)
    first, second, third = strip.tiles
    assert first.name_label.accessibleName() == "dawn"
    assert second.name_label.accessibleName() == "Step 1,000"
    for tile, badge in ((first, "kept"), (second, "autosave"), (third, "at stop")):
        assert badge in tile.facts_label.accessibleName()
        assert badge in tile.accessibleName()
    assert "content: 0.25" in first.toolTip()


def test_pictures_arrive_and_a_missing_one_does_no_harm(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 3))
    first, second, third = strip.tiles
    qtbot.waitUntil(lambda: first._image is not None and third._image is not None, timeout=20_000)
    assert second._image is None
    assert first._image.height() <= 240


def test_only_tiles_on_screen_are_read(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 20))
    qtbot.waitUntil(lambda: strip.tiles[-1]._image is not None, timeout=20_000)
    assert strip.tiles[0]._image is None
    strip.select(0)
    qtbot.waitUntil(lambda: strip.tiles[0]._image is not None, timeout=20_000)


def test_a_new_snapshot_is_scrolled_to(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 10))
    bar = strip.scroll_area.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(0)
    strip.set_snapshots([tile.snapshot for tile in strip.tiles])
    QApplication.processEvents()
    assert bar.value() == 0, "nothing is new, the artist's place is kept"
    strip.set_snapshots([*(tile.snapshot for tile in strip.tiles), *snapshots(tmp_path, 1, start=10)])
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())


def test_the_wheel_moves_the_row_sideways(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 10))
    bar = strip.scroll_area.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    event = QWheelEvent(
        QPointF(50, 50),
        QPointF(strip.mapToGlobal(QPoint(50, 50))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(strip.scroll_area.viewport(), event)
    assert bar.value() == bar.maximum() - 120


def test_selecting_looks_once(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 3))
    requested = heard(strip.picture_requested)
    qtbot.mouseClick(strip.tiles[1], Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    qtbot.mouseClick(strip.tiles[1], Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert requested == [(strip.tiles[1].snapshot,)]
    qtbot.keyClick(strip.tiles[1], Qt.Key.Key_Right)
    assert strip.selected == strip.tiles[2].snapshot
    qtbot.keyClick(strip.tiles[2], Qt.Key.Key_Right)
    assert strip.selected == strip.tiles[2].snapshot


def test_double_click_button_and_return_go_back(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 2))
    restored = heard(strip.restore_requested)
    tile = strip.tiles[0]
    qtbot.mouseDClick(tile, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    strip.select(0)
    qtbot.mouseClick(tile.back_button, Qt.MouseButton.LeftButton)
    qtbot.keyClick(tile, Qt.Key.Key_Return)
    assert restored == [(tile.snapshot,)] * 3


def test_the_menu_offers_everything(make, tmp_path):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 1))
    menu = strip.menu(strip.tiles[0])
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == ["Go back to this one", "Export…", "Rename", "Show in folder", "Remove"]
    exported = heard(strip.export_requested)
    next(action for action in menu.actions() if action.text() == "Export…").trigger()
    assert exported == [(strip.tiles[0].snapshot,)]


def test_f2_renames_return_keeps_escape_does_not(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 2))
    renamed = heard(strip.renamed)
    strip.select(0)
    tile = strip.tiles[0]
    qtbot.keyClick(tile, Qt.Key.Key_F2)
    tile.name_edit.setText("dusk over Zürich")
    qtbot.keyClick(tile.name_edit, Qt.Key.Key_Return)
    assert renamed == [(tile.snapshot, "dusk over Zürich")]
    strip.set_snapshots([replace(tile.snapshot, name="dusk over Zürich"), strip.tiles[1].snapshot])
    assert strip.tiles[0] is tile
    assert tile.name_label.accessibleName() == "dusk over Zürich"
    for text, key in (("night", Qt.Key.Key_Escape), ("   ", Qt.Key.Key_Return)):
        tile.rename()
        tile.name_edit.clear()
        qtbot.keyClicks(tile.name_edit, text)
        qtbot.keyClick(tile.name_edit, key)
        assert not tile.name_edit.isVisible()
    assert len(renamed) == 1


def test_a_removal_can_be_taken_back(make, tmp_path, qtbot):
    strip = make(undo_ms=LONG)
    strip.set_snapshots(snapshots(tmp_path, 2))
    removed, restored = heard(strip.removed), heard(strip.restore_requested)
    strip.select(0)
    tile = strip.tiles[0]
    qtbot.keyClick(tile, Qt.Key.Key_Delete)
    assert tile.being_removed
    assert tile.undo_button.isVisible()
    assert not tile.back_button.isVisible()
    qtbot.keyClick(tile, Qt.Key.Key_Return)
    assert not restored, "what is being removed is not gone back to"
    qtbot.mouseClick(tile.undo_button, Qt.MouseButton.LeftButton)
    assert not tile.being_removed
    assert tile.name_label.accessibleName() == "dawn"
    assert not removed


def test_a_removal_is_told_when_its_time_is_over(make, tmp_path, qtbot):
    strip = make(undo_ms=SHORT)
    strip.set_snapshots(snapshots(tmp_path, 2))
    with qtbot.waitSignal(strip.removed, timeout=20_000) as blocker:
        strip.tiles[1].remove()
    assert blocker.args == [strip.tiles[1].snapshot]
    strip.set_snapshots([strip.tiles[0].snapshot])
    assert len(strip.tiles) == 1


def test_removing_the_selected_one_forgets_it(make, tmp_path):
    strip = make()
    shown = snapshots(tmp_path, 2)
    strip.set_snapshots(shown)
    strip.select(1)
    strip.set_snapshots(shown[:1])
    assert strip.selected is None
    strip.set_snapshots([])
    assert strip.empty.isVisible()
