"""One widget for each kind of setting: slider with number, choice, switch. Made from a Spec; knows no method.

Every knob has the same columns (mark, label, control, number, reset), so that knobs below each other line up.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QToolTip, QVBoxLayout, QWidget

from app.settings.controls import Mark, NumberField
from app.settings.knob_slider import LEAST_WIDTH_PX, KnobSlider
from app.settings.scales import Track
from app.widgets import theme
from app.widgets.controls import Combo, ElidedLabel, Switch, set_role
from engine.settings import Spec

_SHORT_UNIT = 2
_LABEL_SHARE, _CONTROL_SHARE = 1, 1
TIP_PX, TIP_FRAME_PX, TIP_DROP_PX = 250, 38, 18
"""Width of a tooltip's words, what its frame and the gap to the panel add, and how far below a place it stands."""


def make(spec: Spec, parent: QWidget | None = None, *, marked: bool = True, stacked: bool = False) -> KnobWidget:
    """The widget for a setting, showing its default.

    Args:
        marked: with a mark of what is live and what needs a rebuild.
        stacked: the label stands above the control, for places narrower than both beside each other.
    """
    kinds = {"float": _NumberKnob, "int": _NumberKnob, "bool": _SwitchKnob, "choice": _ChoiceKnob}
    return kinds[spec.kind](spec, parent, marked, stacked)


def describe(spec: Spec, where: str = "", explained: bool = False) -> str:
    """Rich text for a tooltip: label, the paper's term, what more and less do, default, range, live or rebuild.

    Args:
        where: the condition under which it acts, in words; empty for always.
        explained: label, and what more and less do, are told elsewhere at the same time.
    """
    knob = spec.knob
    muted = theme.colors().muted
    symbol = f' <span style="color:{muted}">{escape(knob.symbol)}</span>' if knob.symbol else ""
    unit = f" {escape(knob.unit)}" if knob.unit else ""
    facts = f"Starts at {escape(spec.label_of(spec.default))}"
    if spec.kind in ("int", "float"):
        low, high = spec.useful
        facts += f" · from {spec.minimum:g} to {spec.maximum:g}{unit}"
        if (low, high) != (spec.minimum, spec.maximum):
            facts += f", mostly useful from {low:g} to {high:g}"
    when = (
        "Acts on the next step, also while training."
        if knob.live
        else "Needs a rebuild; what was learned stays where it fits."
    )
    only = f"<br>Only where {escape(where)}." if where else ""
    if explained:
        term = f"In the paper: {escape(knob.symbol)}<br>" if knob.symbol else ""
        return f'<table width="{TIP_PX}"><tr><td>{term}{facts}<br>{when}{only}</td></tr></table>'
    return (
        f"<p><b>{escape(knob.label)}</b>{symbol}</p><p>{escape(knob.help)}</p>"
        f'<p style="color:{muted}">{facts}<br>{when}{only}</p>'
    )


def matches(spec: Spec, words: str) -> bool:
    """Whether every one of these words is somewhere in the setting's label, symbol, name, group or help."""
    knob = spec.knob
    text = " ".join((knob.label, knob.symbol, spec.name, spec.name.replace("_", " "), knob.group, knob.help))
    return all(word in text.lower() for word in words.lower().split())


