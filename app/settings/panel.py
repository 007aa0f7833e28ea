"""The settings of a method as a panel, generated from their declaration. No method is named here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.settings import knobs
from app.settings.controls import Mark
from app.settings.sections import Fold, Section, line
from app.widgets import theme
from app.widgets.down_area import DownArea
from engine.settings import Settings, Spec, condition, idle, specs

if TYPE_CHECKING:
    from engine.method import Method

TECHNICAL = ("Network", "Training", "Memory", "Noise", "Comparing")
"""Groups of settings about how it is learned rather than what it looks like."""
_HINT = "Point at a setting to read what more and less of it do."


class SettingsPanel(QWidget):
    """Search field, groups of knobs, folds for advanced and technical ones, a line that explains the knob at hand.

    Signals:
        edited(name, value): the artist moved a knob.
        reset_requested(name): the artist wants a default back.
        grip_changed: a slider was taken hold of or let go; see `JumpSlider`.
    """

    edited = Signal(str, object)
    reset_requested = Signal(str)
    grip_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._knobs: dict[str, knobs.KnobWidget] = {}
        """Those that were made so far: the ones in folds wait until they are wanted."""
        self._sections: dict[str, Section] = {}
        """By the name of each setting."""
        self._values: Settings | None = None
        self._conditions: dict[str, str] = {}
        self._explained = ""
        self._shown: type[Settings] | None = None

        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find a setting")
        self.search.setAccessibleName("Find a setting")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)

        self.scroll_area = DownArea(self)

        self.legend = QWidget(self)
        legend = QHBoxLayout(self.legend)
        legend.setContentsMargins(0, 0, 0, 0)
        legend.setSpacing(theme.UNIT // 2)
        self.legend_labels = {live: QLabel(self.legend) for live in (True, False)}
        for live, label in self.legend_labels.items():
            legend.addWidget(Mark(live, self.legend))
            label.setProperty("role", "muted")
            legend.addWidget(label)
            legend.addSpacing(theme.UNIT)
        legend.addStretch(1)
        self.set_state("idle")

        self.help = QLabel(_HINT, self)
        self.help.setWordWrap(True)
        self.help.setTextFormat(Qt.TextFormat.RichText)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.help.setAccessibleName("What does this do?")
        # four lines whatever is in it: the panel must not jump while the pointer wanders
        self.help.setFixedHeight(4 * self.fontMetrics().lineSpacing() + 2)
        self.help.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

        head, foot = QVBoxLayout(), QVBoxLayout()
        head.addWidget(self.search)
        foot.addWidget(line(self))
        foot.addWidget(self.legend)
        foot.addWidget(self.help)
        layout = QVBoxLayout(self)
        # the scroll bar stands at the very edge, the rest keeps off it
        layout.setContentsMargins(theme.UNIT, theme.UNIT, 0, theme.UNIT)
        layout.setSpacing(theme.UNIT)
        for part in (head, foot):
            part.setContentsMargins(0, 0, theme.UNIT, 0)
            part.setSpacing(theme.UNIT)
        layout.addLayout(head)
        layout.addWidget(self.scroll_area, 1)
        layout.addLayout(foot)
        self.setMinimumWidth(360)

    def show_method(self, method_class: type[Method]) -> None:
        """Builds the knobs of a method's settings, at their defaults; those that are there already stay."""
        self.show_settings(method_class.Settings)

    def show_settings(self, settings: type[Settings]) -> None:
        """The same from the settings alone."""
        if settings is self._shown:  # another project of the same method: hundreds of widgets would be made anew
            self._values = values = settings()
            for name, knob in self._knobs.items():
                knob.set_value(getattr(values, name))
            self._grey(values)
            self._explain("")
            return
        self._shown, self._values = settings, settings()
        self._knobs, self._sections = {}, {}
        self._conditions = {spec.name: condition(settings, spec.name) for spec in specs(settings)}
        body = QWidget(self.scroll_area.viewport())
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, theme.UNIT // 2, 0)
        column.setSpacing(0)
        everything = specs(settings)
        of_the_picture = [spec for spec in everything if spec.knob.group not in TECHNICAL]
        for group, members in _grouped([spec for spec in of_the_picture if not spec.knob.advanced]).items():
            section = self._section(group, members, body)
            section.build()
            column.addWidget(section)
        self.fold = self._folded("Advanced", [spec for spec in of_the_picture if spec.knob.advanced], body)
        self.technical = self._folded("Technical", [s for s in everything if s.knob.group in TECHNICAL], body)
        for fold in (self.fold, self.technical):
            column.addWidget(fold)
        self.nothing = QLabel(body)
        self.nothing.setProperty("role", "muted")
        self.nothing.setWordWrap(True)
        self.nothing.hide()
        column.addWidget(self.nothing)
        column.addStretch(1)
        self.scroll_area.setWidget(body)
        self._grey(self._values)
        self._filter(self.search.text())
        self._explain("")

    def _folded(self, title: str, members: list[Spec], body: QWidget) -> Fold:
        fold = Fold(f"{title} ({len(members)})", body)
        for group, those in _grouped(members).items():
            fold.add(self._section(group, those, fold))
        fold.setVisible(bool(members))
        return fold

    def set_values(self, settings: Settings) -> None:
        """Shows values; emits nothing. Only knobs that show another one are touched: a slider's tick changes one."""
        self._values = settings
        for name, knob in self._knobs.items():
            value = getattr(settings, name)
            if value != knob.value():
                knob.set_value(value)
        self._grey(settings)

    def _grey(self, settings: Settings) -> None:
        without_effect = idle(settings)
        for name, knob in self._knobs.items():
            if knob.idle != (name in without_effect):
                knob.set_idle(not knob.idle)

    def set_state(self, state: str) -> None:
        """Says in the legend what a change does now; while the picture is live, every change does the same."""
        training = state in ("training", "paused")
        self.legend.setVisible(state != "live")
        self.legend_labels[True].setText("acts on the next step" if training else "acts while training")
        self.legend_labels[False].setText("asks, then rebuilds" if training else "needs a rebuild")

    def knob(self, name: str) -> knobs.KnobWidget:
        """The widget of a setting, made now where it was not wanted before. Raises KeyError."""
        self._sections[name].build()
        return self._knobs[name]

    def _section(self, title: str, members: list[Spec], parent: QWidget) -> Section:
        section = Section(title, members, self._made, parent)
        self._sections |= dict.fromkeys((spec.name for spec in members), section)
        return section

    def _made(self, spec: Spec, parent: QWidget) -> knobs.KnobWidget:
        """A knob that shows what its setting has now."""
        values = self._values
        assert values is not None
        knob = knobs.make(spec, parent)
        knob.changed.connect(self.edited)
        knob.reset_requested.connect(self.reset_requested)
        knob.noticed.connect(self._notice)
        knob.grip_changed.connect(self.grip_changed)
        knob.explained_in = self
        knob.set_condition(self._conditions[spec.name])
        knob.set_value(getattr(values, spec.name))
        if spec.name in idle(values):
            knob.set_idle(True)
        self._knobs[spec.name] = knob
        return knob

    def _filter(self, words: str) -> None:
        found = sum(section.filter(words) for section in dict.fromkeys(self._sections.values()))
        if self._sections:
            for fold in (self.fold, self.technical):
                fold.set_searching(bool(words.strip()), any(s.any_shown for s in fold.sections))
            self.nothing.setVisible(not found)
            self.nothing.setText(f"No setting has to do with “{words}”.")

    def _notice(self, name: str, arrived: bool) -> None:
        holder = next((n for n, k in self._knobs.items() if any(e.hasFocus() for e in k.editors())), "")
        self._explain(name if arrived else holder)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "help"):
            self._explain(self._explained)  # its colours are written in its text

    def _explain(self, name: str) -> None:
        self._explained = name
        if name not in self._knobs:
            self.help.setText(f'<span style="color:{theme.colors().muted}">{_HINT}</span>')
            return
        knob = self._knobs[name].spec.knob
        unit = f" ({escape(knob.unit)})" if knob.unit else ""
        where = f" <i>Acts only where {escape(self._conditions[name])}.</i>" if self._knobs[name].idle else ""
        self.help.setText(f"<b>{escape(knob.label)}</b>{unit}. {escape(knob.help)}{where}")


def _grouped(members: list[Spec]) -> dict[str, list[Spec]]:
    groups: dict[str, list[Spec]] = {}
    for spec in members:
        groups.setdefault(spec.knob.group, []).append(spec)
    return groups
