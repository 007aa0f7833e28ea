"""The sources bar as an artist uses it: dropping, pasting, browsing, and files that can not be read."""

from __future__ import annotations

import threading

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, Qt, QThreadPool, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from app.images.sources_bar import SourcesBar
from app.images.tile_grid import MOST_ROWS
from app.widgets.thumbnails import read_source
from tests.app.drops import drop, files
from tests.app.images.pictures import MASKS, NAMES, SLOTS, images, names, quick


def test_an_empty_slot_says_what_to_do(bar):
    zone = bar.section("style").zone
    assert zone.link.isVisible()
    assert "What it is made of." in zone.link.text()
    assert "paste" in zone.link.text()
    bar.set_sources({"style": images("a.png")})
    assert not zone.link.isVisible()
    assert bar.section("content").zone.link.isVisible()


def test_dropped_files_and_folders_are_told_with_their_slot(bar, qtbot, tmp_path):
    with qtbot.waitSignal(bar.dropped) as blocker:
        assert drop(bar.section("content").zone, files(tmp_path, tmp_path / "ümlaut.png"), QPoint(20, 20))
    assert blocker.args == ["content", [tmp_path, tmp_path / "ümlaut.png"]]


def test_addresses_that_no_picture_can_have_are_not_taken(bar):
    told = []
    bar.dropped.connect(lambda *args: told.append(args))
    data = QMimeData()
    data.setUrls([QUrl("mailto:somebody@example.org")])
    assert not drop(bar.section("style").zone, data, QPoint(20, 20))
    assert not told


def test_thumbnails_are_read_outside_the_windows_thread(qtbot):
    threads = set()

    def read(path, side):
        threads.add(threading.current_thread().ident)
        return quick(path, side)

    bar = SourcesBar(read=read)
    qtbot.addWidget(bar)
    bar.show_slots(SLOTS)
    bar.set_sources({"style": images(*NAMES)})
    qtbot.waitUntil(lambda: all(tile._image is not None for tile in bar.section("style").tiles), timeout=20_000)
    assert threading.current_thread().ident not in threads


def test_real_files_become_thumbnails(qtbot, tmp_path):
    path = tmp_path / "red.png"
    picture = QImage(300, 200, QImage.Format.Format_RGB888)
    picture.fill(QColor(200, 30, 30))
    assert picture.save(str(path))
    small = read_source(path, 64)
    assert max(small.width(), small.height()) == 64
    assert small.pixelColor(10, 10).red() > 150


def test_a_broken_file_is_marked_with_the_reason_and_the_others_stay(bar, qtbot):
    with qtbot.waitSignal(bar.problem, timeout=20_000) as blocker:
        bar.set_sources({"style": images("a.png", "broken.png", "c.png")})
    assert blocker.args == ["broken.png is not an image."]
    tiles = bar.section("style").tiles
    assert [tile.broken for tile in tiles] == [False, True, False]
    assert tiles[1].toolTip() == "broken.png is not an image."
    assert "can not be read" in tiles[1].accessibleName()


def test_each_file_is_read_once(qtbot):
    read_paths = []

    def read(path, side):
        read_paths.append(path.name)
        return quick(path, side)

    bar = SourcesBar(read=read)
    qtbot.addWidget(bar)
    bar.show_slots(SLOTS)
    bar.set_sources({"style": images(*NAMES), "content": images("a.png")})
    bar.section("style").move_image(0, 3)
    bar.set_sources({"style": images(*reversed(NAMES))})
    qtbot.waitUntil(lambda: all(tile._image is not None for tile in bar.section("style").tiles), timeout=20_000)
    assert sorted(read_paths) == sorted(NAMES)


def test_setting_sources_tells_nothing(bar, style):
    bar.set_sources({"style": images("b.png"), "content": images("a.png")})
    assert not style.told
    assert names(style.images) == ["b.png"]


def test_the_first_content_is_the_target(bar):
    bar.set_sources({"style": images("a.png"), "content": images("b.png", "c.png")})
    assert "target" in bar.section("content").tiles[0].accessibleName()
    assert "target" not in bar.section("content").tiles[1].accessibleName()
    assert "target" not in bar.section("style").tiles[0].accessibleName()
    bar.section("content").move_image(1, 0)
    assert "target" in bar.section("content").tiles[0].accessibleName()
    assert names(bar.section("content").images) == ["c.png", "b.png"]


