"""What only knobs are put together from: a field for a number on a scale, and the mark of what acts when."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QWidget,
)

from app.settings.scales import Scale
from app.widgets import theme


class NumberField(QDoubleSpinBox):
    """A number without trailing zeros; arrows step as the scale says."""

    def __init__(self, scale: Scale, parent: QWidget) -> None:
        self._scale = scale
        super().__init__(parent)
        self._be_known()
        self.setDecimals(scale.decimals)
        self.setRange(scale.minimum, scale.maximum)
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _be_known(self) -> None:
        """Tells Qt's stylesheet of the field within.

        It remembers rules for each, but asks to be told of the end of those alone that once stood by themselves: of all
        others it keeps what it remembers for ever, a megabyte for a method's settings.
        """
        field = self.lineEdit()
        field.setParent(None)
        field.setParent(self)

    def stepBy(self, steps: int) -> None:
        self.setValue(self._scale.stepped(self.value(), steps))
        self.selectAll()

    def textFromValue(self, value: float) -> str:
        text = self.locale().toString(value, "f", self.decimals()).replace(self.locale().groupSeparator(), "")
        point = self.locale().decimalPoint()
        return text.rstrip("0").rstrip(point) if point in text else text

    def valueFromText(self, text: str) -> float:
        number, fine = self._parsed(text)
        return number if fine else self.value()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def validate(self, text: str, position: int) -> Any:
        state, text, position = super().validate(text, position)  # type: ignore[misc]
        number, fine = self._parsed(text)
        if state == QValidator.State.Invalid and fine and number > self.maximum():
            state = QValidator.State.Intermediate  # corrected to the maximum at the end of typing
        return state, text, position

    def fixup(self, text: str) -> str:
        """A number outside the range becomes its nearest end instead of being thrown away."""
        number, fine = self._parsed(text)
        if not fine:
            return super().fixup(text) or ""
        return self.textFromValue(min(max(number, self.minimum()), self.maximum())) + self.suffix()

    def _parsed(self, text: str) -> tuple[float, bool]:
        number, fine = self.locale().toDouble(text.removesuffix(self.suffix()).strip())
        return number, fine

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setValue(self.value())
            self.clearFocus()
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        self.lineEdit().deselect()


class Mark(QWidget):
    """A filled dot for what acts while training, a hollow square for what needs a rebuild."""

    def __init__(self, live: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._live = live
        self._faint = False
        self.setFixedSize(10, 16)

    def set_faint(self, faint: bool) -> None:
        self._faint = faint
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.4 if self._faint else 1.0)
        named = theme.colors()
        if self._live:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(named.live))
            painter.drawEllipse(2, 5, 6, 6)
        else:
            painter.setPen(QPen(QColor(named.rebuild), 1.4))
            painter.drawRect(2, 5, 5, 5)
