"""One widget for each kind of setting: slider with number, choice, switch. Made from a Spec; knows no method.

Every knob has the same columns (mark, label, control, number, reset), so that knobs below each other line up.
"""

from __future__ import annotations

from html import escape
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
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
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QWidget,
)

from app import theme
from app.scales import Scale
from engine.settings import Spec

_SHORT_UNIT = 2
_NUMBER_WIDTH_EM = 7.5


def make(spec: Spec, parent: QWidget | None = None, *, marked: bool = True) -> KnobWidget:
    """The widget for a setting, showing its default. With `marked` False there is no live or rebuild mark."""
    kinds = {"float": _NumberKnob, "int": _NumberKnob, "bool": _SwitchKnob, "choice": _ChoiceKnob}
    return kinds[spec.kind](spec, parent, marked)


def describe(spec: Spec) -> str:
    """Rich text for a tooltip: label, the paper's term, what more and less do, default, range, live or rebuild."""
    knob = spec.knob
    muted = theme.colors().muted
    symbol = f' <span style="color:{muted}">{escape(knob.symbol)}</span>' if knob.symbol else ""
    unit = f" {escape(knob.unit)}" if knob.unit else ""
    facts = f"Starts at {escape(shown(spec, spec.default))}"
    if spec.kind in ("int", "float"):
        facts += f" · from {spec.minimum:g} to {spec.maximum:g}{unit}"
    when = "Acts on the next step, also while training." if knob.live else "Needs a rebuild: the networks start anew."
    return (
        f"<p><b>{escape(knob.label)}</b>{symbol}</p><p>{escape(knob.help)}</p>"
        f'<p style="color:{muted}">{facts}<br>{when}</p>'
    )


def shown(spec: Spec, value: Any) -> str:
    """A value as the artist reads it: the choice's label, on or off, a number with its unit."""
    if spec.kind == "choice":
        return _choice_label(spec, str(value))
    if spec.kind == "bool":
        return "on" if value else "off"
    return f"{value:g} {spec.knob.unit}".strip()


class KnobWidget(QWidget):
    """A setting's row.

    Signals:
        changed(name, value): the artist moved it; never by `set_value`.
        reset_requested(name): the artist wants the default back; the row shows it already.
        noticed(name, bool): pointer or focus came (True) or left.
    """

    changed = Signal(str, object)
    reset_requested = Signal(str)
    noticed = Signal(str, bool)

    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool) -> None:
        super().__init__(parent)
        self.spec = spec
        self.name = spec.name
        self._value: Any = spec.default
        self.label = ElidedLabel(_label_text(spec), self)
        self.mark = Mark(spec.knob.live, self)
        self.reset_button = QToolButton(self)
        self.reset_button.setIcon(theme.icon("reset"))
        self.reset_button.setIconSize(QSize(12, 12))
        self.reset_button.setFixedSize(20, 20)
        self.reset_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reset_button.setToolTip(f"Back to {shown(spec, spec.default)}")
        self.reset_button.setAccessibleName(f"Reset {spec.knob.label}")
        self.reset_button.clicked.connect(self.reset)
        keeps_place = self.reset_button.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        self.reset_button.setSizePolicy(keeps_place)
        self.reset_button.hide()

        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 1, 0, 1)
        self.row.setSpacing(theme.UNIT // 2)
        self.row.addWidget(self.mark)
        self.row.addWidget(self.label, 10)
        self.mark.setVisible(marked)
        self.setToolTip(describe(spec))

    def value(self) -> Any:
        """The present value, exactly as it was set or moved to."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Shows a value without emitting anything."""
        if value != self._value:
            self._value = value
            self._show(value)
        self._tell_default()

    def reset(self) -> None:
        """Back to the default, as the reset button does."""
        if self._value != self.spec.default:
            self.set_value(self.spec.default)
            self.reset_requested.emit(self.name)

    def matches(self, words: str) -> bool:
        """Whether every one of these words is somewhere in its label, symbol, name, group or help."""
        knob = self.spec.knob
        text = " ".join((knob.label, knob.symbol, self.name, self.name.replace("_", " "), knob.group, knob.help))
        return all(word in text.lower() for word in words.lower().split())

    def editors(self) -> list[QWidget]:
        """What takes the focus, in tab order."""
        raise NotImplementedError

    def _show(self, value: Any) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        """Called once by subclasses when their editors are in the row."""
        self.row.addWidget(self.reset_button)
        knob = self.spec.knob
        for editor in self.editors():
            editor.setAccessibleName(knob.label)
            editor.setAccessibleDescription(knob.help)
            editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            editor.installEventFilter(self)
        self.label.setBuddy(self.editors()[0])
        self._show(self._value)

    def _edit(self, value: Any) -> None:
        """The artist's change."""
        if value != self._value:
            self._value = value
            self._tell_default()
            self.changed.emit(self.name, value)

    def _tell_default(self) -> None:
        differs = self._value != self.spec.default
        self.reset_button.setVisible(differs)
        font = self.label.font()
        font.setBold(differs)
        self.label.setFont(font)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()  # so that the panel scrolls
            return True
        if event.type() == QEvent.Type.FocusIn:
            self.noticed.emit(self.name, True)
        if event.type() == QEvent.Type.FocusOut:
            self.noticed.emit(self.name, False)
        return super().eventFilter(watched, event)

    def enterEvent(self, event: QEvent) -> None:
        self.noticed.emit(self.name, True)

    def leaveEvent(self, event: QEvent) -> None:
        self.noticed.emit(self.name, False)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.setToolTip(describe(self.spec))
        super().changeEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.label.geometry().contains(event.position().toPoint()):
            self.reset()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        action = QAction(theme.icon("reset"), f"Reset to {shown(self.spec, self.spec.default)}", menu)
        action.setEnabled(self._value != self.spec.default)
        action.triggered.connect(self.reset)
        menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())