class KnobWidget(QWidget):
    """A setting's row.

    Signals:
        changed(name, value): the artist moved it; never by `set_value`.
        reset_requested(name): the artist wants the default back; the row shows it already.
        noticed(name, bool): pointer or focus came (True) or left.
        grip_changed: its slider was taken hold of or let go; see `JumpSlider`.
    """

    changed = Signal(str, object)
    reset_requested = Signal(str)
    noticed = Signal(str, bool)
    grip_changed = Signal()

    explained_in: QWidget | None = None
    """The panel that explains the setting in a line of its own; the tooltip says the rest, beside the panel."""

    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool, stacked: bool) -> None:
        super().__init__(parent)
        self.spec = spec
        self.name = spec.name
        self._value: Any = spec.default
        self.label = ElidedLabel(spec.knob.label, self)
        self.mark = Mark(spec.knob.live, self)
        self.reset_button = QToolButton(self)
        self.reset_button.setIcon(theme.icon("reset"))
        self.reset_button.setIconSize(QSize(12, 12))
        self.reset_button.setFixedSize(18, 20)
        self.reset_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reset_button.setToolTip(f"Back to {spec.label_of(spec.default)}")
        self.reset_button.setAccessibleName(f"Reset {spec.knob.label}")
        self.reset_button.setProperty("keys", "Menu")  # the tab key would stop twice at each knob
        self.reset_button.clicked.connect(self.reset)
        keeps_place = self.reset_button.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        self.reset_button.setSizePolicy(keeps_place)
        self.reset_button.hide()

        # the two columns share the width by their factors alone, whatever is in them: so all rows line up
        self.control = QWidget(self)
        self.control.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.row = QHBoxLayout(self.control)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(theme.UNIT // 2)
        # in a narrow panel the label gives way first
        self.number_width = round(self.fontMetrics().horizontalAdvance("very high")) + 10
        columns = QHBoxLayout()
        columns.setSpacing(theme.UNIT // 2)
        columns.addWidget(self.mark)
        columns.addWidget(self.label, _LABEL_SHARE)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 1, 0, 1)
        rows.setSpacing(0)
        rows.addLayout(columns)
        self.beside_label = columns if stacked else self.row
        """Where the number of a slider goes."""
        if stacked:
            self.control.setMinimumWidth(LEAST_WIDTH_PX)
            rows.addWidget(self.control)
        else:
            self.control.setMinimumWidth(LEAST_WIDTH_PX + self.row.spacing() + self.number_width)
            columns.addWidget(self.control, _CONTROL_SHARE)
        columns.addWidget(self.reset_button)
        self.setMinimumHeight(26)
        self.mark.setVisible(marked)
        self.idle = False
        self._where = ""
        self._set_tip()

    def value(self) -> Any:
        """The present value, exactly as it was set or moved to."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Shows a value without emitting anything, also over what was typed and not yet meant."""
        self._value = value
        self._show(value)
        self._tell_default()

    def set_condition(self, where: str) -> None:
        """Where the setting acts, in words, for the tooltip."""
        self._where = where
        self._set_tip()

    def _set_tip(self) -> None:
        self.setToolTip(describe(self.spec, self._where, self.explained_in is not None))

    def event(self, event: QEvent) -> bool:
        """A tooltip stands beside the panel, where it covers none of the rows that one looks at."""
        panel = self.explained_in
        if event.type() != QEvent.Type.ToolTip or panel is None:
            return super().event(event)
        screen, left = self.screen().availableGeometry(), panel.mapToGlobal(QPoint(0, 0)).x()
        x = left - TIP_PX - TIP_FRAME_PX
        if x < screen.left():
            x = left + panel.width()
        # Qt puts a tooltip below the place that it is told, for a pointer that is there
        QToolTip.showText(QPoint(x, self.mapToGlobal(QPoint(0, 0)).y() - TIP_DROP_PX), self.toolTip(), self)
        return True

    def set_idle(self, idle: bool) -> None:
        """Greyed where it changes nothing now; it can be set all the same once its condition holds."""
        self.idle = idle
        self.label.setEnabled(not idle)
        self.control.setEnabled(not idle)
        self.reset_button.setEnabled(not idle)
        self.mark.set_faint(idle)

    def reset(self) -> None:
        """Back to the default, as the reset button does."""
        if self._value != self.spec.default:
            self.set_value(self.spec.default)
            self.reset_requested.emit(self.name)

    def editors(self) -> list[QWidget]:
        """What takes the focus, in tab order."""
        return self._editors

    def _register_editors(self, show: Callable[[Any], None], *editors: QWidget) -> None:
        """Called once by subclasses when their editors are in the row.

        Args:
            show: puts a value into the editors, without telling anyone.
            editors: in tab order.
        """
        self._show, self._editors = show, list(editors)
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
        self.reset_button.setVisible(self._value != self.spec.default)

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
            self._set_tip()
        super().changeEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.label.geometry().contains(event.position().toPoint()) and not self.idle:
            self.reset()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        action = QAction(theme.icon("reset"), f"Reset to {self.spec.label_of(self.spec.default)}", menu)
        action.setEnabled(self._value != self.spec.default and not self.idle)
        action.triggered.connect(self.reset)
        menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())


