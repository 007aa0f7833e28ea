"""The methods as cards: each has an example and words for newcomers; one is chosen by mouse or keys alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from app.settings.method_chooser import EXAMPLES, MethodChooser, needs
from app.widgets import theme
from engine.method import method_class, method_keys

LARGEST_BYTES = 60_000


@pytest.fixture
def chooser(qtbot) -> MethodChooser:
    window = QWidget()
    qtbot.window_kept = window  # or Python ends it with this function
    qtbot.addWidget(window)
    chooser = MethodChooser(window)
    for key in method_keys():
        chooser.add(method_class(key))
    chooser.show_method("magic")
    window.resize(1100, 700)
    window.show()
    qtbot.waitExposed(window)
    return chooser


@pytest.mark.parametrize("key", method_keys())
def test_each_method_has_an_example_and_words_for_a_newcomer(key: str) -> None:
    method, example = method_class(key), EXAMPLES / f"{key}.jpg"
    for sentence in (method.summary, method.pace, needs(method)):
        assert sentence.endswith(".")
    assert not any(word in method.summary for word in ("FAMOS", "MAGIC", "network", "template"))
    assert not QImage(str(example)).isNull()
    assert example.stat().st_size <= LARGEST_BYTES


def test_what_a_method_needs_is_told_apart_from_what_it_takes() -> None:
    assert needs(method_class("magic")) == "Needs Style; takes Content."
    assert needs(method_class("stylize")) == "Needs Style and Content."


def test_the_one_in_use_is_marked_and_a_click_chooses_another(chooser: MethodChooser, qtbot) -> None:
    chosen = []
    chooser.chosen.connect(chosen.append)
    qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    assert chooser.cards.isVisible()
    assert [key for key in chooser.cards.keys if chooser.cards.card(key).isChecked()] == ["magic"]
    qtbot.mouseClick(chooser.cards.card("doodle"), Qt.MouseButton.LeftButton)
    assert chosen == ["doodle"]
    assert not chooser.cards.isVisible()


def test_choosing_the_one_in_use_changes_nothing(chooser: MethodChooser, qtbot) -> None:
    chosen = []
    chooser.chosen.connect(chosen.append)
    chooser.open_cards()
    qtbot.mouseClick(chooser.cards.card("magic"), Qt.MouseButton.LeftButton)
    assert chosen == []
    assert chooser.cards.card("magic").isChecked()


def test_the_keys_alone_choose(chooser: MethodChooser, qtbot) -> None:
    chosen, keys = [], chooser.cards.keys
    chooser.chosen.connect(chosen.append)
    chooser.open_cards()
    assert chooser.cards.card("magic").hasFocus()
    qtbot.keyClick(chooser.cards.card("magic"), Qt.Key.Key_Right)
    after = keys[keys.index("magic") + 1]
    assert chooser.cards.card(after).hasFocus()
    qtbot.keyClick(chooser.cards.card(after), Qt.Key.Key_Return)
    assert chosen == [after]
    chooser.open_cards()
    qtbot.keyClick(chooser.cards, Qt.Key.Key_Escape)
    assert not chooser.cards.isVisible()
    assert chosen == [after]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_word_on_a_card_is_cut(chooser: MethodChooser, qapp: QApplication, mode: str) -> None:
    theme.apply(qapp, mode)
    for key in method_keys():
        assert chooser.cards.card(key).words_fit(), key
