"""The wheel scrolls a form and turns nothing in it, but a number that has the keys."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLineEdit, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from app.widgets.wheel import pass_over_values
from tests.app.wheel import turn


def test_it_passes_over_boxes_and_turns_a_number_that_has_the_keys(qtbot) -> None:
    form = QWidget()
    column = QVBoxLayout(form)
    line, choice, number = QLineEdit(form), QComboBox(form), QSpinBox(form)
    choice.addItems(["a", "b"])
    number.setValue(50)
    for widget in (line, choice, number):
        column.addWidget(widget)
    form.setMinimumHeight(2000)
    pass_over_values(form)
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidget(form)
    area.resize(300, 300)
    with qtbot.waitActive(area):
        area.show()
    line.setFocus()
    for box in (choice, number):
        turn(box)
        assert not box.hasFocus()
    assert (choice.currentIndex(), number.value()) == (0, 50)
    choice.setFocus()
    turn(choice)
    assert choice.currentIndex() == 0, "a choice is too much for a slip of the hand"
    number.setFocus()
    turn(number)
    assert number.value() == 49
