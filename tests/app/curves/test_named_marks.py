"""Every change stands on the curves by its name, and a click on it leads back to its values."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu

from engine.messages.events import Stepped
from tests.app.studio import Studio
from tests.app.toys import write_image


def texts(studio: Studio) -> list[str]:
    return [mark.text for mark in studio.window.curves.history.marks]


def test_settings_images_presets_rebuilds_and_undo_are_marks(studio: Studio) -> None:
    window, document = studio.window, studio.window.document
    document.set("weight", 3.0)
    assert texts(studio) == [], "nothing trains yet"
    studio.window.docks["curves"].show()
    studio.train()
    document.set("weight", 4.0)
    document.set("weight", 5.0)
    document.begin_movement()
    document.set("weight", 6.0)
    document.apply_preset("Slow")
    document.stack.undo()
    document.set("colors", 7)
    studio.until(lambda: window.training.stale)
    studio.press("rebuild")
    studio.until(lambda: "rebuild" in texts(studio))
    document.add("style", [write_image(studio.folder / "more.png", seed=3)])
    assert texts(studio) == [
        "change Weight",
        "change Weight",
        "preset Slow",
        "undo preset Slow",
        "change Colours",
        "rebuild",
        "add images",
    ]


def test_a_click_on_a_mark_leads_back_to_its_values_and_undo_back_again(studio: Studio) -> None:
    window, document = studio.window, studio.window.document
    studio.window.docks["curves"].show()
    studio.train()
    document.set("weight", 4.0)
    document.begin_movement()
    document.set("weight", 8.0)
    studio.until_seen(Stepped, len(studio.seen(Stepped)) + 3)
    window.curves.redraw()
    plot = next(plot for plot in window.curves._shown if plot.area.isVisible())
    view = plot._plot.getViewBox()
    across = plot.area.mapFromScene(view.mapViewToScene(QPointF(plot._shown[0].step, 0))).x()
    assert plot._shown[0] in plot.marks_near(across)
    assert plot.marks_near(across + 4000) == []
    studio.qtbot.mouseClick(plot.area.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(across), 20))
    menu = next(menu for menu in window.curves.findChildren(QMenu) if menu.isVisible())
    wanted = [action for action in menu.actions() if "change Weight" in action.text()]
    wanted[-1].trigger()
    menu.close()
    assert studio.settings.weight == 4.0
    studio.press("undo")
    assert studio.settings.weight == 8.0


def test_the_list_of_changes_does_the_same_by_keyboard(studio: Studio) -> None:
    window, document = studio.window, studio.window.document
    assert not window.curves.changes.isVisible()
    studio.window.docks["curves"].show()
    studio.train()
    document.set("weight", 4.0)
    document.apply_preset("Slow")
    window.curves.redraw()
    assert window.curves.changes.isVisible()
    menu = window.curves.changes.menu()
    menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert [text.split(" at step")[0] for text in words] == ["preset Slow", "change Weight"]
    rate = studio.settings.rate
    next(action for action in menu.actions() if "change Weight" in action.text()).trigger()
    assert studio.settings.rate != rate
