"""The strip of snapshots: looking, going back, renaming, and removals that can be taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QEnterEvent, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.snapshots.strip import SnapshotStrip
from engine.job import Job
from engine.snapshots import Snapshot
from tests.app.toys import register
from tests.engine import toy


def snapshots(folder: Path, count: int, start: int = 0) -> list[Snapshot]:
    """Snapshots with a picture each, except the second; of a beginning each."""
    made, job = [], Job(method="toy", settings=toy.ToySettings())
    for i in range(start, start + count):
        place = folder / f"{i:04d}"
        place.mkdir(exist_ok=True)
        if i != 1:
            picture = QImage(300, 200, QImage.Format.Format_RGB888)
            picture.fill(QColor.fromHsv(30 * i % 360, 200, 200))
            picture.save(str(place / "preview.png"))
        reason = ("kept", "minutes", "stopped")[i % 3]
        made.append(
            Snapshot(place, "dawn" if i == 0 else "", 1000 * i, 60.0 * i, job, {"content": 0.25}, reason, None, "")
        )
    return made


@pytest.fixture
def make(qtbot, monkeypatch):
    monkeypatch.setattr(QCursor, "pos", lambda: QPoint(-1000, -1000))  # not over the row, wherever a test left it

    def build():
        strip = SnapshotStrip()
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


def test_a_narrow_empty_strip_says_no_more_than_it_has_room_for(make):
    strip = make()
    said = strip.empty.text()
    assert "go back" in said
    strip.resize(strip.minimumSizeHint().width(), strip.height())
    QApplication.processEvents()
    lines = strip.empty.heightForWidth(strip.empty.width()) // strip.empty.fontMetrics().height()
    assert lines <= 3, "not a word in each line"
    assert strip.empty.toolTip() == said
    strip.resize(800, strip.height())
    QApplication.processEvents()
    assert strip.empty.text() == said
    assert not strip.empty.toolTip()


def test_tiles_stand_oldest_to_newest_and_say_what_they_are(make, tmp_path, monkeypatch):
    register(monkeypatch)
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
    for tile, badge in ((first, "kept"), (second, "by the clock"), (third, "at stop")):
        assert badge in tile.facts_label.accessibleName()
        assert "Toy" in tile.accessibleName(), "and by which method"
        assert badge in tile.accessibleName()
    assert "content 0.25" in first.toolTip()


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
    assert not tile.back_button.isVisible(), "it would lie over the picture that one has chosen to look at"
    QApplication.sendEvent(tile, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    assert tile.back_button.isVisible()
    qtbot.mouseClick(tile.back_button, Qt.MouseButton.LeftButton)
    qtbot.keyClick(tile, Qt.Key.Key_Return)
    assert restored == [(tile.snapshot,)] * 3


def test_the_menu_offers_everything(make, tmp_path):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 1))
    menu = strip.menu(strip.tiles[0])
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "Go back to this one",
        "Export…",
        "Compare with now",
        "Compare another one with this",
        "Give it a star",
        "Note…",
        "Rename",
        "Show in folder",
        "Remove",
    ]
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


def test_delete_removes_and_s_gives_a_star(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots(snapshots(tmp_path, 2))
    removed, starred = heard(strip.removed), heard(strip.starred)
    strip.select(0)
    tile = strip.tiles[0]
    qtbot.keyClick(tile, Qt.Key.Key_S)
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton, pos=tile._star_place().center().toPoint())
    qtbot.keyClick(tile, Qt.Key.Key_Delete)
    assert starred == [(tile.snapshot, True)] * 2
    assert removed == [(tile.snapshot,)]
    strip.set_snapshots([replace(tile.snapshot, starred=True)])
    assert "star" in strip.tiles[0].accessibleName()
    qtbot.keyClick(strip.tiles[0], Qt.Key.Key_S)
    assert starred[-1][1] is False


def test_what_is_shown_can_be_chosen(make, tmp_path):
    strip = make()
    one, two, three, four = snapshots(tmp_path, 4)
    shown = [
        replace(one, starred=True),
        replace(two, reason="style", note="warm light"),
        replace(three, parent=two.folder.name, line=(one.folder.name,)),
        replace(four, parent=one.folder.name),
    ]
    strip.set_snapshots(shown, shown[2])
    expected = {"all": [0, 1, 2, 3], "starred": [0], "kept": [0, 3], "best": [1], "branch": [0, 1, 2]}
    for kind, places in expected.items():
        strip.choice.kind.setCurrentIndex(strip.choice.kind.findData(kind))
        assert [tile.snapshot for tile in strip.tiles] == [shown[place] for place in places]
    strip.choice.kind.setCurrentIndex(0)
    strip.choice.search.setText("LIGHT")
    assert [tile.snapshot for tile in strip.tiles] == [shown[1]]
    strip.choice.search.setText("nothing like it")
    assert strip.empty.isVisible()
    assert "No moment" in strip.empty.text()


def test_the_tree_is_drawn_above_the_tiles(make, tmp_path):
    strip = make()
    one, two, three = snapshots(tmp_path, 3)
    shown = [one, replace(two, parent=one.folder.name), replace(three, parent=one.folder.name)]
    strip.set_snapshots(shown, shown[1])
    QApplication.processEvents()
    band = strip.band
    assert [(place.lane, place.parent) for place in band._places] == [(0, None), (0, 0), (1, 0)]
    picture = band.grab().toImage()
    for index in range(3):
        assert picture.pixelColor(band._at(index).toPoint() + QPoint(0, 3)) != picture.pixelColor(0, 0), "a dot"
    assert "2 lines" in band.accessibleDescription()
    assert "here" in strip.tiles[1].facts_label.accessibleName()


def test_removing_the_selected_one_forgets_it(make, tmp_path):
    strip = make()
    shown = snapshots(tmp_path, 2)
    strip.set_snapshots(shown)
    strip.select(1)
    strip.set_snapshots(shown[:1])
    assert strip.selected is None
    strip.set_snapshots([])
    assert strip.empty.isVisible()


def autosave(folder: Path, step: int = 7000) -> Snapshot:
    return replace(snapshots(folder, 1, start=90)[0], step=step, reason="autosave")


def test_autosaves_stand_in_a_row_of_their_own_below_the_others(make, tmp_path):
    strip = make()
    shown = snapshots(tmp_path, 3)
    strip.set_snapshots([shown[0], autosave(tmp_path), *shown[1:]])
    QApplication.processEvents()
    tiles = {tile.snapshot.reason: tile for tile in strip.tiles}
    others = [tile for tile in strip.tiles if tile.snapshot.reason != "autosave"]
    assert [tile.snapshot for tile in others] == shown
    bottom = max(tile.mapTo(strip, tile.rect().bottomLeft()).y() for tile in others)
    small = tiles["autosave"]
    assert small.mapTo(strip, small.rect().topLeft()).y() > bottom
    assert small.height() < others[0].height()
    assert strip.rect().contains(small.mapTo(strip, small.rect().bottomRight()))
    with_autosave = strip.minimumHeight()
    strip.set_snapshots(shown)
    assert strip.minimumHeight() < with_autosave, "without them there is no empty row"


def test_an_autosave_is_chosen_and_gone_back_to_like_the_others(make, tmp_path, qtbot):
    strip = make()
    strip.set_snapshots([*snapshots(tmp_path, 1), autosave(tmp_path)])
    QApplication.processEvents()
    asked = heard(strip.restore_requested)
    small = strip.tiles[-1]
    qtbot.mouseDClick(small, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert [snapshot.reason for (snapshot,) in asked] == ["autosave"]
    strip.select(0)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.selected is not None
    assert strip.selected.reason == "autosave"


def test_a_starred_autosave_stands_with_the_moments(make, tmp_path):
    strip = make()
    strip.set_snapshots([replace(autosave(tmp_path), starred=True)])
    assert strip._own_row.isHidden()
    assert len(strip.tiles) == 1


def test_the_place_of_a_moment_that_is_being_kept_is_there_at_once(make, tmp_path):
    strip = make()
    picture = QImage(300, 200, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    strip.show_pending(picture)
    strip.show_pending(None)
    QApplication.processEvents()
    assert [tile.isVisible() for tile in strip.pending] == [True, True]
    assert not strip.empty.isVisible()
    strip.end_pending()
    assert [tile.picture for tile in strip.pending] == [None]
    strip.set_snapshots(snapshots(tmp_path, 2))
    QApplication.processEvents()
    assert strip.pending[0].x() > strip.tiles[-1].x()
    strip.end_pending(all_of_them=True)
    assert not strip.pending


def test_nothing_moves_under_the_pointer(make, tmp_path, qtbot, monkeypatch):
    strip = make()
    all_of_them = snapshots(tmp_path, 12)
    strip.set_snapshots(all_of_them)
    bar = strip.scroll_area.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    qtbot.waitUntil(lambda: all(t._image is not None for t in strip.tiles[-4:]) and bar.value() == bar.maximum())
    tile = strip.tiles[-2]
    pointer = [tile.mapToGlobal(QPoint(10, 10))]
    monkeypatch.setattr(QCursor, "pos", lambda: pointer[0])
    at = tile.mapTo(strip, QPoint(0, 0)).x()
    strip.set_snapshots([*all_of_them[1:], *snapshots(tmp_path, 1, start=12)])
    QApplication.processEvents()
    assert abs(tile.mapTo(strip, QPoint(0, 0)).x() - at) <= 1, "one left of it went, one came at the end"
    pointer[0] = strip.mapToGlobal(QPoint(-50, -50))
    QApplication.sendEvent(strip.scroll_area, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
