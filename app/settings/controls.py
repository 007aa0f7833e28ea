"""The small controls that knobs are put together from. They know values and positions, no settings."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionSlider,
    QStylePainter,
    QWidget,
)

from app.settings.scales import Scale
from app.widgets import theme


class JumpSlider(QSlider):
    """A slider that goes where it is clicked."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        x = event.position().toPoint().x()
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(event.position().toPoint()):
            room = self.width() - handle.width()
            self.setValue(
                QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), x - handle.width() // 2, max(1, room))
            )
        super().mousePressEvent(event)


class Combo(QComboBox):
    """A box that ends a label that does not fit in an ellipsis; the open list is as wide as its labels."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(  # type: ignore[attr-defined]
            self.currentText(), Qt.TextElideMode.ElideRight, room.width() - 4
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.colors().accent), 1.5))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)
        super().showPopup()


class NumberField(QDoubleSpinBox):
    """A number without trailing zeros; arrows step as the scale says."""

    def __init__(self, scale: Scale, parent: QWidget) -> None:
        super().__init__(parent)
        self._scale = scale
        self.setDecimals(scale.decimals)
        self.setRange(scale.minimum, scale.maximum)
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def stepBy(self, steps: int) -> None:
        self.setValue(self._scale.stepped(self.value(), steps))
        self.selectAll()

    def textFromValue(self, value: float) -> str:
        text = self.locale().toString(value, "f", self.decimals()).replace(self.locale().groupSeparator(), "")
        point = self.locale().decimalPoint()
        return text.rstrip("0").rstrip(point) if point in text else text

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


class ElidedLabel(QLabel):
    """A label that gives way: what does not fit ends in an ellipsis."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = text
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def whole_text(self) -> str:
        return self._whole

    def setText(self, text: str) -> None:
        self._whole = text
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._elide()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def _elide(self) -> None:
        metrics = QFontMetrics(self.font())
        super().setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width())))


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


class Switch(QCheckBox):
    """A check box drawn as a switch; its whole width can be clicked."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize(34, 20)

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        named = theme.colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        on = self.isChecked()
        edge = named.text if self.underMouse() else named.muted
        painter.setPen(QPen(QColor(named.accent if on else edge), 1))
        painter.setBrush(QColor(named.accent if on else named.base))
        painter.drawRoundedRect(QRectF(2.5, 3.5, 26, 13), 6.5, 6.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(named.on_accent if on else edge))
        painter.drawEllipse(QRectF(17.5 if on else 4.5, 5.5, 9, 9))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(named.accent), 1.5))
            painter.drawRoundedRect(QRectF(0.8, 1.8, 29.4, 16.4), 9, 9)
