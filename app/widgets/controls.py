"""Small controls that several parts of the window use: a slider, a box, labels and a switch. They know no settings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionSlider,
    QStylePainter,
    QWidget,
)

from app.widgets import theme

FINE = 0.1
"""Of the pointer's way, that a slider moves while Shift is held."""


class JumpSlider(QSlider):
    """A slider that goes where it is clicked; with Shift it stays, and follows the pointer finely.

    Signals:
        grip_changed: it is taken hold of, before its value changes by that; or was let go.
    """

    grip_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._anchor: tuple[int, int, bool] | None = None
        """Where the pointer and the value were when it was pressed, or Shift changed; and whether it is held."""

    def handle(self) -> QRect:
        """Where the handle is now."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.grip_changed.emit()
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        at, fine, handle = event.position().toPoint(), _is_fine(event), self.handle()
        if not handle.contains(at) and not fine:
            room = max(1, self.width() - handle.width())
            self.setValue(
                QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), at.x() - handle.width() // 2, room)
            )
        self._anchor = (at.x(), self.value(), fine)
        self.setSliderDown(True)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._anchor is None:
            super().mouseMoveEvent(event)
            return
        x, fine = event.position().toPoint().x(), _is_fine(event)
        if fine != self._anchor[2]:
            self._anchor = (x, self.value(), fine)
        begun, value, _ = self._anchor
        room = max(1, self.width() - self.handle().width())
        way = (x - begun) * (FINE if fine else 1.0) * (self.maximum() - self.minimum()) / room
        self.setValue(round(value + way))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._anchor is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
        else:
            self._anchor = None
            self.setSliderDown(False)
        self.grip_changed.emit()


def _is_fine(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)


class RingedCombo(QComboBox):
    """A box that shows by a ring that it has the keys, which Fusion does by next to nothing."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.paint_ring(QPainter(self))

    def paint_ring(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.colors().accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)


class Combo(RingedCombo):
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
        self.paint_ring(painter)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)
        super().showPopup()


class StillCombo(RingedCombo):
    """A box that the wheel passes over: what it chooses is too much for a slip of the hand."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ElidedLabel(QLabel):
    """A label that gives way: what does not fit ends in an ellipsis. All of it is its accessible name."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = text
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

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

    @property
    def whole_width(self) -> int:
        """The width of all of its text."""
        return QFontMetrics(self.font()).horizontalAdvance(self._whole) + 2

    def sizeHint(self) -> QSize:
        return QSize(self.whole_width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def _elide(self) -> None:
        metrics = QFontMetrics(self.font())
        super().setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, max(0, self.width())))


class IconLabel(QWidget):
    """A line icon of its own size, in the colours of the theme and as sharp as the screen."""

    def __init__(self, name: str, side_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = theme.icon(name)
        self.setFixedSize(side_px, side_px)

    def set_icon(self, name: str) -> None:
        """Another icon of resources/icons. Raises KeyError."""
        self._icon = theme.icon(name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._icon.paint(QPainter(self), self.rect())


class LinkLabel(QLabel):
    """A label with links, which keep the colour of the theme that is worn; the keys stop at it visibly."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        ways = {Qt.FocusReason.TabFocusReason: True, Qt.FocusReason.BacktabFocusReason: False}
        if event.reason() in ways:
            self.focusNextPrevChild(ways[event.reason()])  # to a link, so that Return follows it

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.colors().accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.text():
            text = self.text()
            super().setText("")  # Qt reads the same text again only where it is another
            super().setText(text)


class Note(QLabel):
    """A sentence about what is beside it, hidden while there is none. The role decides its colour."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.hide()

    def say(self, text: str, role: str = "muted") -> None:
        """Another sentence; an empty one for none."""
        self.setText(text)
        self.setVisible(bool(text))
        set_role(self, role)


def set_role(widget: QWidget, role: str) -> None:
    """Has the theme style a widget in another role ("muted", "error", ...)."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


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
