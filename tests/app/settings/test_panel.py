"""The generated panel: complete, ordered, searchable, explained."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QEnterEvent, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from app.settings.knobs import KnobWidget
from app.settings.panel import TECHNICAL, SettingsPanel
from engine.knobs import count, one_of, toggle
from engine.method import Method
from engine.settings import Settings, specs
from tests.app.every_setting import Every, Paper


class Late(Settings):
    """One setting in a fold, which acts only with another that is not."""

    # fmt: off
    slow: bool = toggle(True, "Slowly", "On takes longer.")
    steps: int = count(300, 1, 1000, "Steps", "More is slower.", group="Training", when=one_of("slow", True))
    # fmt: on


@pytest.fixture
def panel(qtbot):
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    panel.show_method(cast("type[Method]", Paper))  # the panel reads its settings, presets and title only
    panel.resize(300, 700)
    with qtbot.waitActive(panel):
        panel.show()
    return panel


def visible(panel):
    return [spec.name for spec in specs(Every) if panel.knob(spec.name).isVisible()]


def test_every_setting_has_a_knob_and_only_the_advanced_and_technical_are_folded(panel, qtbot):
    plain = [s.name for s in specs(Every) if not s.knob.advanced and s.knob.group not in TECHNICAL]
    assert visible(panel) == plain
    panel.fold.header.setChecked(True)
    panel.technical.header.setChecked(True)
    assert visible(panel) == [spec.name for spec in specs(Every)]


def made(panel):
    return {knob.name for knob in panel.findChildren(KnobWidget)}


def test_what_is_folded_is_made_when_it_is_first_wanted(panel):
    """Three of four settings are in folds: a hundred kilobytes each, for what most sessions never open."""
    plain = {s.name for s in specs(Every) if not s.knob.advanced and s.knob.group not in TECHNICAL}
    panel.set_values(Every(share=0.5, rate=2e-3))
    panel.show_method(cast("type[Method]", Paper))
    panel.search.setText("content")
    panel.search.clear()
    assert made(panel) == plain
    panel.search.setText("sharpen")
    panel.search.clear()
    assert made(panel) == plain | {"rate", "ramp"}, "one section, of what was searched for"
    assert panel.knob("templates").name == "templates"
    assert made(panel) == {spec.name for spec in specs(Every)}


def test_what_is_made_late_shows_the_present_value_and_whether_it_acts(panel):
    panel.show_settings(Late)
    panel.set_values(Late(steps=7, slow=False))
    seen = []
    panel.edited.connect(lambda name, value: seen.append((name, value)))
    panel.technical.header.setChecked(True)
    knob = panel.knob("steps")
    assert knob.isVisible()
    assert knob.value() == knob.number.value() == 7
    assert not knob.reset_button.isHidden()
    assert knob.idle
    assert not seen
    panel.set_values(Late(steps=7, slow=True))
    assert not knob.idle
    knob.reset()
    panel.set_values(Late(steps=9))
    assert knob.value() == 9


def test_values_are_shown_silently_and_edits_are_told(panel, qtbot):
    seen = []
    panel.edited.connect(lambda name, value: seen.append((name, value)))
    values = Every(weight=3.0, mode="copy", tone=False, templates=9)
    panel.set_values(values)
    assert not seen
    assert {spec.name: panel.knob(spec.name).value() for spec in specs(Every)} == values.model_dump()
    qtbot.keyClick(panel.knob("tone").editors()[0], Qt.Key.Key_Space)
    assert seen == [("tone", True)]


def test_reset_is_passed_on(panel, qtbot):
    panel.set_values(Every(weight=3.0))
    with qtbot.waitSignal(panel.reset_requested) as blocker:
        panel.knob("weight").reset()
    assert blocker.args == ["weight"]


def test_search_finds_by_label_term_and_help_also_in_the_fold(panel):
    panel.search.setText("learning RATE")
    assert visible(panel) == ["rate"]
    panel.search.setText("lambda")
    assert visible(panel) == ["weight"]
    panel.search.setText("sharpen")
    assert visible(panel) == ["ramp"]
    panel.search.setText("no such thing")
    assert visible(panel) == []
    assert panel.nothing.isVisible()
    assert "no such thing" in panel.nothing.text()
    panel.search.clear()
    assert "ramp" not in visible(panel), "the fold closes again"
    assert "weight" in visible(panel)
    assert not panel.nothing.isVisible()


def test_no_knob_is_wider_than_a_narrow_panel(panel):
    panel.fold.header.setChecked(True)
    QApplication.processEvents()
    room = panel.scroll_area.viewport().width()
    assert panel.width() == panel.minimumWidth()
    for spec in specs(Every):
        knob = panel.knob(spec.name)
        assert knob.mapTo(panel.scroll_area.viewport(), knob.rect().topRight()).x() < room


def test_the_help_line_follows_pointer_and_focus(panel, qtbot):
    knob = panel.knob("templates")
    panel.knob("share").editors()[0].setFocus()
    assert "More of it." in panel.help.text()
    middle = knob.rect().toRectF().center()
    QApplication.sendEvent(knob, QEnterEvent(middle, middle, knob.mapToGlobal(middle)))
    assert "More choice." in panel.help.text()
    QApplication.sendEvent(knob, QEvent(QEvent.Type.Leave))
    assert "More of it." in panel.help.text(), "back to the knob that has the focus"


def test_tab_goes_down_the_panel(panel, qtbot):
    first = panel.knob("weight").editors()[0]
    first.setFocus()
    reached = []
    for _ in range(4):
        qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Tab)
        reached.append(panel.focusWidget())
    expected = [panel.knob("weight").editors()[1], *panel.knob("share").editors(), panel.knob("mode").editors()[0]]
    assert reached == expected


def test_the_legend_tells_what_a_change_does_while_training(panel):
    calm = [label.text() for label in panel.legend_labels.values()]
    panel.set_state("training")
    busy = [label.text() for label in panel.legend_labels.values()]
    assert calm != busy
    panel.set_state("idle")
    assert [label.text() for label in panel.legend_labels.values()] == calm


def test_a_setting_without_effect_is_greyed_and_says_what_it_waits_for(panel):
    knob = panel.knob("decay")
    assert knob.isEnabled()
    assert not knob.idle
    panel.set_values(Every(mode="copy"))
    assert knob.idle
    assert not any(editor.isEnabled() for editor in knob.editors())
    knob.noticed.emit("decay", True)
    assert "Acts only where Copy or paint is Both or Paint" in panel.help.text()
    assert "Only where Copy or paint is Both or Paint" in knob.toolTip()
    panel.set_values(Every(mode="paint"))
    assert not knob.idle
    knob.noticed.emit("decay", True)
    assert "Acts only" not in panel.help.text()


def test_another_method_replaces_the_knobs_and_keeps_the_search(panel):
    before = panel.knob("share")
    panel.search.setText("share")
    panel.show_settings(type("OtherSettings", (Every,), {}))
    QApplication.processEvents()
    assert panel.knob("share") is not before
    assert visible(panel) == ["share"]


def test_another_project_of_the_same_method_finds_the_knobs_at_their_defaults(panel):
    """The knobs themselves stay: Qt keeps something of each that goes, and hundreds take their time."""
    knobs = {spec.name: panel.knob(spec.name) for spec in specs(Every)}
    panel.set_values(Every(mode="paint", share=0.25))
    panel.knob("share").noticed.emit("share", True)
    assert "More of it." in panel.help.text()
    typed = panel.knob("weight").number.lineEdit()
    typed.setText("7")
    panel.show_method(cast("type[Method]", Paper))
    assert typed.text() == "20", "what was typed and not yet meant is of the other project"
    assert {name: panel.knob(name) for name in knobs} == knobs
    assert {name: knob.value() for name, knob in knobs.items()} == {name: getattr(Every(), name) for name in knobs}
    assert "More of it." not in panel.help.text()


def test_what_is_about_networks_and_training_is_folded_away_until_it_is_wanted(panel):
    technical = [spec.name for spec in specs(Every) if spec.knob.group in TECHNICAL]
    assert technical
    for name in technical:
        assert not panel.knob(name).isVisible()
    QTest.mouseClick(panel.technical.header, Qt.MouseButton.LeftButton)
    for name in technical:
        assert panel.knob(name).isVisible(), name


def test_a_tooltip_repeats_nothing_of_the_line_below_and_covers_no_row(panel, qtbot):
    panel.move(400, 0)
    knob = panel.knob("weight")
    help_words = knob.spec.knob.help
    assert help_words not in knob.toolTip()
    assert "Starts at 20" in knob.toolTip()
    panel._notice("weight", True)
    assert help_words in panel.help.text()
    at = knob.rect().center()
    QApplication.sendEvent(knob, QHelpEvent(QEvent.Type.ToolTip, at, knob.mapToGlobal(at)))
    tip = next(w for w in QApplication.topLevelWidgets() if w.inherits("QTipLabel") and w.isVisible())
    assert not tip.geometry().intersects(QRect(panel.mapToGlobal(QPoint(0, 0)), panel.size()))
    QToolTip.hideText()
