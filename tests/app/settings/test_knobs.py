"""Scales as laws; knobs as an artist uses them: with mouse, keys and wheel."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.settings import knobs
from app.settings.knob_slider import KnobSlider
from app.settings.scales import Scale, Track
from engine.method import method_class, method_keys
from engine.settings import Spec, specs
from tests.app.every_setting import Every
from tests.app.mouse import drag

SPECS = {spec.name: spec for spec in specs(Every)}
NUMBERS = [name for name, spec in SPECS.items() if spec.kind in ("float", "int")]


@pytest.fixture
def show(qtbot):
    def build(name):
        knob = knobs.make(SPECS[name])
        qtbot.addWidget(knob)
        knob.resize(300, 26)
        with qtbot.waitActive(knob):
            knob.show()
        return knob

    return build


def ends(spec: Spec) -> tuple[float, float]:
    """The smallest and the largest value of a number."""
    assert spec.minimum is not None
    assert spec.maximum is not None
    return spec.minimum, spec.maximum


def some(scale: Scale) -> range:
    """All positions, but of a million each seventh hundred."""
    return range(0, scale.positions + 1, 1 if scale.positions < 10_000 else 701)


def told(knob):
    seen = []
    knob.changed.connect(lambda name, value: seen.append((name, value)))
    return seen


@pytest.mark.parametrize("name", NUMBERS)
@given(share=st.floats(0, 1))
def test_positions_go_up_with_values_and_find_their_way_back(name, share):
    scale = Scale.of(SPECS[name])
    minimum, maximum = ends(SPECS[name])
    position = round(share * scale.positions)
    value = scale.value(position)
    assert minimum <= value <= maximum
    assert scale.value(max(0, position - 1)) <= value
    assert scale.value(scale.position(value)) == value


@pytest.mark.parametrize("name", NUMBERS)
def test_the_ends_of_a_slider_are_the_ends_of_the_range(name):
    scale = Scale.of(SPECS[name])
    minimum, maximum = ends(SPECS[name])
    assert scale.value(0) == minimum
    assert scale.value(scale.positions) == maximum
    assert scale.position(minimum) == 0
    assert scale.position(maximum) == scale.positions


@pytest.mark.parametrize("name", NUMBERS)
@given(share=st.floats(0, 1))
def test_an_arrow_always_moves_inside_the_range(name, share):
    scale = Scale.of(SPECS[name])
    minimum, maximum = ends(SPECS[name])
    value = scale.value(round(share * scale.positions))
    up, down = scale.stepped(value, 1), scale.stepped(value, -1)
    assert minimum <= down <= value <= up <= maximum
    assert up > value or value == maximum
    assert down < value or value == minimum


@pytest.mark.parametrize("key", method_keys())
def test_every_position_of_every_method_can_be_shown_and_found_again(key):
    for spec in specs(method_class(key).Settings):
        if spec.kind not in ("float", "int"):
            continue
        scale = Scale.of(spec)
        for position in some(scale):
            value = scale.value(position)
            assert scale.value(scale.position(value)) == value, (spec.name, position)
            assert round(value, scale.decimals) == value, (spec.name, position)


def test_arrows_of_a_logarithmic_scale_move_the_second_figure_and_reach_zero():
    scale = Scale.of(SPECS["weight"])
    assert scale.stepped(20.0, 1) == 21.0
    assert scale.stepped(1.0, -1) == pytest.approx(0.99)
    assert scale.stepped(scale.lowest, -1) == 0.0
    assert scale.stepped(0.0, 1) == scale.lowest


def test_near_one_each_nine_takes_the_same_way():
    scale = Scale.of(SPECS["decay"])
    ways = [scale.position(value) for value in (0.0, 0.9, 0.99, 0.999, 0.9999)]
    assert len({b - a for a, b in pairwise(ways)}) == 1
    assert scale.stepped(0.995, 1) == pytest.approx(0.9951)
    assert scale.stepped(0.995, -1) == pytest.approx(0.9949)
    assert scale.stepped(0.99, 1) == pytest.approx(0.9901)
    assert scale.stepped(0.99, -1) == pytest.approx(0.989)


def test_a_number_field_can_show_the_default_and_the_smallest_step_exactly():
    for name in NUMBERS:
        spec, scale = SPECS[name], Scale.of(SPECS[name])
        assert round(float(spec.default), scale.decimals) == spec.default
        assert round(scale.lowest, scale.decimals) == scale.lowest


@pytest.mark.parametrize("name", list(SPECS))
def test_set_value_shows_and_stays_silent(show, name):
    spec, knob = SPECS[name], show(name)
    seen = told(knob)
    other = {"bool": False, "choice": "copy"}.get(spec.kind, spec.maximum)
    knob.set_value(other)
    assert knob.value() == other
    assert not seen
    assert knob.reset_button.isVisible()


def test_a_value_between_two_positions_is_kept_exactly(show):
    knob = show("weight")
    knob.set_value(17.123456789)
    assert knob.value() == 17.123456789


def test_slider_and_number_move_each_other(show, qtbot):
    knob = show("templates")
    seen = told(knob)
    knob.slider.setValue(knob.track.position(80))
    assert knob.number.value() == 80
    assert seen[-1] == ("templates", 80)
    knob.number.setFocus()
    knob.number.selectAll()
    qtbot.keyClicks(knob.number, "120")
    assert seen[-1] == ("templates", 80), "typing is not over yet"
    qtbot.keyClick(knob.number, Qt.Key.Key_Return)
    assert seen[-1] == ("templates", 120)
    assert type(knob.value()) is int
    assert knob.track.value(knob.slider.value()) == 120


def test_too_large_a_number_becomes_the_largest(show, qtbot):
    knob = show("share")
    knob.number.setFocus()
    knob.number.selectAll()
    qtbot.keyClicks(knob.number, "7")
    qtbot.keyClick(knob.number, Qt.Key.Key_Return)
    assert knob.value() == 1.0


def test_a_click_on_the_groove_goes_there(show, qtbot):
    knob = show("share")
    qtbot.mouseClick(knob.slider, Qt.MouseButton.LeftButton, pos=QPoint(knob.slider.width() - 2, 10))
    assert knob.value() == 1.0


def test_keys_move_slider_and_switch(show, qtbot):
    knob = show("share")
    before = knob.value()
    qtbot.keyClick(knob.slider, Qt.Key.Key_Right)
    assert knob.value() > before
    switch = show("tone")
    seen = told(switch)
    qtbot.keyClick(switch.box, Qt.Key.Key_Space)
    assert seen == [("tone", False)]


def test_a_choice_shows_labels_and_tells_values(show, qtbot):
    knob = show("mode")
    seen = told(knob)
    assert [knob.combo.itemText(i) for i in range(3)] == ["Both", "Paint", "Copy"]
    qtbot.keyClick(knob.combo, Qt.Key.Key_Down)
    assert seen == [("mode", "paint")]


def test_the_wheel_turns_only_what_has_the_focus(show):
    knob = show("share")
    seen = told(knob)
    for editor in knob.editors():
        knob.setFocus()
        editor.clearFocus()
        assert not turn(editor), "the panel must get the wheel"
    assert not seen
    knob.slider.setFocus()
    turn(knob.slider)
    assert seen


def turn(widget):
    """One notch of the wheel; whether the widget took it."""
    middle = QPointF(widget.rect().center())
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    keys = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, 120), none, keys, phase, False)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_reset_appears_with_a_change_and_asks_once(show, qtbot):
    knob = show("weight")
    asked = []
    knob.reset_requested.connect(asked.append)
    assert not knob.reset_button.isVisible()
    knob.set_value(3.0)
    assert knob.reset_button.isVisible()
    qtbot.mouseClick(knob.reset_button, Qt.MouseButton.LeftButton)
    assert asked == ["weight"]
    assert knob.value() == 20.0
    assert not knob.reset_button.isVisible()


@pytest.mark.parametrize("name", list(SPECS))
def test_a_knob_says_what_it_is(show, name):
    spec, knob = SPECS[name], show(name)
    tip = knob.toolTip()
    for part in (spec.knob.label, spec.knob.help, spec.knob.symbol, spec.label_of(spec.default)):
        assert part in tip
    for editor in knob.editors():
        assert editor.accessibleName() == spec.knob.label
        assert editor.accessibleDescription() == spec.knob.help


def test_columns_line_up_whatever_the_kind(show):
    rows = [show(name) for name in SPECS]
    assert len({row.control.x() for row in rows}) == 1
    assert len({row.control.width() for row in rows}) == 1


def test_a_narrow_row_keeps_its_control_whole(show):
    knob = show("share")
    knob.resize(200, 26)
    QApplication.processEvents()
    assert knob.control.rect().contains(knob.number.geometry())
    assert knob.rect().contains(knob.reset_button.geometry())


def test_a_long_label_gives_way(qtbot):
    label = knobs.ElidedLabel("A label that is longer than the space there is for it")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.text().endswith("…")
    assert label.accessibleName().endswith("for it")


@pytest.mark.parametrize("name", ["weight", "mode", "tone"])
def test_an_idle_knob_shows_its_value_but_can_not_be_moved(show, qtbot, name):
    knob = show(name)
    knob.set_value({"weight": 3.0, "mode": "copy", "tone": False}[name])
    knob.set_idle(True)
    seen = told(knob)
    for editor in knob.editors():
        qtbot.mouseClick(editor, Qt.MouseButton.LeftButton)
        qtbot.keyClick(editor, Qt.Key.Key_Down)
    qtbot.mouseClick(knob.reset_button, Qt.MouseButton.LeftButton)
    assert not seen
    assert knob.value() != SPECS[name].default
    knob.set_idle(False)
    qtbot.mouseClick(knob.reset_button, Qt.MouseButton.LeftButton)
    assert knob.value() == SPECS[name].default


def test_escape_leaves_the_number_as_it_was(show, qtbot):
    knob = show("share")
    knob.number.setFocus()
    knob.number.selectAll()
    QTest.keyClicks(knob.number, "0.9")
    qtbot.keyClick(knob.number, Qt.Key.Key_Escape)
    assert knob.value() == SPECS["share"].default
    assert knob.number.value() == SPECS["share"].default


@pytest.mark.parametrize("key", method_keys())
def test_the_middle_of_every_slider_is_the_useful_range_and_all_values_can_be_reached(key):
    for spec in specs(method_class(key).Settings):
        if spec.kind not in ("float", "int"):
            continue
        track, (low, high) = Track.of(spec), spec.useful
        least, most = ends(spec)
        assert least <= low <= spec.default <= high <= most, spec.name
        start, end = track.middle
        assert (end - start) / track.positions >= 0.7, spec.name
        assert (track.value(0), track.value(track.positions)) == (least, most), spec.name
        for position in some(track.scale):
            value = track.scale.value(position)
            assert track.value(track.position(value)) == value, (spec.name, value)


def test_a_hand_that_slips_does_not_come_to_an_extreme(show):
    """37 px on a slider of 120 led from 0.2 to a quarter of the whole range."""
    spec = next(s for s in specs(method_class("magic").Settings) if s.name == "variation_weight")
    track = Track.of(spec)
    there = track.value(track.position(spec.default) + round(37 / 120 * track.positions))
    assert there <= spec.useful[1] < ends(spec)[1] / 10
    assert track.extreme(spec.default) == 0
    assert track.extreme(ends(spec)[1]) == 1


def test_of_a_million_draws_of_chance_a_slider_steps_through_the_first(qtbot):
    """A click at a quarter of "This set" led to set 220,000, from which no hand finds back."""
    spec = next(s for s in specs(method_class("magic").Settings) if s.name == "set_seed")
    track = Track.of(spec)
    assert track.value(round(0.25 * track.positions)) < 50
    assert track.value(track.positions) == 1_000_000
    knob = knobs.make(spec)
    qtbot.addWidget(knob)
    knob.set_value(7)
    slider = knob.findChild(KnobSlider)
    assert slider is not None
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert knob.value() == 8


def test_shift_moves_a_slider_finely(show):
    knob = show("share")
    slider, keys = knob.slider, Qt.KeyboardModifier
    for modifier, expected in ((keys.NoModifier, 20), (keys.ShiftModifier, 2)):
        knob.set_value(0.5)
        before = slider.x_of(slider.value())
        drag(slider, 20, modifier)
        assert slider.x_of(slider.value()) - before == pytest.approx(expected, abs=1.5)


def test_shift_and_a_click_beside_the_handle_move_nothing(show, qtbot):
    knob = show("share")
    qtbot.mouseClick(knob.slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, QPoint(115, 10))
    assert knob.value() == SPECS["share"].default


def test_arrows_move_every_slider_and_shift_moves_it_less(show, qtbot):
    for name in NUMBERS:
        knob = show(name)
        qtbot.keyClick(knob.slider, Qt.Key.Key_Right)
        far = knob.value()
        knob.set_value(SPECS[name].default)
        qtbot.keyClick(knob.slider, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        assert SPECS[name].default < knob.value() <= far, name


def test_a_slider_is_at_least_120_px_and_an_extreme_stands_out_and_has_its_number(show):
    knob = show("weight")
    assert knob.slider.width() >= 120
    knob.setFocus()
    knob.set_value(190.0)
    assert knob.number.text() == "190"
    assert knob.number.property("role") == "warning"
    assert knob.number.accessibleDescription().endswith("very high now.")
    knob.number.setFocus()
    knob.setFocus()
    assert knob.value() == 190.0
    knob.set_value(20.0)
    assert knob.number.text() == "20"
    assert not knob.number.property("role")