class _NumberKnob(KnobWidget):
    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool, stacked: bool) -> None:
        super().__init__(spec, parent, marked, stacked)
        self.track = Track.of(spec)
        self.scale = self.track.scale
        self.slider = KnobSlider(self.track, spec.default, self)
        self.number = NumberField(self.scale, self)
        if 0 < len(spec.knob.unit) <= _SHORT_UNIT:
            self.number.setSuffix(f" {spec.knob.unit}")
        self.number.setFixedWidth(self.number_width)
        self.row.addWidget(self.slider, 1)
        self.beside_label.insertWidget(2 if stacked else 1, self.number)
        self._register_editors(self._put, self.slider, self.number)
        self.slider.grip_changed.connect(self.grip_changed)
        self.slider.valueChanged.connect(self._on_slider)
        self.slider.stepped.connect(self._on_stepped)
        self.number.valueChanged.connect(self._on_number)

    def _put(self, value: Any) -> None:
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(self.track.position(value))
            self.number.setValue(value)
        self._mark(value)

    def _on_slider(self, position: int) -> None:
        value = self.track.value(position)
        with QSignalBlocker(self.number):
            self.number.setValue(value)
        self._mark(value)
        self._edit(value)

    def _on_stepped(self, steps: int, fine: bool) -> None:
        """An arrow key or the wheel: a tenth of a value on, or with Shift its next figure."""
        value = self.scale.stepped(self._value, steps)
        if not fine:
            at = self.scale.position(self._value) + steps * self.scale.key_positions
            coarse = self.scale.value(min(max(at, 0), self.scale.positions))
            value = coarse if coarse != self._value else value
        self._put(value)
        self._edit(value)

    def _on_number(self, shown_value: float) -> None:
        value = round(shown_value) if self.scale.whole else shown_value
        with QSignalBlocker(self.slider):
            self.slider.setValue(self.track.position(value))
        self._mark(value)
        self._edit(value)

    def _mark(self, value: float) -> None:
        """An extreme of a bare number, whose figures say nothing to a hand that came there by accident, stands out."""
        bare = not self.spec.knob.unit and self.spec.kind != "int"
        said = {-1: "very low", 0: "", 1: "very high"}[self.track.extreme(value)] if bare else ""
        set_role(self.number, "warning" if said else "")
        help_text = self.spec.knob.help
        self.number.setAccessibleDescription(f"{help_text} It is {said} now." if said else help_text)


class _SwitchKnob(KnobWidget):
    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool, stacked: bool) -> None:
        super().__init__(spec, parent, marked, stacked)
        self.box = Switch(self)
        self.row.addWidget(self.box)
        self.row.addStretch(1)
        self._register_editors(self._put, self.box)
        self.box.toggled.connect(self._edit)

    def _put(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value))


class _ChoiceKnob(KnobWidget):
    def __init__(self, spec: Spec, parent: QWidget | None, marked: bool, stacked: bool) -> None:
        super().__init__(spec, parent, marked, stacked)
        self.combo = Combo(self)
        for value in spec.values:
            self.combo.addItem(spec.label_of(value), value)
        # long labels may not widen the panel; the list itself opens as wide as it needs
        self.combo.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(6)
        self.row.addWidget(self.combo)
        self._register_editors(self._put, self.combo)
        self.combo.activated.connect(self._on_activated)

    def _put(self, value: Any) -> None:
        self.combo.setCurrentIndex(self.combo.findData(value))

    def _on_activated(self, index: int) -> None:
        self._edit(self.combo.itemData(index))