class _NumberKnob(KnobWidget):
    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool) -> None:
        super().__init__(spec, parent, marked)
        self.scale = Scale.of(spec)
        self.slider = _JumpSlider(self)
        self.slider.setRange(0, self.scale.positions)
        self.slider.setSingleStep(max(1, self.scale.positions // 100))
        self.slider.setPageStep(max(1, self.scale.positions // 10))
        self.slider.setMinimumWidth(48)
        self.number = _NumberField(self.scale, self)
        if 0 < len(spec.knob.unit) <= _SHORT_UNIT:
            self.number.setSuffix(f" {spec.knob.unit}")
        self.number.setFixedWidth(round(self.fontMetrics().horizontalAdvance("0") * _NUMBER_WIDTH_EM) + 14)
        self.row.addWidget(self.slider, 11)
        self.row.addWidget(self.number)
        self._finish()
        self.slider.valueChanged.connect(self._on_slider)
        self.number.valueChanged.connect(self._on_number)

    def editors(self) -> list[QWidget]:
        return [self.slider, self.number]

    def _show(self, value: Any) -> None:
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(self.scale.position(value))
            self.number.setValue(value)

    def _on_slider(self, position: int) -> None:
        value = self.scale.value(position)
        with QSignalBlocker(self.number):
            self.number.setValue(value)
        self._edit(value)

    def _on_number(self, shown_value: float) -> None:
        value = round(shown_value) if self.scale.whole else shown_value
        with QSignalBlocker(self.slider):
            self.slider.setValue(self.scale.position(value))
        self._edit(value)


class _SwitchKnob(KnobWidget):
    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool) -> None:
        super().__init__(spec, parent, marked)
        self.box = QCheckBox(self)
        self.row.addWidget(self.box, 11)
        self.row.addSpacing(round(self.fontMetrics().horizontalAdvance("0") * _NUMBER_WIDTH_EM) + 14)
        self._finish()
        self.box.toggled.connect(self._edit)

    def editors(self) -> list[QWidget]:
        return [self.box]

    def _show(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value))


class _ChoiceKnob(KnobWidget):
    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool) -> None:
        super().__init__(spec, parent, marked)
        self.combo = QComboBox(self)
        for value in spec.values:
            self.combo.addItem(_choice_label(spec, value), value)
        # long labels may not widen the panel; the list itself opens as wide as it needs
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(6)
        self.row.addWidget(self.combo, 11)
        self._finish()
        self.combo.activated.connect(self._on_activated)

    def editors(self) -> list[QWidget]:
        return [self.combo]

    def _show(self, value: Any) -> None:
        self.combo.setCurrentIndex(self.combo.findData(value))

    def _on_activated(self, index: int) -> None:
        self._edit(self.combo.itemData(index))


class _JumpSlider(QSlider):
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


class _NumberField(QDoubleSpinBox):
    """A number without trailing zeros; arrows step as the scale says."""

    def __init__(self, scale: Scale, parent: QWidget) -> None:
        super().__init__(parent)
        self._scale = scale
        self.setDecimals(scale.decimals)
        self.setRange(scale.minimum, scale.maximum)
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # a value outside the range is set to its nearest end, not thrown away
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)

    def stepBy(self, steps: int) -> None:
        self.setValue(self._scale.stepped(self.value(), steps))
        self.selectAll()

    def textFromValue(self, value: float) -> str:
        text = self.locale().toString(value, "f", self.decimals()).replace(self.locale().groupSeparator(), "")
        point = self.locale().decimalPoint()
        return text.rstrip("0").rstrip(point) if point in text else text

    def validate(self, text: str, position: int) -> Any:
        state, text, position = super().validate(text, position)  # type: ignore[misc]
        number, fine = self.locale().toDouble(text.removesuffix(self.suffix()).strip())
        if state == QValidator.State.Invalid and fine and number > self.maximum():
            state = QValidator.State.Intermediate  # corrected to the maximum at the end of typing
        return state, text, position

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
        self.setFixedSize(10, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        named = theme.colors()
        if self._live:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(named.live))
            painter.drawEllipse(2, 5, 6, 6)
        else:
            painter.setPen(QPen(QColor(named.rebuild), 1.4))
            painter.drawRect(2, 5, 5, 5)


def _label_text(spec: Spec) -> str:
    unit = spec.knob.unit
    return f"{spec.knob.label} ({unit})" if len(unit) > _SHORT_UNIT else spec.knob.label


def _choice_label(spec: Spec, value: str) -> str:
    labels = dict(zip(spec.values, spec.knob.choices, strict=False))
    return labels.get(value, value.replace("_", " "))
