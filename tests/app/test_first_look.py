"""What an artist meets first: one button that comes next, words that are the same everywhere, nothing that is over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from app.preferences_dialog import PreferencesDialog
from app.widgets import theme
from engine.box import Size
from engine.messages.events import Began
from engine.methods.magic.settings import MagicSettings
from tests.app.studio import Studio
from tests.app.toys import write_image


def next_button(studio: Studio) -> QToolButton:
    button = studio.window.toolbar.widgetForAction(studio.window.actions_by_name["train"])
    assert isinstance(button, QToolButton)
    return button


def test_what_begins_stands_in_the_middle_of_the_canvas_until_it_has_begun(studio: Studio) -> None:
    begin = studio.window.canvas.begin
    assert not begin.isVisible(), "there are no images yet"
    studio.drop_style()
    assert begin.isVisible()
    middle = begin.geometry().center() - studio.window.canvas.view.rect().center()
    assert middle.manhattanLength() <= 2
    begin.button.click()
    assert not begin.button.isVisible()
    studio.until(lambda: studio.window.training.state == "training")
    studio.until(lambda: not begin.isVisible())


def test_an_empty_canvas_says_what_is_done_until_the_first_picture_is_there(studio: Studio) -> None:
    """It was plain grey, with words only in the line at the bottom."""
    window = studio.window
    begin, said = window.canvas.begin, []
    window.training.events.on(
        Began, lambda _event: said.append((begin.words.text() if begin.isVisible() else "", window.training.state))
    )
    studio.drop_style()
    studio.press("train")
    assert begin.isVisible()
    assert begin.words.text() == "Reading the images…"
    studio.until(lambda: bool(said))
    assert said[0] == ("Painting the first picture…", "training")
    studio.until(lambda: window.canvas.view.picture() is not None)
    assert not begin.isVisible()


def test_a_picture_that_stands_on_the_canvas_has_no_words_over_it(studio: Studio) -> None:
    window = studio.window
    window.document.add("content", [write_image(studio.folder / "content.png", 40, 90)])
    window.document.add("style", [write_image(studio.folder / "style.png")])
    studio.until(lambda: window.canvas.view.picture() is not None)
    studio.press("train")
    assert window.training.state == "starting"
    assert not window.canvas.begin.isVisible(), "the content is seen"


def test_the_button_that_comes_next_stands_out_and_says_what_it_does(studio: Studio) -> None:
    button = next_button(studio)
    studio.train()
    assert (button.text(), button.property("next")) == ("Pause", False)
    studio.press("train")
    studio.until(lambda: studio.window.training.state == "paused")
    assert (button.text(), button.property("next")) == ("Resume", True)


def test_what_was_said_of_one_project_is_not_said_in_the_next(studio: Studio) -> None:
    window = studio.window
    window.files.take("style", [studio.folder / "notes.png"])
    assert any("notes.png" in text for text in studio.said())
    window.files.new()
    assert not any("notes.png" in text for text in studio.said())


def test_nothing_to_export_is_not_said_while_there_is_something(studio: Studio) -> None:
    studio.drop_style()
    studio.press("export")
    assert studio.said()
    studio.press("train")
    studio.until(lambda: studio.window.training.state == "training")
    assert not studio.said()


def test_a_new_project_has_not_the_shape_of_the_last_one(studio: Studio) -> None:
    window = studio.window
    window.files.take("style", [write_image(studio.folder / "style.png")])
    window.files.take("content", [write_image(studio.folder / "content.png", 40, 90)])
    studio.until(lambda: window.canvas.view.extent.area > 0)
    window.files.new()
    assert window.canvas.view.extent == Size(0, 0)


def test_the_box_around_an_empty_place_goes_with_the_first_image(studio: Studio) -> None:
    window = studio.window
    grid = window.sources.section("content").zone
    asked = []
    grid.update = lambda *_: asked.append(True)
    window.files.take("content", [write_image(studio.folder / "content.png", 40, 90)])
    assert asked


def test_the_notice_of_a_rebuild_names_what_waits(studio: Studio) -> None:
    window = studio.window
    studio.train()
    window.panel.edited.emit("colors", 7)
    label = window.panel.knob("colors").spec.knob.label
    assert any(f"“{label}” acts after" in text for text in studio.said())


def test_the_theme_has_one_name_everywhere(studio: Studio) -> None:
    window = studio.window
    dialog = PreferencesDialog(window.preferences, window, [])
    offered = [dialog.theme.itemText(index) for index in range(dialog.theme.count())]
    menus = [menu for menu in window.menu("View").findChildren(QMenu) if menu.title() == "Theme"]
    assert [action.text() for action in menus[0].actions()] == offered == list(theme.MODE_TITLES.values())
    dialog.close()


def test_icons_links_and_help_follow_the_theme(studio: Studio) -> None:
    window = studio.window
    window.resize(1300, 900)
    window.set_theme("dark")
    QApplication.processEvents()
    window.set_theme("light")
    QApplication.processEvents()
    page = window.canvas.start.images
    image, icon = page.grab().toImage(), page._picture.geometry()
    inside = [(x, y) for x in range(icon.left(), icon.right()) for y in range(icon.top(), icon.bottom())]
    assert min(image.pixelColor(x, y).lightness() for x, y in inside) < 80, "dark lines on a light card"
    held = QApplication.focusWidget()
    if held is not None:
        held.clearFocus()
    knob = window.panel.knob("rate")
    QApplication.sendEvent(knob, QEvent(QEvent.Type.Leave))  # wherever the tests before have left the pointer
    assert theme.colors().muted in window.panel.help.text()


def test_menus_are_reached_by_f10_and_by_alt(studio: Studio) -> None:
    window, bar = studio.window, studio.window.menuBar()
    with studio.qtbot.waitActive(window):
        window.activateWindow()
    studio.qtbot.keyClick(window, Qt.Key.Key_F10)
    assert bar.activeAction() is bar.actions()[0]
    letters = [action.text()[action.text().index("&") + 1] for action in bar.actions()]
    assert len(set(letters)) == len(letters)


def test_the_heading_of_the_first_page_keeps_its_size_with_another_theme(studio: Studio) -> None:
    window = studio.window
    for width in (1000, 1600):
        window.resize(width, 760)
        QApplication.processEvents()
        for mode in ("dark", "light"):
            window.set_theme(mode)
            QApplication.processEvents()
            shown = [
                title for title in (window.canvas.start._title, window.canvas.start._small_title) if title.isVisible()
            ]
            assert len(shown) == 1
            assert shown[0].fontInfo().pointSizeF() > 1.3 * window.fontInfo().pointSizeF()


def test_a_method_that_shows_a_content_offers_to_go_without_one(studio: Studio) -> None:
    """FAMOS was begun in vain, and an error lay over an empty canvas, also after there was a content."""
    window = studio.window
    window.live.end()  # the question is what is offered
    window.document.set_method("magic")
    window.document.set("start", "nothing")  # with what comes along a collage is there at once
    studio.drop_style()
    begin = window.canvas.begin
    assert begin.isVisible()
    assert (begin.without.isVisible(), begin.button.isVisible()) == (True, False)
    begin.without.click()
    settings = window.document.settings
    assert isinstance(settings, MagicSettings)
    assert settings.guidance == "unguided"
    assert (begin.without.isVisible(), begin.button.isVisible()) == (False, True)
    studio.press("undo")
    assert begin.without.isVisible()
    window.document.add("content", [write_image(studio.folder / "content.png")])
    assert (begin.without.isVisible(), begin.button.isVisible()) == (False, True)
    assert not studio.said()


def test_why_nothing_could_begin_is_no_longer_said_once_it_has_begun(studio: Studio) -> None:
    broken = studio.folder / "broken.png"
    broken.write_bytes(b"no picture")
    studio.window.document.add("style", [broken])
    studio.press("train")
    studio.until(lambda: studio.window.training.state == "idle" and bool(studio.said()))
    studio.window.document.set_sources("style", ())
    studio.drop_style()
    studio.press("train")
    studio.until(lambda: studio.window.training.state == "training")
    assert not [text for text in studio.said() if "usable" in text]
