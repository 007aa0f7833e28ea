"""What the hand does without letting go is one step of undo, through the whole window; the next time is another."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from app.settings.knob_slider import KnobSlider
from tests.app.mouse import LEFT, drag
from tests.app.studio import Studio
from tests.app.toys import write_image


def slider_of(knob) -> KnobSlider:
    slider = knob.findChild(KnobSlider)
    assert slider is not None
    return slider


def test_each_drag_of_a_slider_is_one_step(studio: Studio) -> None:
    document, slider = studio.window.document, slider_of(studio.window.panel.knob("weight"))
    slider.setFocus()
    values = [studio.settings.weight]
    for way in (20, 16, -30):
        drag(slider, way)
        values.append(studio.settings.weight)
        assert document.stack.count() == len(values) - 1
    for before in values[-2::-1]:
        document.stack.undo()
        assert studio.settings.weight == before


def test_a_click_beside_the_handle_is_a_step_of_its_own(studio: Studio) -> None:
    document, slider = studio.window.document, slider_of(studio.window.panel.knob("weight"))
    slider.setFocus()
    drag(slider, 20)
    dragged = studio.settings.weight
    QTest.mouseClick(slider, LEFT, pos=QPoint(4, slider.height() // 2))
    assert studio.settings.weight != dragged
    document.stack.undo()
    assert studio.settings.weight == dragged


def test_what_is_set_after_the_focus_went_elsewhere_is_another_step(studio: Studio) -> None:
    document, panel = studio.window.document, studio.window.panel
    for name in ("weight", "rate", "weight"):
        slider_of(panel.knob(name)).setFocus()
        for value in (0.5, 0.6):
            document.set(name, value if name == "rate" else value + document.stack.count())
    assert document.stack.count() == 3


def test_each_drag_of_an_images_share_is_one_step(studio: Studio) -> None:
    document, window = studio.window.document, studio.window
    document.add("style", [write_image(studio.folder / f"{name}.png") for name in "ab"])
    section = window.sources.section("style")
    section.select(0)
    slider, steps = slider_of(section.share), document.stack.count()
    slider.setFocus()
    for number in (1, 2):
        before = document.sources("style")
        drag(slider, -10 * number)
        studio.until(lambda before=before: document.sources("style") != before)
        assert document.stack.count() == steps + number
