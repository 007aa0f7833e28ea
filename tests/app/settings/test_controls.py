"""What the panel's knobs are put together of."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.settings.controls import NumberField
from app.settings.scales import Scale
from app.widgets import theme
from engine.settings import specs
from tests.app.every_setting import Every


def test_the_stylesheet_is_told_of_the_end_of_a_number_s_field(qapp, qtbot):
    """Qt remembers rules for each widget; of one that its stylesheet does not know it keeps them for ever."""
    theme.apply(qapp, "light")
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    number = NumberField(Scale.of(specs(Every)[0]), window)
    number.show()
    field = number.lineEdit()
    assert field.testAttribute(Qt.WidgetAttribute.WA_StyleSheet)
    assert field.isVisible()
    assert field.parentWidget() is number
    assert number.rect().contains(field.geometry())
