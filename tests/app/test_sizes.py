"""The window is whole on small screens and scaled ones: nothing outside of it, no words cut, in every state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QSize, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTabBar, QWidget

from app.help_sheet import HelpSheet
from app.preferences_dialog import PreferencesDialog
from app.shell import LEAST_PICTURE_PX
from app.snapshots.tile import HEIGHT
from app.widgets.controls import ElidedLabel
from engine.export.print_sizes import PAPERS
from engine.method import method_keys
from engine.training import autosave
from tests.app.looks import cut, outside, overlapping
from tests.app.studio import Studio

SIZES = ((1024, 700), (960, 540), (1366, 768))
"""The smallest screen; one of 1920 x 1080 at scale factor 2; a common one."""


@pytest.fixture
def qt_said() -> Iterator[list[str]]:
    """What Qt complained of meanwhile."""
    said: list[str] = []
    usual = "This plugin does not support "  # offscreen has no window manager to ask

    def hear(kind: QtMsgType, _where: object, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not text.startswith(usual):
            said.append(text)

    before = qInstallMessageHandler(hear)
    yield said
    qInstallMessageHandler(before)


def look(studio: Studio, said: list[str], state: str) -> None:
    window = studio.window
    for mode in ("dark", "light"):
        window.set_theme(mode)
        for size in SIZES:
            window.resize(*size)
            QApplication.processEvents()
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)  # of what a report has just changed
            assert (window.width(), window.height()) == size, state
            assert not outside(window), f"{state} at {size}"
            assert not cut(window), f"{state} at {size}"
            assert not overlapping(window), f"{state} at {size}"
            window.grab()
    assert not said, state


def look_at_dialog(studio: Studio, dialog: QWidget, said: list[str], state: str) -> None:
    """In both themes, as it opens and on a screen of 960 x 540."""
    for mode in ("dark", "light"):
        studio.window.set_theme(mode)
        for room in (QSize(1200, 800), QSize(960, 520)):
            least = dialog.minimumSizeHint()
            assert least.boundedTo(room) == least, f"{state} does not fit into {room}"
            dialog.resize(dialog.sizeHint().boundedTo(room))
            QApplication.processEvents()
            assert not outside(dialog), state
            assert not cut(dialog), state
            assert not overlapping(dialog), state
            dialog.grab()
    assert not said, state


def test_every_method_fits_before_there_are_images(studio: Studio, qt_said: list[str]) -> None:
    for key in method_keys():
        studio.window.document.set_method(key)
        look(studio, qt_said, key)


def test_the_titles_of_the_images_are_whole_in_the_smallest_window(studio: Studio) -> None:
    window = studio.window
    window.document.set_method("magic")
    window.set_theme("light")
    for size in SIZES:
        window.resize(*size)
        window.reset_layout()
        QApplication.processEvents()
        titles = [title for title in window.sources.findChildren(ElidedLabel) if title.property("role") == "heading"]
        assert len(titles) == len(window.document.method.slots)
        assert [t.accessibleName() for t in titles if t.text() != t.accessibleName()] == [], size


def test_a_long_message_covers_nothing_on_the_lowest_screen(studio: Studio) -> None:
    """Moments, and a message of four lines, left the canvas lying over the line of health."""
    window, low = studio.window, (952, 500)  # what a frame and a bar of tasks leave of 960 x 540
    window.resize(*low)
    window.reset_layout()
    studio.train()
    studio.press("keep")
    studio.until(lambda: len(window.strip.tiles) == 1)
    window.messages.clear()
    window.messages.show_message(
        "Not finished when the program ended: mosaic 2.png, mosaic 3.png and mosaic 4.png. What was painted is kept.",
        button="Go on painting",
    )
    QApplication.processEvents()
    QApplication.processEvents()
    view, line = window.canvas.view, window.curves.line
    assert (window.width(), window.height()) == low
    assert view.mapTo(window, view.rect().bottomLeft()).y() < line.mapTo(window, line.rect().topLeft()).y()
    assert not overlapping(window)


def test_the_first_page_is_as_wide_as_its_place_after_a_crash_too(studio: Studio) -> None:
    """A wide picture of what was rescued cut the words and doors of a small screen."""
    window, picture = studio.window, QImage(760, 400, QImage.Format.Format_RGB32)
    picture.fill(0)
    window.resize(960, 540)
    window.reset_layout()
    start = window.canvas.start
    start.offer_rescue(studio.folder, "Tessera was cut off. “Untitled” is as it was saved at 18:55.", picture)
    QApplication.processEvents()
    page, place = start.scroll_area.widget(), start.scroll_area.viewport()
    assert page is not None
    assert page.width() <= place.width()
    assert not cut(window)
    window.resize(1366, 768)
    QApplication.processEvents()
    assert start.rescue.findChildren(QLabel)[0].isVisible(), "where there is room the picture is seen"


def test_moments_leave_most_of_a_low_window_to_the_picture(studio: Studio) -> None:
    """They took 207 of 540 pixels."""
    window = studio.window
    window.resize(1366, 768)
    window.reset_layout()
    studio.train()
    studio.press("keep")
    studio.until(lambda: len(window.strip.tiles) == 1)
    window.strip.select(0)
    high = window.strip.tiles[0].height()
    window.resize(960, 540)
    QApplication.processEvents()
    window.reset_layout()
    QApplication.processEvents()
    assert window.docks["snapshots"].height() <= window.height() // 4
    assert window.strip.tiles[0].height() < high
    assert window.strip.selected is not None, "what was chosen stays so"
    studio.press("keep")
    studio.until(lambda: len(window.strip.tiles) == 2)
    assert window.docks["snapshots"].height() <= window.height() // 4
    assert not cut(window)
    window.resize(1366, 768)
    QApplication.processEvents()
    assert window.strip.tiles[0].height() == high


def test_docks_of_a_large_window_give_way_in_a_small_one(studio: Studio) -> None:
    """A layout stored on a large screen left the three doors cut on a small one."""
    window = studio.window
    window.resize(1600, 900)
    window.reset_layout()
    QApplication.processEvents()
    wide = window.saveState(1)
    window.resize(*SIZES[1])
    window.restoreState(wide, 1)
    QApplication.processEvents()
    window.sides.share()
    QApplication.processEvents()
    assert window.canvas.width() >= LEAST_PICTURE_PX
    assert not cut(window)
    assert not outside(window)
    lead = window.canvas.start.lead
    shown, room = lead.mapTo(window, lead.rect().bottomRight()).x(), window.side.x()
    assert shown <= room, "what the doors say is whole"


def test_every_state_fits(studio: Studio, qt_said: list[str]) -> None:
    window = studio.window
    window.files.take("style", [studio.folder / "a long name of a picture that is not there, and needs two lines.png"])
    look(studio, qt_said, "error")
    studio.train()
    look(studio, qt_said, "training")
    window.docks["curves"].show()
    look(studio, qt_said, "curves")
    studio.press("keep")
    studio.until(lambda: len(window.strip.tiles) == 1)
    look(studio, qt_said, "snapshots")
    studio.press("train")
    studio.until(lambda: window.training.state == "paused")
    window.strip.select(0)
    look(studio, qt_said, "compare")
    studio.press("export")
    look(studio, qt_said, "export")
    dialog = window.exports.dialog
    assert dialog is not None
    look_at_dialog(studio, dialog, qt_said, "export")
    dialog.form.fold.setChecked(True)
    dialog.form.size_field.choose(PAPERS[2])
    look_at_dialog(studio, dialog, qt_said, "export, with all of its choices")
    dialog.close()
    window.side.bring("pieces")
    look(studio, qt_said, "pieces")
    window.side.bring("report")
    look(studio, qt_said, "report")
    for other in (PreferencesDialog(window.preferences, window), HelpSheet(window), window.away.open()):
        other.show()
        look_at_dialog(studio, other, qt_said, type(other).__name__)
        other.close()


def test_autosaves_beside_curves_fit(studio: Studio, qt_said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "AUTOSAVE_S", 0.05)
    monkeypatch.setattr(autosave, "AUTOSAVE_COST", 0.0)
    studio.train()
    studio.window.docks["curves"].show()
    studio.press("keep")
    studio.until(lambda: len(studio.window.strip.tiles) > 1)
    studio.press("train")
    studio.until(lambda: studio.window.training.state == "paused")
    for size in SIZES:
        studio.window.resize(*size)
        QApplication.processEvents()
        assert (studio.window.width(), studio.window.height()) == size
        assert studio.window.minimumSizeHint().width() <= size[0]
        assert not outside(studio.window)
    assert not qt_said


@pytest.mark.parametrize("kind", ["mask", "amount"])
def test_the_editors_of_masks_and_maps_fit(studio: Studio, qt_said: list[str], kind: str) -> None:
    window = studio.window
    window.document.set_method("magic")
    studio.drop_style()
    window.masks.open(next(slot.key for slot in window.document.method.slots if slot.kind == kind))
    studio.until(lambda: window.masks.editor is not None)
    editor = window.masks.editor
    assert editor is not None
    look_at_dialog(studio, editor, qt_said, kind)
    shown = [*editor.findChildren(QLabel), *editor.findChildren(QPushButton)]
    words = " ".join(widget.text() for widget in shown if widget.isVisible()).lower()
    noun, other = ("map", "mask") if editor.begin.noun == "map" else ("mask", "map")
    assert f"use this {noun}" in words
    assert other not in words.replace(editor.begin.title.lower(), ""), "a map is called a map everywhere"
    editor.close()


def test_the_cards_of_methods_fit(studio: Studio, qt_said: list[str]) -> None:
    window = studio.window
    for size in SIZES:
        window.resize(*size)
        QApplication.processEvents()
        window.methods.open_cards()
        cards = window.methods.cards
        QApplication.processEvents()
        assert not overlapping(cards)
        assert not outside(cards)
        cards.grab()
        cards.close()
    assert not qt_said


def test_a_layout_laid_out_anew_leaves_nothing_over_the_picture(studio: Studio) -> None:
    window = studio.window
    tabs = window.side.tabs
    for change in (
        window.reset_layout,
        lambda: window.side.setFloating(True),
        window.reset_layout,
        lambda: window.restoreState(window.saveState(1), 1),
        window.reset_layout,
    ):
        change()
        QApplication.processEvents()
        assert [bar for bar in window.findChildren(QTabBar) if bar.isVisible()] == [tabs]
    assert not overlapping(window)


def test_menus_show_and_hide_the_panels_behind_tabs(studio: Studio) -> None:
    window = studio.window
    shown = {action.text(): action for action in window.menu("View").actions() if action.isCheckable()}
    assert shown["Settings"].isChecked()
    shown["Pieces"].trigger()
    assert window.tray.isVisible()
    assert shown["Pieces"].isChecked()
    assert not shown["Settings"].isChecked()
    shown["Pieces"].trigger()
    assert not window.side.isVisible()
    shown["Report"].trigger()
    assert window.report.isVisible()


def test_a_narrow_window_folds_the_layers_into_a_menu_that_chooses_them(studio: Studio) -> None:
    window = studio.window
    window.document.set_method("magic")
    window.canvas.show_start(False)
    window.resize(960, 540)
    QApplication.processEvents()
    tabs = window.canvas.layers
    assert tabs.menu_button.isVisible()
    assert not any(button.isVisible() for button in tabs.buttons)
    tabs.menu_button.menu().aboutToShow.emit()
    tabs.menu_button.menu().actions()[2].trigger()
    assert tabs.buttons[2].isChecked()
    assert window.canvas.view.layer == tabs.buttons[2].property("layer")
    assert tabs.buttons[2].text() in tabs.menu_button.text()
    window.resize(1900, 800)
    QApplication.processEvents()
    assert all(button.isVisible() for button in tabs.buttons)


def test_the_status_leaves_out_whole_facts_and_what_matters_least_first(studio: Studio) -> None:
    window, status = studio.window, studio.window.status
    studio.train()
    studio.until(lambda: bool(status.time.text()))
    status.set_device("A graphics card with a name so long that nothing else has room beside it in the line" + 20 * "!")
    window.resize(1024, 700)
    QApplication.processEvents()
    assert status.saved.isVisible()
    assert status.step.isVisible()
    assert not status.device.isVisible()
    window.resize(1900, 800)
    QApplication.processEvents()
    assert status.device.isVisible()


def test_moments_beside_curves_have_room_for_two_on_a_narrow_window(studio: Studio) -> None:
    window = studio.window
    window.resize(960, 540)
    window.reset_layout()
    alone = window.docks["images"].height()
    QApplication.processEvents()
    for mode in ("narrow", "with curves", "without", "with curves", "wide", "narrow again"):
        window.docks["curves"].setVisible(mode != "without" and mode != "narrow")
        window.resize(*((1600, 900) if mode == "wide" else (960, 540)))
        shared = "curves" in mode or mode == "narrow again"
        area = Qt.DockWidgetArea.BottomDockWidgetArea if shared else Qt.DockWidgetArea.LeftDockWidgetArea
        studio.until(lambda area=area: window.corner(Qt.Corner.BottomLeftCorner) == area)
        if shared:
            studio.until(lambda: window.strip.empty.width() >= 2 * HEIGHT)  # where the moments will be
            assert window.curves.width() >= 200, mode
            assert window.docks["images"].height() < alone, mode
            assert window.strip.empty.text().startswith("No moments yet. Keep those you like"), mode
    window.docks["snapshots"].setFloating(True)
    studio.until(lambda: window.corner(Qt.Corner.BottomLeftCorner) == Qt.DockWidgetArea.LeftDockWidgetArea)