def test_paste_takes_files(bar, qtbot, tmp_path):
    QGuiApplication.clipboard().setMimeData(files(tmp_path / "a.png"))
    bar.set_sources({"style": images("b.png")})
    bar.section("style").select(0)
    with qtbot.waitSignal(bar.dropped) as blocker:
        qtbot.keyClick(bar.section("style").tiles[0], Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert blocker.args == ["style", [tmp_path / "a.png"]]


def test_paste_saves_a_bitmap_first(bar, qtbot, tmp_path):
    picture = QImage(20, 10, QImage.Format.Format_RGB888)
    picture.fill(QColor("#336699"))
    QGuiApplication.clipboard().setImage(picture)
    with qtbot.waitSignal(bar.dropped) as blocker:
        bar.paste("content")
    slot, (path,) = blocker.args
    assert slot == "content"
    assert path.parent == tmp_path / "pasted"
    saved = QImage(str(path))
    assert (saved.width(), saved.height()) == (20, 10)
    assert saved.pixelColor(3, 3).name() == "#336699"


def test_paste_without_a_picture_or_a_folder_says_so(bar, qtbot, tmp_path):
    QGuiApplication.clipboard().setText("words")
    with qtbot.waitSignal(bar.problem) as blocker:
        bar.paste("style")
    assert "no picture on the clipboard" in blocker.args[0]
    (tmp_path / "file").write_text("in the way")
    bar.arrivals.folder = tmp_path / "file"
    QGuiApplication.clipboard().setImage(QImage(4, 4, QImage.Format.Format_RGB888))
    with qtbot.waitSignal(bar.problem) as blocker:
        bar.paste("style")
    assert "could not be saved" in blocker.args[0]


def test_paste_goes_where_the_keys_are_or_else_where_images_are_missing(bar, style, qtbot):
    bar.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is bar)
    held = QApplication.focusWidget()
    if held is not None:
        held.clearFocus()
    assert bar.paste_slot() == "content"
    style.select(0)
    assert bar.paste_slot() == "style"
    bar.section("content").add_button.setFocus()
    assert bar.paste_slot() == "content"


def test_browsing_adds_what_was_chosen_and_remembers_the_folder(bar, qtbot, tmp_path):
    dialog = bar.browse("style")
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(bar.dropped) as blocker:
        dialog.filesSelected.emit([str(tmp_path / "x.png")])
    assert blocker.args == ["style", [tmp_path / "x.png"]]
    assert bar.browse_folder == tmp_path
    dialog.close()


def test_an_empty_slot_that_may_stay_empty_is_small_and_says_so(many):
    section = many.section("content")
    assert section.count.text() == "optional"
    assert section.zone.height() < many.section("style").zone.height() / 1.5
    assert many.section("style").count.text() == ""
    many.set_sources({"content": images("a.png")})
    assert section.count.text() == ""


def test_many_slots_scroll_and_are_never_squeezed(many):
    many.resize(240, 260)
    QCoreApplication.processEvents()
    assert many.scroll_area.verticalScrollBar().maximum() > 0
    for slot in MASKS:
        section = many.section(slot.key)
        assert section.width() <= many.scroll_area.viewport().width()
        link = section.zone.link
        assert link.height() >= link.heightForWidth(link.width())


def test_a_bar_that_goes_away_while_files_are_read_does_no_harm(qtbot):
    go_on, began = threading.Event(), threading.Event()

    def slow(path, side):
        began.set()
        go_on.wait(20)
        return quick(path, side)

    bar = SourcesBar(read=slow)
    bar.show_slots(SLOTS)
    bar.set_sources({"style": images(*NAMES)})
    qtbot.waitUntil(began.is_set, timeout=20_000)
    bar.deleteLater()
    del bar
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    go_on.set()
    pool = QThreadPool.globalInstance()
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=20_000)
    QCoreApplication.processEvents()
    assert pool.activeThreadCount() == 0


def test_of_many_images_the_first_rows_are_shown_until_all_are_wanted(bar, qtbot) -> None:
    """With sixty of them the other slots lay twenty rows further down."""
    names = [f"a{index:02}.png" for index in range(60)]
    bar.set_sources({"style": images(*names)})
    QApplication.processEvents()
    section, content = bar.section("style"), bar.section("content")
    zone = section.zone
    assert sum(tile.isVisible() for tile in section.tiles) == MOST_ROWS * zone.columns
    assert zone.more.text() == "Show all 60"
    assert content.mapTo(bar, QPoint(0, 0)).y() < bar.height(), "the next slot is in sight"
    section.select(30)
    assert section.tiles[30].isVisible(), "what is selected is shown"
    assert section.tiles[30].hasFocus()
    assert all(tile.isVisible() for tile in section.tiles)
    assert zone.more.text() == "Show fewer"
    section.select(0)
    qtbot.mouseClick(zone.more, Qt.MouseButton.LeftButton)
    assert sum(tile.isVisible() for tile in section.tiles) == MOST_ROWS * zone.columns
    qtbot.mouseClick(zone.more, Qt.MouseButton.LeftButton)
    assert all(tile.isVisible() for tile in section.tiles)
    bar.set_sources({"style": images(*names[:5])})
    assert not zone.more.isVisible()
    assert all(tile.isVisible() for tile in section.tiles)
