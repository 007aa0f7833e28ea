"""The sources bar as an artist uses it: dropping, pasting, ordering, weighting, and files that can not be read."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydantic import ValidationError
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, Qt, QThreadPool, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog

from app.images.sources_bar import SourcesBar
from app.images.tile_grid import MOST_ROWS, TILE_TYPE
from app.widgets.thumbnails import read_source
from engine.declarations import Slot
from engine.errors import BadImageError
from engine.job import SourceImage
from tests.app.drops import drop, files

SLOTS = (Slot("style", "Style", "What it is made of."), Slot("content", "Content", "What it shows."))
NAMES = ("a.png", "b.png", "c.png", "d.png")


def quick(path, side):
    """A thumbnail whose colour tells the file, without reading it."""
    if "broken" in path.name:
        raise BadImageError(f"{path.name} is not an image.")
    image = QImage(8, 8, QImage.Format.Format_RGB888)
    image.fill(QColor(40 * (ord(path.name[0]) - ord("a")), 90, 120))
    return image


@pytest.fixture
def bar(qtbot, tmp_path):
    bar = SourcesBar(paste_folder=tmp_path / "pasted", read=quick)
    qtbot.addWidget(bar)
    bar.show_slots(SLOTS)
    bar.resize(260, 500)
    with qtbot.waitActive(bar):
        bar.show()
    return bar


@pytest.fixture
def style(bar):
    """The style section with four images, and the list of what it told."""
    bar.set_sources({"style": images(*NAMES)})
    section = bar.section("style")
    section.told = []
    bar.changed.connect(lambda slot, sources: section.told.append((slot, names(sources))))
    return section


def images(*file_names, folder="/pictures"):
    return tuple(SourceImage(path=f"{folder}/{name}") for name in file_names)


def names(sources):
    return [Path(source.path).name for source in sources]


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


def test_delete_and_the_cross_remove(style, qtbot):
    style.select(1)
    qtbot.keyClick(style.tiles[1], Qt.Key.Key_Delete)
    assert style.told[-1] == ("style", ["a.png", "c.png", "d.png"])
    style.tiles[0].remove_button.click()
    assert style.told[-1] == ("style", ["c.png", "d.png"])
    assert len(style.tiles) == 2


def test_removing_all_shows_the_help_again(style):
    for _ in NAMES:
        style.remove(0)
    assert style.told[-1] == ("style", [])
    assert style.zone.link.isVisible()
    assert not style.editor.isVisible()


def test_control_and_arrows_reorder_arrows_alone_select(style, qtbot):
    style.select(0)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Right)
    assert style.tiles[1].hasFocus()
    assert not style.told
    qtbot.keyClick(style.tiles[1], Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert style.told == [("style", ["a.png", "c.png", "b.png", "d.png"])]
    assert style.tiles[2].hasFocus()
    assert names(style.images)[2] == "b.png"


def test_the_keys_mean_the_tile_that_has_them_though_none_is_selected(style, qtbot):
    style.tiles[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Right)
    assert style.tiles[1].hasFocus()
    style.select(-1)
    style.tiles[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Space)
    assert style.caption.accessibleName() == "a.png"
    style.select(-1)
    style.tiles[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(style.tiles[0], Qt.Key.Key_Delete)
    assert style.told[-1] == ("style", ["b.png", "c.png", "d.png"])


def test_an_image_goes_to_another_slot_by_its_menu(bar, style):
    style.select(1)
    menu = bar._menu("style", style)
    dropped = []
    bar.dropped.connect(lambda slot, paths: dropped.append((slot, paths)))
    next(action for action in menu.actions() if action.text() == "Add to Content").trigger()
    assert dropped == [("content", [Path("/pictures/b.png")])]


def test_an_image_that_takes_the_place_of_the_words_has_the_keys(bar):
    section = bar.section("content")
    section.zone.link.setFocus()
    bar.set_sources({"content": images("a.png")})
    assert section.tiles[0].hasFocus()


@pytest.mark.parametrize(
    ("index", "at", "expected"),
    [
        (0, QPoint(155, 30), ["b.png", "a.png", "c.png", "d.png"]),
        (3, QPoint(2, 30), ["d.png", "a.png", "b.png", "c.png"]),
        (0, QPoint(200, 110), ["b.png", "c.png", "d.png", "a.png"]),
        (2, QPoint(155, 30), None),
    ],
)
def test_a_tile_dropped_elsewhere_moves_there(style, index, at, expected):
    assert style.zone.columns == 3
    data = QMimeData()
    data.setData(TILE_TYPE, f"style\n{index}\n/pictures/{NAMES[index]}".encode())
    assert drop(style.zone, data, at)
    assert style.told == ([("style", expected)] if expected else [])


def test_a_tile_of_another_slot_is_added_like_a_file(bar, style, qtbot):
    data = QMimeData()
    data.setData(TILE_TYPE, b"style\n2\n/pictures/c.png")
    with qtbot.waitSignal(bar.dropped) as blocker:
        drop(bar.section("content").zone, data, QPoint(10, 10))
    assert blocker.args == ["content", [Path("/pictures/c.png")]]
    assert len(style.images) == 4


def test_share_and_scale_belong_to_the_selected_image(style, bar, qtbot):
    assert not style.editor.isVisible()
    style.select(2)
    assert style.editor.isVisible()
    with qtbot.waitSignal(bar.changed, timeout=20_000) as blocker:
        style.share.slider.setValue(style.share.track.position(2.5))
        style.scale.slider.setValue(style.scale.slider.maximum())
    sources = blocker.args[1]
    assert [source.weight for source in sources] == [1, 1, 2.5, 1]
    assert [source.scale for source in sources] == [1, 1, 4, 1]
    assert len(style.told) == 1, "one change for the whole drag"
    style.select(0)
    assert style.share.value() == 1.0


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


def test_a_full_slot_offers_no_more(bar):
    bar.show_slots((Slot("pair", "Pair", "Two of them.", 0, 2),))
    bar.set_sources({"pair": images("a.png")})
    assert bar.section("pair").add_button.isEnabled()
    bar.set_sources({"pair": images("a.png", "b.png")})
    assert not bar.section("pair").add_button.isEnabled()


MASKS = (
    Slot("style", "Style", "What it is made of.", maximum=1),
    Slot("style_mask", "Style mask", "Its parts.", maximum=1, kind="mask", beneath=("style",)),
    Slot("target_mask", "Target mask", "Where they shall lie.", maximum=1, kind="mask", beneath=("content", "style")),
    Slot("content", "Content", "A photo to follow.", 0, 1),
    Slot("more", "More", "Other photos.", 0),
)


@pytest.fixture
def many(bar):
    bar.show_slots(MASKS)
    return bar


def test_a_mask_can_be_painted_by_button_link_menu_and_double_click(many, qtbot):
    asked = []
    many.paint_requested.connect(asked.append)
    section = many.section("target_mask")
    assert not many.section("style").paint_button.isVisible()
    qtbot.mouseClick(section.paint_button, Qt.MouseButton.LeftButton)
    section.zone.link.linkActivated.emit("paint")
    many.set_sources({"target_mask": images("a.png")})
    qtbot.mouseDClick(section.tiles[0], Qt.MouseButton.LeftButton)
    menu = many._menu("target_mask", section)
    next(action for action in menu.actions() if action.text() == "Paint…").trigger()
    menu.close()
    assert asked == ["target_mask"] * 4


def test_a_slot_for_one_image_offers_to_exchange_it(many, qtbot):
    many.set_sources({"style": images("a.png")})
    section = many.section("style")
    assert section.add_button.isEnabled()
    dialog = many.browse("style")
    qtbot.addWidget(dialog)
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFile
    dialog.close()


@pytest.mark.parametrize("name", ["weight", "scale"])
def test_a_knob_reaches_what_an_image_may_have_and_no_further(style, name):
    spec = {"weight": style.share.spec, "scale": style.scale.spec}[name]
    for end, beyond in ((spec.minimum, -0.01), (spec.maximum, 0.01)):
        assert getattr(SourceImage(path="a.png", **{name: end}), name) == end
        with pytest.raises(ValidationError):
            SourceImage(path="a.png", **{name: end + beyond})
    assert getattr(SourceImage(path="a.png"), name) == spec.default


def test_share_and_scale_are_offered_where_they_mean_something(many):
    many.set_sources({"style": images("a.png"), "style_mask": images("b.png"), "more": images("c.png")})
    offered = {}
    for key in ("style", "style_mask", "more"):
        section = many.section(key)
        section.select(0)
        offered[key] = (section.share.isVisible(), section.scale.isVisible())
    assert offered == {"style": (False, True), "style_mask": (False, False), "more": (True, True)}


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


def test_the_same_image_twice_has_two_tiles(bar):
    bar.set_sources({"style": images("a.png", "a.png", "b.png")})
    section = bar.section("style")
    section.remove(0)
    assert names(section.images) == ["a.png", "b.png"]
    assert sum(tile.isVisible() for tile in section.tiles) == 2


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
